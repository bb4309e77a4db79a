// Commands beside a running process, in its folder and with its environment, with or without a terminal.
import { randomBytes } from 'node:crypto'
import { readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, spawnBare } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import type { ExecSession } from '#engines/engine.ts'
import { merge } from '#engines/streams.ts'
import { signalQuietly } from '#engines/supervisor/proc.ts'
import { readLaunch } from './carrier.ts'

export interface SessionRequest {
  readonly folder: string
  readonly argv: readonly [string, ...string[]]
  readonly tty: boolean
  readonly env: Readonly<Record<string, string>>
}

/** Reads argv and environment from a file, one item per line in hexadecimal: nothing a user names passes through a shell or an argv. */
const LAUNCHER = String.raw`open(F,"<",$ENV{FRIDAY_SESSION}) or exit 126;my(@a,%e);while(<F>){chomp;my($k,$h)=split / /;my $v=pack("H*",$h//"");if($k eq "a"){push @a,$v}else{my($n,$w)=split /=/,$v,2;$e{$n}=$w}}close F;open(P,">","$ENV{FRIDAY_SESSION}.pid");print P $$;close P;%ENV=%e;exec {$a[0]} @a;print STDERR "$a[0]: $!\n";exit($!+0==2?127:126)`
const PERL = '/usr/bin/perl'

export async function openSession({ folder, argv, tty, env }: SessionRequest): Promise<ExecSession> {
  const { cwd, env: base } = await readLaunch(folder)
  const all: Record<string, string> = { ...(tty ? { TERM: 'xterm-256color' } : {}), ...base, ...env }
  const session = join(folder, `exec-${randomBytes(6).toString('hex')}`)
  const items = [...argv.map((part) => `a ${hex(part)}`), ...Object.entries(all).map(([key, value]) => `e ${hex(`${key}=${value}`)}`)]
  await writeFile(session, items.join('\n'), { mode: 0o600 })
  const child = await spawnBare(tty ? onTerminal() : [PERL, '-e', LAUNCHER], {
    cwd,
    env: { FRIDAY_SESSION: session, FRIDAY_LAUNCHER: LAUNCHER, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new TypeError('spawned with pipes')
  stdin.on('error', () => undefined)
  const pid = () =>
    readFile(`${session}.pid`, 'utf8').then(
      (text) => Number(text) || undefined,
      () => undefined,
    )
  const exit = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137))).finally(async () => {
    await Promise.all([rm(session, { force: true }), rm(`${session}.pid`, { force: true })])
  })

  return {
    exit,
    stdin,
    output: merge(stdout, stderr),
    resize(columns, rows) {
      if (!tty) return
      void waitFor(pid, { timeoutMs: 5000 })
        .then((found) => (found === undefined ? undefined : resizeTerminal(found, columns, rows)))
        .catch(() => undefined)
    },
    kill() {
      void waitFor(async () => (await pid()) ?? (child.exitCode === null ? undefined : 0), { timeoutMs: 2000 }).then((found) => {
        if (found) signalQuietly(found, 'SIGKILL')
        if (child.pid !== undefined) signalQuietly(-child.pid, 'SIGKILL')
      })
    },
  }
}

/** `script` is called differently on macOS; in both cases what it runs is a fixed text. */
function onTerminal(): [string, ...string[]] {
  if (process.platform === 'darwin') return ['script', '-q', '/dev/null', PERL, '-e', LAUNCHER]
  return ['script', '--quiet', '--return', '--echo', 'always', '--command', `exec ${PERL} -e "$FRIDAY_LAUNCHER"`, '/dev/null']
}

/** Where the terminal of a process can be looked up; elsewhere it keeps its first size. */
async function resizeTerminal(pid: number, columns: number, rows: number): Promise<void> {
  if (process.platform !== 'linux') return
  const terminal = await readlink(`/proc/${pid}/fd/0`)
  if (!/^\/dev\/pts\/\d+$/.test(terminal)) return
  await exec(['stty', '-F', terminal, 'cols', String(Math.trunc(columns)), 'rows', String(Math.trunc(rows))], { timeoutMs: 5000 })
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
