// Starting, stopping, starting again, pausing, and being taken over by a new control plane.
import { expect, test } from 'vitest'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostPath } from '#lib/location.ts'
import { Secret } from '#lib/secret.ts'
import { waitFor } from '#lib/wait.ts'
import type { ProcessStatus } from '#engines/engine.ts'
import { PATIENCE_MS, type Bench } from './bench.ts'

export function lifecycle(bench: () => Bench): void {
  test('a second start of the same id is the same process', async () => {
    const { engine } = bench()
    const spec = bench().shell('echo once; exec sleep 1000', { labels: { app: 'web' } })
    await Promise.all([engine.start(spec), engine.start(spec)])
    await engine.start(spec)
    await bench().says(spec.id, 'once')
    expect(await bench().output(spec.id)).toBe('once\n')
    expect(await engine.status(spec.id)).toMatchObject({
      id: spec.id,
      network: 'one',
      labels: { app: 'web' },
      state: 'running',
      restarts: 0,
    })
    expect((await engine.list()).map((status) => status.id)).toContain(spec.id)
    await engine.stop(spec.id)
    expect(await engine.status(spec.id)).toBeUndefined()
    await engine.stop(spec.id)
  })

  test('what was prepared runs when it is started, once; without a start it never does', async () => {
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const prepared = (name: string) => {
      const id = bench().id()
      const data = bench().engine.paths(id, mounts)('/data')
      return bench().shell(`echo ran >> ${data}/${name}; exec sleep 1000`, { id, mounts, restart: 'always' })
    }
    const [wanted, unwanted, left] = [prepared('wanted'), prepared('unwanted'), prepared('left')]
    for (const spec of [wanted, wanted, unwanted, left]) await bench().engine.prepare(spec)
    const states = (await bench().engine.list()).filter(({ id }) => id === wanted.id).map(({ state }) => state)
    if (states.length > 0) {
      expect(states).toEqual(['prepared'])
      await expect(bench().engine.exec(wanted.id, ['true'], { tty: false })).rejects.toMatchObject({ code: 'engine.not_running' })
    }
    await bench().engine.stop(unwanted.id)
    await bench().engine.start(wanted)
    expect(await waitFor(() => there(join(volume, 'wanted')), { timeoutMs: PATIENCE_MS })).toBe(true)
    expect(await bench().engine.status(wanted.id)).toMatchObject({ state: 'running', restarts: 0 })
    await bench().reopen()
    expect(await bench().engine.status(left.id)).toBeUndefined()
    await bench().engine.start(left)
    expect(await waitFor(() => there(join(volume, 'left')), { timeoutMs: PATIENCE_MS })).toBe(true)
    await Promise.all([bench().engine.stop(wanted.id, 0), bench().engine.stop(left.id, 0)])
    expect(await Promise.all(['wanted', 'left'].map((name) => readFile(join(volume, name), 'utf8')))).toEqual(['ran\n', 'ran\n'])
    expect(await there(join(volume, 'unwanted'))).toBe(false)
  })

  test('a folder that comes after its process was prepared is mounted when that is started, and again whenever it is', async () => {
    const { folder } = bench()
    const source = join(folder, bench().id('later'))
    const mounts = [{ source: hostPath(source), target: '/data', readonly: false }]
    const id = bench().id()
    const cwd = bench().engine.paths(id, mounts)('/data')
    const spec = bench().shell('echo ran >> ran; until [ -e again ]; do sleep 0.05; done; rm again', { id, mounts, cwd, restart: 'always' })
    await bench()
      .engine.prepare(spec)
      .catch(() => undefined)
    const missing = { ...spec, id: bench().id() }
    await bench()
      .engine.prepare(missing)
      .catch(() => undefined)
    await expect(bench().engine.start(missing)).rejects.toMatchObject({ code: 'engine.mount_failed' })
    expect(await bench().engine.status(missing.id)).toBeUndefined()
    await mkdir(source)
    await bench().engine.own('one', hostPath(source))
    await bench().engine.start(spec)
    const ran = async (times: number) => (await readFile(join(source, 'ran'), 'utf8').catch(() => '')) === 'ran\n'.repeat(times)
    expect(await waitFor(() => ran(1), { timeoutMs: PATIENCE_MS })).toBe(true)
    await writeFile(join(source, 'again'), '')
    expect(await waitFor(() => ran(2), { timeoutMs: PATIENCE_MS })).toBe(true)
    await bench().reopen()
    expect(await bench().engine.status(id)).toMatchObject({ state: 'running', restarts: 1 })
    await bench().engine.stop(id, 0)
    expect((await readFile('/proc/self/mounts', 'utf8').catch(() => '')).includes(`/${id}`)).toBe(false)
    expect(await readFile(join(source, 'ran'), 'utf8')).toBe('ran\nran\n')
  })

  test('the environment is what was given, secrets revealed, and PATH, HOME and the trust store besides', async () => {
    const spec = bench().spec({
      argv: ['/usr/bin/perl', '-e', 'print "$_=$ENV{$_}\\0" for sort keys %ENV'],
      env: { ORDINARY: 'a', 'odd.name': 'b', LINES: 'c\nd', SECRET: new Secret('e f'), EMPTY: '' },
    })
    const { output } = await bench().run(spec)
    const given = Object.fromEntries(
      output
        .split('\0')
        .filter(Boolean)
        .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    )
    const { PATH, HOME, NODE_EXTRA_CA_CERTS: _node, SSL_CERT_FILE: _ssl, ...rest } = given
    expect(rest).toEqual({ ORDINARY: 'a', 'odd.name': 'b', LINES: 'c\nd', SECRET: 'e f', EMPTY: '' })
    expect(PATH).toContain('/usr/bin')
    expect(HOME).toBeTruthy()
  })

  test('a program that is not there is an error that names it, and leaves nothing', async () => {
    const spec = bench().spec({ argv: ['no-such-program'] })
    await expect(bench().engine.start(spec)).rejects.toMatchObject({
      code: 'engine.not_executable',
      message: expect.stringContaining('no-such-program'),
    })
    expect(await bench().engine.status(spec.id)).toBeUndefined()
    await expect(bench().engine.start({ ...spec, argv: ['/bin/sh', '-c', 'exec sleep 1000'] })).resolves.toBeUndefined()
    await bench().engine.stop(spec.id)
  })

  test('names that reach for something else are refused', async () => {
    const { engine } = bench()
    for (const id of ['../x', 'a/b', '', 'A', 'x'.repeat(61), '-x'])
      await expect(engine.start(bench().spec({ id, argv: ['true'] }))).rejects.toMatchObject({ code: 'engine.invalid' })
    for (const cwd of ['relative', '/app/../etc', '/proc/self/fd/7'])
      await expect(engine.start(bench().spec({ argv: ['true'], cwd }))).rejects.toMatchObject({ code: 'engine.invalid' })
    await expect(engine.start(bench().spec({ argv: ['true'], hosts: { 'a\nb': '10.0.0.1' } }))).rejects.toMatchObject({
      code: 'engine.invalid',
    })
    await expect(engine.start(bench().spec({ argv: ['true'], env: { 'A=B': 'c' } }))).rejects.toMatchObject({ code: 'engine.invalid' })
    await expect(engine.start(bench().spec({ argv: ['true'], network: 'constructor' }))).rejects.toMatchObject({
      code: 'engine.no_network',
    })
  })

  test('a writable folder inside a read-only artifact', async () => {
    const artifact = await bench().artifact({ 'server.js': 'code', 'public/index.html': 'page', 'public/uploads/': '' })
    const volume = await bench().owned()
    const id = bench().id()
    const mounts = [
      { source: hostPath(volume), target: '/app/public/uploads', readonly: false },
      { source: hostPath(artifact), target: '/app', readonly: true },
    ]
    const path = bench().engine.paths(id, mounts)
    const script = 'cat "$0/server.js" "$0/public/index.html" && echo written > "$0/public/uploads/file" && cat "$0/public/uploads/file"'
    const result = await bench().run(bench().spec({ id, argv: ['/bin/sh', '-c', script, path('/app')], cwd: '/app', mounts }))
    expect(result).toMatchObject({ exitCode: 0, output: 'codepagewritten\n' })
    expect(await readFile(join(volume, 'file'), 'utf8')).toBe('written\n')
    await expect(access(join(artifact, 'public/uploads/file'))).rejects.toThrow()
  })

  test('a mount that has no place in the artifact is an error that names it', async () => {
    const artifact = await bench().artifact({ 'server.js': '' })
    const volume = await bench().owned()
    const mounts = [
      { source: hostPath(artifact), target: '/app', readonly: true },
      { source: hostPath(volume), target: '/app/uploads', readonly: false },
    ]
    await expect(bench().engine.start(bench().spec({ argv: ['true'], mounts }))).rejects.toMatchObject({
      code: 'engine.mount_failed',
      message: expect.stringContaining('/app/uploads'),
    })
  })

  test('stop asks first, with the signal the process wants', async () => {
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const id = bench().id()
    const data = bench().engine.paths(id, mounts)('/data')
    const script = `trap 'echo asked > ${data}/note; exit 0' INT; echo ready; while :; do sleep 0.05; done`
    await bench().engine.start(bench().shell(script, { id, mounts, stopSignal: 'SIGINT' }))
    await bench().says(id, 'ready')
    await bench().engine.stop(id)
    expect(await readFile(join(volume, 'note'), 'utf8')).toBe('asked\n')
  })

  test('a stubborn process and all it started are ended after the grace', async () => {
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const id = bench().id()
    const data = bench().engine.paths(id, mounts)('/data')
    const stubborn = `trap '' TERM; while :; do date +%s%N > "${data}/$1"; sleep 0.02; done`
    const script = `stubborn() { ${stubborn}; }; stubborn child & stubborn main`
    await bench().engine.start(bench().shell(script, { id, mounts }))
    const files = ['child', 'main'].map((name) => join(volume, name))
    expect(await waitFor(async () => (await Promise.all(files.map(there))).every(Boolean), { timeoutMs: PATIENCE_MS })).toBe(true)
    await bench().engine.stop(id, 200)
    for (const file of files) await writeFile(file, 'nobody writes here any more')
    const touched = waitFor(
      async () => (await Promise.all(files.map((file) => readFile(file, 'utf8')))).some((text) => !text.startsWith('nobody')),
      { timeoutMs: 300 },
    )
    expect(await touched).toBeUndefined()
  })

  test('a program without a handler for the stop signal ends at once, not after the grace', async () => {
    const spec = bench().node('setInterval(() => {}, 1000); console.log("up")')
    await bench().engine.start(spec)
    await bench().says(spec.id, 'up')
    const stopped = bench()
      .engine.stop(spec.id, 600_000)
      .then(() => true)
    expect(await stopped).toBe(true)
  })

  test('what ends is started again, with a back-off, and every exit is told', async () => {
    const { engine } = bench()
    const told: ProcessStatus[] = []
    engine.onExit((status) => told.push(status))
    const spec = bench().shell('echo begun; exit 7', { restart: 'always' })
    await engine.start(spec)
    const status = await bench().becomes(spec.id, ({ restarts, state }) => restarts >= 2 && state === 'restarting')
    expect(status.exitCode).toBe(7)
    expect(status.outOfMemory).toBe(false)
    expect((await bench().output(spec.id)).match(/begun/g)?.length).toBeGreaterThanOrEqual(3)
    expect(told.filter(({ id, exitCode }) => id === spec.id && exitCode === 7).length).toBeGreaterThanOrEqual(3)
    await engine.stop(spec.id)
    expect(await engine.status(spec.id)).toBeUndefined()
  })

  test('what must not be started again stays ended, and its exit known', async () => {
    const spec = bench().shell('kill -KILL $$')
    await bench().engine.start(spec)
    expect(await bench().becomes(spec.id, ({ state }) => state !== 'running')).toMatchObject({
      state: 'exited',
      exitCode: 137,
      restarts: 0,
    })
    await bench().engine.stop(spec.id)
  })

  test('a new control plane finds what runs and what ended meanwhile', async () => {
    const going = bench().shell('echo $$; exec sleep 1000', { restart: 'always', labels: { keep: 'me' } })
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const id = bench().id()
    const data = bench().engine.paths(id, mounts)('/data')
    const ending = bench().shell(
      `echo begun; while [ ! -e ${data}/end ]; do sleep 0.02; done; rm ${data}/end; touch ${data}/ended; exit 3`,
      { id, mounts, restart: 'always' },
    )
    await bench().engine.start(going)
    await bench().engine.start(ending)
    await bench().says(going.id, /\d/)
    await bench().says(id, 'begun')
    await bench().reopen(async () => {
      await writeFile(join(volume, 'end'), '')
      expect(await waitFor(() => there(join(volume, 'ended')), { timeoutMs: PATIENCE_MS })).toBe(true)
    })
    expect(await bench().engine.status(going.id)).toMatchObject({ state: 'running', restarts: 0, labels: { keep: 'me' } })
    expect(await bench().output(going.id)).toMatch(/^\d+\n$/)
    const again = await bench().becomes(id, ({ state, restarts }) => state === 'running' && restarts === 1)
    expect(again.exitCode).toBe(3)
    await bench().says(id, /begun\nbegun/)
    await Promise.all([bench().engine.stop(going.id, 0), bench().engine.stop(id, 0)])
  })

  test('a paused network stands still and goes on', async () => {
    const { engine } = bench()
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const id = bench().id()
    const data = engine.paths(id, mounts)('/data')
    await engine.start(bench().shell(`while :; do echo x >> ${data}/beat; sleep 0.01; done`, { id, mounts }))
    const beats = () =>
      readFile(join(volume, 'beat'), 'utf8').then(
        (text) => text.length,
        () => 0,
      )
    const grows = async (timeoutMs: number) => {
      const from = await beats()
      return waitFor(async () => (await beats()) > from, { timeoutMs })
    }
    expect(await grows(PATIENCE_MS)).toBe(true)
    await engine.pause('one')
    await engine.pause('one')
    expect(await grows(300)).toBeUndefined()
    await bench().reopen()
    expect(await grows(100)).toBeUndefined()
    await bench().engine.unpause('one')
    expect(await grows(PATIENCE_MS)).toBe(true)
    await bench().engine.pause('one')
    await bench().engine.stop(id, 200)
    await bench().engine.unpause('one')
  })
}

async function there(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
