// Looking in: commands beside a running process, and its log.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecSession, ProcessSpec } from '#engines/engine.ts'
import { waitFor } from '#lib/wait.ts'
import { PATIENCE_MS, type Bench } from './bench.ts'

export function sessions(bench: () => Bench): void {
  let host: ProcessSpec
  beforeAll(async () => {
    host = bench().shell('exec sleep 1000', { env: { GIVEN: 'by the spec', BOTH: 'spec' } })
    await bench().engine.start(host)
  })
  afterAll(() => bench().engine.stop(host.id, 0))

  const open = (script: string, tty: boolean, env?: Record<string, string>) =>
    bench().engine.exec(host.id, ['/bin/sh', '-c', script], { tty, env })

  test('a command sees the environment and standard input, and gives its exit code', async () => {
    const session = await open('echo "$GIVEN, $BOTH"; cat; exit 4', false, { BOTH: 'session' })
    session.stdin.end('said\n')
    expect(await all(session)).toBe('by the spec, session\nsaid\n')
    expect(await session.exit).toBe(4)
  })

  test('large input and output pass whole', async () => {
    const session = await open('cat', false)
    session.stdin.end(Buffer.alloc(3_000_000, 'x'))
    expect((await all(session)).length).toBe(3_000_000)
    expect(await session.exit).toBe(0)
  })

  test('a terminal is one, has the size it is given, and echoes once', async () => {
    const session = await open(
      'test -t 0 && test -t 1 && echo terminal; while [ "$(stty size)" != "37 101" ]; do sleep 0.05; done; stty size; read line; echo "got $line"; exit 6',
      true,
    )
    const said = collect(session)
    session.resize(101, 37)
    expect(await waitFor(() => said().includes('37 101'), { timeoutMs: PATIENCE_MS })).toBe(true)
    session.stdin.write('typed\r')
    expect(await session.exit).toBe(6)
    expect(said()).toContain('terminal')
    expect(said().match(/typed/g)?.length).toBe(2)
  })

  test('a command can be ended', async () => {
    for (const tty of [false, true]) {
      const session = await open('echo up; exec sleep 1000', tty)
      const said = collect(session)
      expect(await waitFor(() => said().includes('up'), { timeoutMs: PATIENCE_MS })).toBe(true)
      session.kill()
      expect(await session.exit).not.toBe(0)
    }
  })

  test('where nothing runs, nothing can be run', async () => {
    await expect(bench().engine.exec('nobody', ['true'], { tty: false })).rejects.toMatchObject({ code: 'engine.no_process' })
  })

  test('the log can be read from a position and followed', async () => {
    const spec = bench().shell('for n in 1 2 3 4 5 6 7 8 9; do echo line $n; sleep 0.03; done')
    await bench().engine.start(spec)
    let followed = ''
    for await (const chunk of bench().engine.logs(spec.id, { from: 7, follow: true })) followed += String(chunk)
    expect(followed).toBe([2, 3, 4, 5, 6, 7, 8, 9].map((n) => `line ${n}\n`).join(''))
    const rest: string[] = []
    for await (const chunk of bench().engine.logs(spec.id, { from: 59 })) rest.push(String(chunk))
    expect(rest.join('')).toBe('e 9\n')
    await bench().engine.stop(spec.id)
  })

  test('following ends with its signal and with the process', async () => {
    const spec = bench().shell('echo up; exec sleep 1000', { restart: 'always' })
    await bench().engine.start(spec)
    const leave = new AbortController()
    for await (const chunk of bench().engine.logs(spec.id, { follow: true, signal: leave.signal }))
      if (String(chunk).includes('up')) leave.abort()
    const following = (async () => {
      for await (const _ of bench().engine.logs(spec.id, { follow: true }));
      return 'over'
    })()
    await bench().engine.stop(spec.id, 0)
    expect(await following).toBe('over')
  })

  test('only the newest part of a long log is kept, and positions still count from the first byte', async () => {
    const total = 60_000_000
    const script = 'for (1..60) { print "x" x 99, "\\n" for 1..10_000; select undef, undef, undef, 0.05 } $| = 1; sleep 1000'
    const spec = bench().spec({ argv: ['/usr/bin/perl', '-e', script], restart: 'always' })
    await bench().engine.start(spec)
    const whole = await waitFor(async () => (await lengthFrom(total - 100)) === 100, { timeoutMs: PATIENCE_MS, everyMs: 100 })
    expect(whole).toBe(true)
    expect(await lengthFrom(total)).toBe(0)
    const kept = await lengthFrom(0)
    await bench().engine.stop(spec.id, 0)
    expect(kept).toBeLessThan(30_000_000)
    expect(kept).toBeGreaterThan(8_000_000)

    async function lengthFrom(from: number): Promise<number> {
      let length = 0
      for await (const chunk of bench().engine.logs(spec.id, { from })) length += chunk.length
      return length
    }
  })
}

async function all(session: ExecSession): Promise<string> {
  let text = ''
  for await (const chunk of session.output) text += String(chunk)
  return text
}

function collect(session: ExecSession): () => string {
  let text = ''
  session.output.on('data', (chunk: Buffer) => (text += String(chunk)))
  return () => text
}
