// The router's whole state: sites and holds. Written to disk before it counts, so that a router restarted alone loses nothing.
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import type { Site } from './router.ts'
import { tableOf, withoutSite, withSite, type Table } from './core/table.ts'
import { fail } from './errors.ts'
import type { Gate } from './gate.ts'
import type { HoldOptions } from './hold.ts'

interface SavedHold extends HoldOptions {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

interface Saved {
  readonly sites: readonly Site[]
  readonly holds: readonly SavedHold[]
}

export class State {
  readonly #gate: Gate
  readonly #file: string
  #holds = new Map<string, SavedHold>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(gate: Gate, file: string) {
    this.#gate = gate
    this.#file = file
  }

  /** Takes up what a former process left. */
  async load(): Promise<void> {
    const text = await readIfThere(this.#file)
    if (text === undefined) return
    // Written by ourselves, in this very shape.
    const saved = JSON.parse(text) as Saved
    this.#gate.swap(tableOf(saved.sites))
    for (const hold of saved.holds) {
      const left = hold.until - Date.now()
      if (left > 0) this.#startHold(hold, left)
    }
  }

  sites(): readonly Site[] {
    return [...this.#gate.table.sites.values()].map(({ site }) => site)
  }

  async apply(site: Site): Promise<void> {
    await this.#change((table) => withSite(table, site))
  }

  async remove(id: string): Promise<void> {
    await this.#change((table) => (table.sites.has(id) ? withoutSite(table, id) : table))
    await this.release(id)
  }

  async hold(id: string, options: HoldOptions): Promise<void> {
    await this.#inTurn(async () => {
      this.#mustKnow(id)
      const former = this.#holds.get(id)
      const hold = { ...options, id, until: Date.now() + options.maxMs }
      this.#holds.set(id, hold)
      try {
        await this.#save(this.#gate.table)
      } catch (error) {
        if (former === undefined) this.#holds.delete(id)
        throw error
      }
      this.#startHold(hold, options.maxMs)
    })
  }

  async release(id: string): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#holds.has(id)) return
      this.#gate.release(id)
      await this.#save(this.#gate.table)
    })
  }

  metrics(id: string): ReturnType<Gate['metrics']> {
    this.#mustKnow(id)
    return this.#gate.metrics(id)
  }

  async #change(next: (table: Table) => Table): Promise<void> {
    await this.#inTurn(async () => {
      const table = next(this.#gate.table)
      if (table === this.#gate.table) return
      await this.#save(table)
      this.#gate.swap(table)
    })
  }

  #startHold(hold: SavedHold, maxMs: number): void {
    this.#holds.set(hold.id, hold)
    this.#gate.hold(hold.id, { ...hold, maxMs }, () => this.#holds.delete(hold.id))
  }

  #mustKnow(id: string): void {
    if (!this.#gate.table.sites.has(id)) throw fail('unknown_site', `The router has no site ${id}`, { site: id })
  }

  async #save(table: Table): Promise<void> {
    const saved: Saved = { sites: [...table.sites.values()].map(({ site }) => site), holds: [...this.#holds.values()] }
    await writeFileAtomic(this.#file, JSON.stringify(saved))
  }

  // One change after the other: two that overlap would each save without what the other did.
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }
}
