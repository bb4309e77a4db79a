// What keeps a hostile process in: everything DESIGN §8 asks, tried from the inside.
import { expect, test } from 'vitest'
import { createServer } from 'node:net'
import { writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { hostPath } from '#lib/location.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import { anotherMachine, dial } from './another-machine.ts'
import type { Bench } from './bench.ts'

export function isolation(bench: () => Bench): void {
  test('nothing is said to be missing', () => {
    expect(bench().engine.limits).toEqual([])
    expect(bench().engine.resolvesNames).toBe(true)
  })

  test('no capability, no new privileges, a filter on system calls, a user of its own', async () => {
    const { output } = await bench().run(
      bench().shell('cat /proc/self/status; id -u; unshare --user true; unshare --net true; mount -t tmpfs x /tmp; echo $?'),
    )
    expect(output.match(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\t0{16}$/gm)?.length).toBe(5)
    expect(output).toMatch(/^NoNewPrivs:\t1$/m)
    expect(output).toMatch(/^Seccomp:\t2$/m)
    expect(output).toMatch(/^\d{5,}$/m)
    expect(output.match(/unshare failed: Operation not permitted/g)?.length).toBe(2)
  })

  test('read-only stays read-only, and so does the root', async () => {
    const artifact = await bench().artifact({ 'a/file': 'x' })
    await bench().engine.own('one', hostPath(artifact))
    const mounts = [{ source: hostPath(artifact), target: '/app', readonly: true }]
    const targets = [
      '/app/new',
      '/app/a/file',
      '/usr/x',
      '/etc/hosts',
      '/x',
      '/usr/local/x',
      '/proc/sys/kernel/hostname',
      '/sys/x',
      '/sys/fs/cgroup/x',
    ]
    const script = targets.map((path) => `(echo y > ${path}) 2>/dev/null && echo wrote ${path}`).join('; ')
    expect((await bench().run(bench().shell(`${script}; true`, { mounts }))).output).toBe('')
  })

  test('the host’s files are not there', async () => {
    const secret = join(bench().folder, 'secret')
    await writeFile(secret, 'x', { mode: 0o644 })
    const { output } = await bench().run(
      bench().shell(
        `ls -A ${bench().folder} /root /home /usr/local /var/lib /mnt 2>/dev/null; cat /etc/shadow ${secret} 2>/dev/null; ls /proc | grep -c '^[0-9]'; cat /proc/1/environ | tr '\\0' '\\n' | grep -c .`,
      ),
    )
    const [processes, ...rest] = output
      .trim()
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
    expect(output.replace(/^\/usr\/local:$/m, '')).not.toMatch(/[a-z]/)
    expect(Number(processes)).toBeLessThan(8)
    expect(rest).toHaveLength(1)
  })

  test('names of the spec are resolved', async () => {
    const { output } = await bench().run(
      bench().shell('getent hosts db.internal; getent hosts localhost; whoami', { hosts: { 'db.internal': '100.64.9.9' } }),
    )
    expect(output).toMatch(/^100\.64\.9\.9\s+db\.internal$/m)
    expect(output).toMatch(/localhost/)
    expect(output).toMatch(/^app$/m)
  })

  test('neither another environment nor the host can be reached, but one’s own can', async () => {
    const { engine } = bench()
    await engine.ensureNetwork({ id: 'two', outbound: 'open' })
    const end = await engine.allocate('one', 'reach', 8080)
    const server = listener(end.host, end.port)
    await engine.start(server)
    await bench().says(server.id, 'up')
    const onHost = createServer((socket) => socket.end()).listen(0, '0.0.0.0')
    try {
      await new Promise((resolve) => onHost.once('listening', resolve))
      const address = onHost.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const own = Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .filter((each) => each.family === 'IPv4')
        .map((each) => each.address)
      expect(own.length).toBeGreaterThan(2)
      expect(await reaches('one', end.host, end.port)).toBe('yes')
      expect(await reaches('two', end.host, end.port)).toBe('no')
      for (const host of own.filter((each) => !each.startsWith('127.')))
        expect([host, await reaches('two', host, port)]).toEqual([host, 'no'])
      expect(await reaches('two', '169.254.169.254', 80)).toBe('no')
    } finally {
      await new Promise((resolve) => onHost.close(resolve))
      await engine.stop(server.id, 0)
      await engine.removeNetwork('two')
    }
  })

  test('an open network gets out of the machine, a sealed one does not, and nobody gets in', async () => {
    const { engine } = bench()
    await using outside = await anotherMachine()
    await engine.ensureNetwork({ id: 'out', outbound: 'sealed' })
    expect(await reaches('out', outside.address, outside.port)).toBe('no')
    await engine.ensureNetwork({ id: 'out', outbound: 'open' })
    expect(await reaches('out', outside.address, outside.port)).toBe('yes')
    const end = await engine.allocate('out', 'reach', 8080)
    const server = listener(end.host, end.port, 'out')
    await engine.start(server)
    await bench().says(server.id, 'up')
    expect(await outside.reaches(end.host, end.port)).toBe('no')
    await engine.ensureNetwork({ id: 'out', outbound: 'sealed' })
    expect(await reaches('out', outside.address, outside.port)).toBe('no')
    await engine.removeNetwork('out')
  })

  test('memory beyond the limit ends the process, and is named as the cause', async () => {
    const limits = { memoryBytes: 64 * 1024 * 1024, cpus: 1, pids: 50, tmpBytes: 256 * 1024 * 1024 }
    const hog = bench().spec({ argv: ['/usr/bin/perl', '-e', 'my @a; push @a, "x" x 10_000_000 while 1'], limits })
    expect(await bench().run(hog)).toMatchObject({ exitCode: 137, outOfMemory: true })
    const inTmp = bench().shell('head -c 200000000 /dev/zero > /tmp/x; echo $?', { limits })
    expect((await bench().run(inTmp)).output).not.toBe('0\n')
    const small = bench().shell('head -c 2000000 /dev/zero > /tmp/x', { limits: { ...limits, tmpBytes: 1_000_000 } })
    expect(await bench().run(small)).toMatchObject({ exitCode: 1, outOfMemory: false })
  })

  test('a fork bomb stays small', async () => {
    const limits = { memoryBytes: 256 * 1024 * 1024, cpus: 1, pids: 20, tmpBytes: 1_000_000 }
    const script =
      'my $n = 0; while ($n < 100) { my $p = fork; last if !defined $p; if (!$p) { sleep 1000; exit } $n++ } print "$n\\n"; kill 9, -1'
    const { output } = await bench().run(bench().spec({ argv: ['/usr/bin/perl', '-e', script], limits }))
    expect(Number(output)).toBe(19)
  })

  test('orphans are reaped, low ports may be listened on', async () => {
    const script = '(sleep 0.01 & ) ; (sleep 0.01 & ); sleep 0.2; ps -e -o stat= | grep -c Z; true'
    expect((await bench().run(bench().shell(script))).output).toBe('0\n')
    const end = await bench().engine.allocate('one', 'low', 80)
    expect(
      (
        await bench().run(
          bench().node(
            `require('node:net').createServer().listen(${end.port}, '${end.host}', () => { console.log('up'); process.exit() })`,
          ),
        )
      ).output,
    ).toBe('up\n')
  })

  function listener(host: string, port: number, network = 'one'): ProcessSpec {
    return bench().node(`require('node:net').createServer((s) => s.end()).listen(${port}, '${host}', () => console.log('up'))`, { network })
  }

  async function reaches(network: string, host: string, port: number): Promise<string> {
    const script = dial(host, port)
    return (await bench().run(bench().node(script, { network }))).output.trim()
  }
}
