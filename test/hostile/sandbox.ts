// What hostile code tries from inside a build, a hook and a running application; none of it may work.

/** What an attacker may know about the machine. */
export interface Targets {
  /** Friday's data folder. */
  readonly data: string
  /** Addresses of the API. */
  readonly api: readonly string[]
  /** Of another environment of the same project: its database and its web process. */
  readonly others: readonly string[]
}

export interface Attempt {
  readonly name: string
  /** Shell; it must not print BROKEN-OUT. */
  readonly script: (targets: Targets) => string
}

export const attempts: readonly Attempt[] = [
  ...['secrets/master.key', 'engine/registry.json', 'state/embedded.json', 'volumes', 'repositories', 'artifacts', 'run', 'router'].map(
    (file) => ({
      name: `Friday's ${file}`,
      script: ({ data }: Targets) => `ls -A ${data}/${file} | grep -q . && echo BROKEN-OUT; head -c1 ${data}/${file} && echo BROKEN-OUT`,
    }),
  ),
  { name: 'the passwords of the machine', script: () => 'head -c1 /etc/shadow && echo BROKEN-OUT' },
  {
    name: 'the environment of the control plane',
    script: () => 'cat /proc/*/environ | tr "\\0" "\\n" | grep -a ^FRIDAY_ && echo BROKEN-OUT',
  },
  {
    name: 'processes of others',
    script: () =>
      'for p in /proc/[0-9]*; do tr "\\0" " " < $p/cmdline; echo; done | grep -aE "conmon|friday.js|postgres -D" | grep -av grep && echo BROKEN-OUT',
  },
  { name: 'the root of process 1', script: ({ data }) => `ls /proc/1/root${data} && echo BROKEN-OUT` },
  { name: 'a socket of the platform', script: () => 'find / -xdev -type s -not -path "/proc/*" 2>/dev/null | grep . && echo BROKEN-OUT' },
  {
    name: 'a device',
    script: () => 'mknod /tmp/sda b 8 0 && echo BROKEN-OUT; ls /dev/loop* /dev/sd* /dev/vd* /dev/mem /dev/kmsg && echo BROKEN-OUT',
  },
  { name: 'a mount', script: () => 'mount -t tmpfs x /tmp && echo BROKEN-OUT; unshare --user --map-root-user true && echo BROKEN-OUT' },
  {
    name: 'another user',
    script: () => 'chown 0:0 /tmp && echo BROKEN-OUT; [ "$(id -u)" = 0 ] && echo BROKEN-OUT; su -c id && echo BROKEN-OUT',
  },
  {
    name: 'the kernel',
    script: () => 'echo x > /proc/sys/kernel/core_pattern && echo BROKEN-OUT; echo c > /proc/sysrq-trigger && echo BROKEN-OUT',
  },
  { name: 'its own limits', script: () => 'echo max > /sys/fs/cgroup/pids.max && echo BROKEN-OUT' },
  { name: 'programs of the machine', script: () => 'touch /usr/bin/x /etc/x /x && echo BROKEN-OUT' },
  { name: 'the API', script: ({ api }) => api.map(dial).join('; ') },
  { name: 'another environment', script: ({ others }) => others.map(dial).join('; ') },
  { name: 'where clouds keep keys', script: () => dial('169.254.169.254:80') },
  {
    name: 'ever more processes',
    // The shell that cannot fork ends with a fault.
    script: () => 'sh -c "i=0; while [ \\$i -lt 1500 ]; do sleep 5 >/dev/null 2>&1 & i=\\$((i+1)); done" && echo BROKEN-OUT',
  },
]

/** One shell script that makes all attempts and says what it did; it always ends well. */
export function scriptOf(targets: Targets): string {
  const each = attempts.map(({ name, script }) => `echo "ATTEMPT ${name}"\n(${script(targets)}) 2>&1 | tail -n 3`)
  return `${each.join('\n')}\necho "ATTEMPTS DONE"\n`
}

/** The attempts that `output` shows to have worked. */
export function brokenOut(output: string): string[] {
  return output
    .split('ATTEMPT ')
    .filter((part) => part.includes('BROKEN-OUT'))
    .map((part) => part.trim())
}

function dial(target: string): string {
  const port = target.slice(target.lastIndexOf(':') + 1)
  const host = target.slice(0, target.lastIndexOf(':'))
  return `timeout 2 bash -c "echo > /dev/tcp/${host}/${port}" && echo BROKEN-OUT ${target}`
}
