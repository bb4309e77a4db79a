// The router beside nginx and Caddy, one worker each, in front of the same application; then deployments under load.
import { cpus } from 'node:os'
import { execOk } from '#lib/exec.ts'
import { caddyProxy, fridayRouter, LOAD_CORE, nginxProxy, startUpstream, workFolder, type Contender } from './router/peers.ts'
import { swapUnderLoad } from './router/swaps.ts'

interface Sample {
  readonly rps: number
  readonly p99Ms: number
}

/** Requests per second and p99 in interleaved rounds: `ratio` is the router's requests per second over Caddy's, round by round. */
export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  const rounds = quick ? 3 : 7
  const folder = await workFolder()
  try {
    const samples = await measure(folder.path, rounds, quick ? 1 : 3)
    const swaps = await swapUnderLoad(folder.path, quick ? 10 : 50)
    const ratios = (over: string): number[] => pairs(samples, 'router', over)
    return {
      bench: 'router',
      ratio: median(ratios('caddy')),
      ratioRange: range(ratios('caddy')),
      unit: 'x caddy',
      peer: { caddy: 1, nginx: median(pairs(samples, 'nginx', 'caddy')) },
      runs: rounds,
      machine: `${cpus().length} cores`,
      ratioToNginx: median(ratios('nginx')),
      requestsPerSecond: Object.fromEntries([...samples].map(([name, list]) => [name, summary(list.map(({ rps }) => rps))])),
      p99Ms: Object.fromEntries([...samples].map(([name, list]) => [name, summary(list.map(({ p99Ms }) => p99Ms))])),
      swaps,
    }
  } finally {
    await folder[Symbol.asyncDispose]()
  }
}

async function measure(folder: string, rounds: number, seconds: number): Promise<Map<string, Sample[]>> {
  const running: AsyncDisposable[] = []
  const samples = new Map<string, Sample[]>()
  try {
    const upstream = await startUpstream(folder)
    running.push(upstream)
    const contenders: Contender[] = []
    for (const start of [fridayRouter, nginxProxy, caddyProxy]) {
      const contender = await start(folder, upstream.port)
      contenders.push(contender)
      running.push(contender)
    }
    for (const { url } of contenders) await load(url, 1)
    for (let round = 0; round < rounds; round++) {
      for (const { name, url } of contenders) samples.set(name, [...(samples.get(name) ?? []), await load(url, seconds)])
    }
  } finally {
    for (const contender of running.toReversed()) await contender[Symbol.asyncDispose]()
  }
  return samples
}

async function load(url: string, seconds: number): Promise<Sample> {
  const out = await execOk(['taskset', '-c', LOAD_CORE, 'wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', url])
  if (/Non-2xx|Socket errors/.test(out)) throw new Error(`requests to ${url} failed:\n${out}`)
  const [, p99 = '', unit = ''] = /99%\s+([\d.]+)(us|ms|s)/.exec(out) ?? []
  return {
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]),
    p99Ms: Number(p99) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN),
  }
}

function pairs(samples: ReadonlyMap<string, readonly Sample[]>, name: string, over: string): number[] {
  const floor = samples.get(over) ?? []
  return (samples.get(name) ?? []).map(({ rps }, round) => rps / (floor[round]?.rps ?? Number.NaN))
}

function summary(values: readonly number[]): { median: number; range: [number, number] } {
  return { median: median(values), range: range(values) }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return rounded(sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2)
}

function range(values: readonly number[]): [number, number] {
  return [rounded(Math.min(...values)), rounded(Math.max(...values))]
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
