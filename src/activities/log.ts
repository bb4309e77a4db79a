// Logs of activities: written in order, secrets taken out, readable while they grow and again from any position.
import type { Database } from '#db/database.ts'
import { createRedactor } from '#lib/redact.ts'
import type { Secret } from '#lib/secret.ts'

export interface LogLine {
  readonly position: number
  readonly at: Date
  readonly text: string
}

export interface ActivityLog {
  line(text: string): void
  /** Raw output of a program; cut into lines, an incomplete last line waits for its end or for `flush`. */
  output(chunk: Buffer, indent?: string): void
  /** These values are written as *** from now on, wherever they appear. */
  hide(secrets: readonly Secret[]): void
  flush(): Promise<void>
}

export interface ActivityLogs {
  writer(activity: string): ActivityLog
  /** Lines after `position`, oldest first. */
  read(activity: string, position: number, limit?: number): Promise<LogLine[]>
  /** Wakes whoever waits for a change: the activity has ended. */
  ended(activity: string): void
  /** Resolves when something may have been written after the call or the activity has ended, at the latest after `maxMs`. */
  changed(activity: string, maxMs: number, signal?: AbortSignal): Promise<void>
}

export function createActivityLogs(db: Database): ActivityLogs {
  const listeners = new Map<string, Set<() => void>>()

  function announce(activity: string): void {
    for (const wake of listeners.get(activity) ?? []) wake()
  }

  return {
    ended: announce,
    writer: (activity) => createWriter(db, activity, () => announce(activity)),
    async read(activity, position, limit = 1000) {
      const rows = await db
        .selectFrom('activity_log')
        .select(['position', 'at', 'text'])
        .where('activity_id', '=', activity)
        .where('position', '>', String(position))
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ position: Number(row.position), at: row.at, text: row.text }))
    },
    changed(activity, maxMs, signal) {
      return new Promise((resolve) => {
        const group = listeners.get(activity) ?? new Set()
        listeners.set(activity, group)
        const done = () => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          group.delete(done)
          if (group.size === 0) listeners.delete(activity)
          resolve()
        }
        const timer = setTimeout(done, maxMs)
        signal?.addEventListener('abort', done, { once: true })
        group.add(done)
      })
    },
  }
}

function createWriter(db: Database, activity: string, announce: () => void): ActivityLog {
  const redactor = createRedactor()
  let pending: { at: Date; text: string }[] = []
  let partial = ''
  let partialIndent = ''
  let writing: Promise<void> = Promise.resolve()
  let scheduled = false

  async function write(): Promise<void> {
    scheduled = false
    const lines = pending
    pending = []
    if (lines.length === 0) return
    await db
      .insertInto('activity_log')
      .values(lines.map((line) => ({ activity_id: activity, at: line.at, text: line.text })))
      .execute()
    announce()
  }

  function push(text: string): void {
    pending.push({ at: new Date(), text: printable(text) })
    if (scheduled) return
    scheduled = true
    // One insert for all that a turn of the event loop brings; inserts never overtake each other.
    writing = writing.then(() => new Promise((resolve) => setImmediate(resolve))).then(write)
    writing.catch(() => undefined)
  }

  return {
    line: (text) => {
      for (const part of redactor.whole(text).split('\n')) push(part)
    },
    output(chunk, indent = '  ') {
      partialIndent = indent
      const lines = (partial + redactor.push(chunk)).split('\n')
      partial = lines.pop() ?? ''
      for (const line of lines) push(indent + line)
    },
    hide: (secrets) => redactor.add(secrets.map((secret) => secret.reveal())),
    async flush() {
      const rest = partial + redactor.end()
      partial = ''
      if (rest !== '') for (const line of rest.split('\n')) push(partialIndent + line)
      await writing
    },
  }
}

/** What a terminal would act on is taken out: a build's output must not move a reader's cursor, hide lines or turn text round. */
function printable(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- taking out control characters is the point
      .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g, '')
      .replace(/\r+$/, '')
      .replace(/^.*\r/, '')
      // oxlint-disable-next-line no-control-regex -- as above
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .slice(0, 8192)
  )
}
