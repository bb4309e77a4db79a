// The OCI configuration of one process: what it sees, who it is, what it may use. Pure: facts in, JSON out.
import type { Mount, ProcessSpec } from '#engines/engine.ts'
import { fullEnvironment } from '#engines/environment.ts'
import { seccompProfile } from './seccomp.ts'

/** What the machine brings to every process. */
export interface HostFacts {
  readonly arch: NodeJS.Architecture
  /** `bin`, `lib` … that are real folders on this host instead of links into /usr. */
  readonly rootFolders: readonly string[]
  /** Entries of /etc, folders or files, that every process sees read-only. */
  readonly etc: readonly string[]
  /** The host's bundle of trusted certificates, when there is one. */
  readonly trustStore: string | undefined
  /** Whether the kernel can count swap, so that a memory limit can include it. */
  readonly countsSwap: boolean
  /** Files one process may have open. */
  readonly openFiles: number
}

export interface Placement {
  readonly uid: number
  /** Path of the network namespace. */
  readonly namespace: string
  readonly cgroup: string
}

const HARMLESS = ['nosuid', 'nodev']
const CPU_PERIOD = 100_000

/**
 * The first process of a container: ends with the real one and with its status, hands signals on, reaps what is orphaned.
 * Both output streams become one pipe, so that their order is kept.
 * Without it a program that does not expect to be process 1 would ignore SIGTERM and collect zombies.
 * It enters the working folder anew, as something may have been mounted on it since the container was made.
 */
const INIT = `for my $s (qw(TERM INT HUP QUIT USR1 USR2)){$SIG{$s}=sub{$p?kill($s,$p):($q=$s)}}
chdir shift;
$p=fork;defined $p or exit 126;
if(!$p){$SIG{$_}='DEFAULT' for qw(TERM INT HUP QUIT USR1 USR2);open(STDERR,'>&',\\*STDOUT);exec {$ARGV[0]} @ARGV;print STDERR "$ARGV[0]: $!\\n";exit($!+0==2?127:126)}
kill $q,$p if $q;
while(($d=wait)!=-1){exit($?&127?128+($?&127):$?>>8) if $d==$p}`

export function ociConfig(spec: Omit<ProcessSpec, 'restart'>, place: Placement, host: HostFacts) {
  return {
    ociVersion: '1.0.2',
    process: {
      ...ociProcess(spec, place.uid, host),
      args: ['/usr/bin/perl', '-e', INIT, '--', spec.cwd, ...spec.argv],
    },
    root: { path: 'rootfs', readonly: true },
    hostname: spec.id,
    mounts: [...systemMounts(spec, place.uid, host), ...specMounts(spec)],
    linux: {
      namespaces: [...['pid', 'mount', 'ipc', 'uts', 'cgroup'].map((type) => ({ type })), { type: 'network', path: place.namespace }],
      cgroupsPath: place.cgroup,
      resources: resources(spec, host),
      sysctl: { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' },
      seccomp: seccompProfile(host.arch),
      maskedPaths: [
        ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'].map(
          (name) => `/proc/${name}`,
        ),
        '/sys/firmware',
        '/sys/devices/virtual/powercap',
      ],
      readonlyPaths: ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`),
    },
  }
}

/** The `process` part, also what `runc exec --process` takes; the caller adds `args`. */
export function ociProcess(spec: Pick<ProcessSpec, 'env' | 'cwd'>, uid: number, host: HostFacts) {
  return {
    terminal: false,
    user: { uid, gid: uid },
    env: Object.entries(fullEnvironment(spec.env, host.trustStore)).map(([key, value]) => `${key}=${value}`),
    cwd: spec.cwd,
    capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: host.openFiles, hard: host.openFiles },
      { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
    ],
    noNewPrivileges: true,
    oomScoreAdj: 500,
  }
}

function systemMounts(spec: Pick<ProcessSpec, 'limits'>, uid: number, host: HostFacts) {
  const mine = [`uid=${uid}`, `gid=${uid}`]
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: [...HARMLESS, 'noexec'] },
    tmpfs('/dev', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    // Counted in the memory limit, so it needs no smaller one of its own; databases share memory through it.
    tmpfs('/dev/shm', [...HARMLESS, 'noexec', 'mode=1777', `size=${spec.limits.memoryBytes}`]),
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...HARMLESS, 'noexec', 'ro'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...HARMLESS, 'noexec', 'relatime', 'ro'] },
    bind('/usr', '/usr', true),
    // What was installed on the host by hand is no part of any project's system.
    tmpfs('/usr/local', [...HARMLESS, 'ro', 'mode=755', 'size=4k']),
    ...host.rootFolders.map((name) => bind(`/${name}`, `/${name}`, true)),
    ...host.etc.map((name) => bind(`/etc/${name}`, `/etc/${name}`, true)),
    tmpfs('/tmp', [...HARMLESS, 'mode=1777', `size=${spec.limits.tmpBytes}`]),
    tmpfs('/run', [...HARMLESS, 'noexec', 'mode=755', 'size=16m', ...mine]),
    tmpfs('/var/log', [...HARMLESS, 'noexec', 'mode=755', 'size=16m', ...mine]),
  ]
}

/** Outer folders first, so that a volume can lie inside an artifact. */
function specMounts(spec: Pick<ProcessSpec, 'mounts'>) {
  return spec.mounts
    .toSorted((one, other) => one.target.split('/').length - other.target.split('/').length)
    .map((mount) => bind(mount.source.path, mount.target, mount.readonly))
}

/** The same configuration, with the sources of these mounts. */
export function withSources(config: ReturnType<typeof ociConfig>, mounts: readonly Mount[]): ReturnType<typeof ociConfig> {
  const sources = new Map(mounts.map(({ target, source }) => [target, source.path]))
  return { ...config, mounts: config.mounts.map((mount) => ({ ...mount, source: sources.get(mount.destination) ?? mount.source })) }
}

function resources({ limits }: Pick<ProcessSpec, 'limits'>, host: HostFacts) {
  const nodes: readonly (readonly [number, number, string])[] = [
    [1, 3, 'rwm'],
    [1, 5, 'rwm'],
    [1, 7, 'rwm'],
    [1, 8, 'rwm'],
    [1, 9, 'rwm'],
    [5, 0, 'rwm'],
    [5, 2, 'rwm'],
  ]
  return {
    devices: [
      { allow: false, access: 'rwm' },
      ...nodes.map(([major, minor, access]) => ({ allow: true, type: 'c', major, minor, access })),
      { allow: true, type: 'c', major: 136, access: 'rwm' },
    ],
    memory: { limit: limits.memoryBytes, ...(host.countsSwap ? { swap: limits.memoryBytes } : {}) },
    cpu: { quota: Math.max(1000, Math.round(limits.cpus * CPU_PERIOD)), period: CPU_PERIOD },
    // One more for the init above.
    pids: { limit: limits.pids + 1 },
  }
}

function bind(source: string, destination: string, readonly: boolean) {
  return { destination, type: 'bind', source, options: ['bind', ...HARMLESS, readonly ? 'ro' : 'rw'] }
}

function tmpfs(destination: string, options: readonly string[]) {
  return { destination, type: 'tmpfs', source: 'tmpfs', options }
}
