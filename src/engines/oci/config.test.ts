// What a process may, as the runtime is told.
import { expect, test } from 'vitest'
import { hostPath } from '#lib/location.ts'
import { Secret } from '#lib/secret.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import { ociConfig, type HostFacts } from './config.ts'

const HOST: HostFacts = { arch: 'x64', rootFolders: [], etc: ['ssl'], trustStore: '/etc/ssl/all.crt', countsSwap: true, openFiles: 1000 }
const SPEC: ProcessSpec = {
  id: 'web',
  network: 'one',
  argv: ['node', 'x; rm -rf /'],
  cwd: '/app',
  env: { TOKEN: new Secret('s3cret') },
  mounts: [
    { source: hostPath('/volumes/1'), target: '/app/uploads', readonly: false },
    { source: hostPath('/artifacts/1'), target: '/app', readonly: true },
  ],
  hosts: {},
  limits: { memoryBytes: 1000, cpus: 0.5, pids: 10, tmpBytes: 500 },
  restart: 'never',
  labels: {},
}
const config = ociConfig(SPEC, { uid: 7, namespace: '/run/netns/x', cgroup: '/friday-x/web' }, HOST)

test('no power, and a user of its own', () => {
  expect(Object.values(config.process.capabilities).flat()).toEqual([])
  expect(config.process.noNewPrivileges).toBe(true)
  expect(config.process.user).toEqual({ uid: 7, gid: 7 })
  expect(config.root.readonly).toBe(true)
  expect(config.linux.namespaces.map(({ type }) => type).toSorted()).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts'])
})

test('the command is data, the secret is only in the environment', () => {
  expect(config.process.args.slice(-2)).toEqual(['node', 'x; rm -rf /'])
  expect(config.process.env).toContain('TOKEN=s3cret')
  expect(JSON.stringify({ ...config, process: { ...config.process, env: [] } })).not.toContain('s3cret')
})

test('outer mounts come first, and read-only means it', () => {
  const mine = config.mounts.filter(({ destination }) => destination.startsWith('/app'))
  expect(mine.map(({ destination }) => destination)).toEqual(['/app', '/app/uploads'])
  expect(mine.map(({ options }) => options)).toEqual([
    ['bind', 'nosuid', 'nodev', 'ro'],
    ['bind', 'nosuid', 'nodev', 'rw'],
  ])
})

test('limits, swap counted in when the kernel can', () => {
  expect(config.linux.resources).toMatchObject({
    memory: { limit: 1000, swap: 1000 },
    cpu: { quota: 50_000, period: 100_000 },
    pids: { limit: 11 },
  })
  const without = ociConfig(SPEC, { uid: 7, namespace: 'x', cgroup: 'y' }, { ...HOST, countsSwap: false })
  expect(without.linux.resources.memory).toEqual({ limit: 1000 })
})

test('calls that break out are not on the list', () => {
  const allowed = new Set(config.linux.seccomp.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names))
  for (const name of [
    'mount',
    'umount2',
    'unshare',
    'setns',
    'bpf',
    'keyctl',
    'add_key',
    'init_module',
    'kexec_load',
    'pivot_root',
    'perf_event_open',
    'userfaultfd',
    'open_by_handle_at',
    'io_uring_setup',
    'clone3',
    '',
  ]) {
    expect([name, allowed.has(name)]).toEqual([name, false])
  }
  for (const name of ['read', 'execve', 'futex', 'epoll_pwait', 'statx', 'rseq', 'shmget'])
    expect([name, allowed.has(name)]).toEqual([name, true])
})
