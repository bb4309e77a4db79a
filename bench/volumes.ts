// The volume drivers beside a plain folder: what a database loses on each while it runs, and how long a clone of it takes.
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import type { Location } from '#lib/location.ts'
import type { Volumes } from '#volumes/volumes.ts'
import { figureOf, shown, shuffled, type Figure } from './volumes/figures.ts'
import { openPlaces, type Place } from './volumes/places.ts'
import { Postgres } from './volumes/postgres.ts'

interface Samples {
  readonly tps: number[]
  /** Transactions per second over the plain folder's of the same round. */
  readonly ratio: number[]
  /** Milliseconds of snapshot and clone, and until the clone has answered its first query. */
  readonly live: { clone: number; query: number }[]
  readonly sealed: { clone: number; query: number }[]
  /** Milliseconds of one snapshot of many small files: how long their writers stand still where the driver is not atomic. */
  readonly files: number[]
}

const FILES = 20_000

type Cloning = Place & { volumes: Volumes }

/** Quick: 150 MB of data, 3 rounds of 5 s. Else: 750 MB, 7 rounds of 15 s. Needs root, btrfs-progs, xfsprogs and PostgreSQL's packages. */
export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  const { scale, rounds, seconds } = quick ? { scale: 10, rounds: 3, seconds: 5 } : { scale: 50, rounds: 7, seconds: 15 }
  const places = await openPlaces()
  try {
    const postgres = await Postgres.find(places.folder)
    const samples = new Map<Place, Samples>(places.all.map((place) => [place, { tps: [], ratio: [], live: [], sealed: [], files: [] }]))
    const port = (place: Place): number => 6000 + places.all.indexOf(place)
    for (const place of places.all) await postgres.init(place.source, port(place), scale)
    const dumps: number[] = []

    for (let round = 0; round < rounds; round++) {
      await steadyRound(postgres, samples, port, seconds)
      for (const place of shuffled(places.all)) {
        if (place.volumes !== undefined) {
          await cloneRound(postgres, { ...place, volumes: place.volumes }, port(place), round, samples.get(place))
          continue
        }
        const server = await postgres.start(place.source, port(place))
        dumps.push(await postgres.dumpAndRestore(port(place), join(places.folder, 'sockets/dump')))
        await server.stop()
      }
    }
    for (const [{ volumes }, { files }] of samples) if (volumes !== undefined) files.push(...(await manyFiles(volumes, 3)))
    return report(samples, figureOf(dumps), { rounds, scale, seconds })
  } finally {
    await places[Symbol.asyncDispose]()
  }
}

async function steadyRound(
  postgres: Postgres,
  samples: Map<Place, Samples>,
  port: (place: Place) => number,
  seconds: number,
): Promise<void> {
  const measured = new Map<Place, number>()
  for (const place of shuffled([...samples.keys()])) {
    const server = await postgres.start(place.source, port(place))
    measured.set(place, await postgres.tps(port(place), seconds))
    await server.stop()
  }
  const floor = [...measured].find(([place]) => place.volumes === undefined)?.[1] ?? Number.NaN
  for (const [place, tps] of measured) {
    samples.get(place)?.tps.push(tps)
    samples.get(place)?.ratio.push(tps / floor)
  }
}

/** Live: the source is being written to, and paused where the driver is not atomic. Sealed: the source was stopped cleanly. */
async function cloneRound(postgres: Postgres, place: Cloning, port: number, round: number, samples: Samples | undefined): Promise<void> {
  const sealed = `sealed-${round}`
  await place.volumes.snapshot('source', sealed)
  samples?.sealed.push(await timedClone(postgres, () => place.volumes.clone({ snapshot: sealed }, 'clone')))
  await place.volumes.destroy('clone')
  await place.volumes.destroySnapshot(sealed)

  const server = await postgres.start(place.source, port)
  const writer = postgres.load(port)
  try {
    const take = async () => {
      if (!place.volumes.atomic) await server.pause()
      const volume = await place.volumes.clone({ volume: 'source' }, 'clone')
      await server.goOn()
      return volume
    }
    samples?.live.push(await timedClone(postgres, take))
    await place.volumes.destroy('clone')
  } finally {
    await server.goOn()
    await writer[Symbol.asyncDispose]()
    await server.stop()
  }
}

async function manyFiles(volumes: Volumes, times: number): Promise<number[]> {
  const { path } = await volumes.create('files')
  for (let file = 0; file < FILES; file++) {
    if (file % 200 === 0) await mkdir(join(path, String(file / 200)))
    await writeFile(join(path, String(Math.floor(file / 200)), String(file)), 'x'.repeat(1000))
  }
  const took: number[] = []
  for (let time = 0; time < times; time++) {
    const begun = performance.now()
    await volumes.snapshot('files', `files-${time}`)
    took.push(performance.now() - begun)
    await volumes.destroySnapshot(`files-${time}`)
  }
  await volumes.destroy('files')
  return took
}

async function timedClone(postgres: Postgres, take: () => Promise<Location>) {
  const begun = performance.now()
  const { path } = await take()
  const clone = performance.now() - begun
  const server = await postgres.start(path, 7000)
  const query = performance.now() - begun
  await server.stop()
  return { clone, query }
}

function report(
  samples: Map<Place, Samples>,
  dump: Figure,
  settings: { rounds: number; scale: number; seconds: number },
): Record<string, unknown> {
  const table = new Table({
    head: [
      '',
      'pgbench tps',
      'x plain',
      'sealed: clone ms',
      '... first query',
      'live: clone ms',
      '... first query',
      `${FILES} files: snapshot ms`,
    ],
    style: { head: [], border: [] },
  })
  const drivers: Record<string, Record<string, Figure>> = {}
  for (const [{ name, volumes }, { tps, ratio, live, sealed, files }] of samples) {
    const figures = {
      tps: figureOf(tps),
      ratio: figureOf(ratio, 2),
      sealedCloneMs: figureOf(sealed.map(({ clone }) => clone)),
      sealedQueryMs: figureOf(sealed.map(({ query }) => query)),
      liveCloneMs: figureOf(live.map(({ clone }) => clone)),
      liveQueryMs: figureOf(live.map(({ query }) => query)),
      manyFilesMs: figureOf(files),
    }
    const { tps: tpsFigure, ratio: ratioFigure, ...clones } = figures
    drivers[name] = volumes === undefined ? { tps: tpsFigure, ratio: ratioFigure } : figures
    table.push([
      name,
      shown(tpsFigure),
      shown(ratioFigure),
      ...Object.values(clones).map((figure) => (volumes === undefined ? '-' : shown(figure))),
    ])
  }
  console.log(table.toString())
  console.log(`pg_dump | pg_restore of the same database: ${shown(dump)} ms`)
  console.log(
    `median [min..max] of ${settings.rounds} rounds, pgbench -c4 for ${settings.seconds} s at scale ${settings.scale}; live: 100 transactions/s`,
  )
  return {
    bench: 'volumes',
    ratio: drivers.btrfs?.ratio?.median,
    unit: 'x plain folder (pgbench tps on btrfs)',
    peer: { reflink: drivers.reflink?.ratio?.median, copy: drivers.copy?.ratio?.median, plain: 1 },
    runs: settings.rounds,
    machine: `${cpus().length} cores`,
    drivers,
    dumpRestoreMs: dump,
  }
}
