// What the processes of an environment write, several of them as one stream with names before the lines.
import type { Engine, ProcessStatus } from '#engines/engine.ts'
import { fail as environmentFail, type Environments } from '#environments/environments.ts'
import type { Projects } from '#projects/projects.ts'
import type { ApiDependencies } from './server.ts'

interface Dependencies {
  readonly projects: Projects
  readonly environments: Environments
  readonly engine: Engine
}

export function createProcessLog({ projects, environments, engine }: Dependencies): ApiDependencies['processLog'] {
  return async function processLog({ project, environment: name, process, follow }, signal) {
    const environment = await environments.get(await projects.get(project), name)
    const chosen = (await engine.list()).filter(
      (candidate) => candidate.labels['environment'] === environment.id && isChosen(candidate, process),
    )
    if (chosen.length === 0) {
      throw environmentFail(
        'unknown',
        process === undefined ? `Nothing runs in ${environment.branch}` : `Nothing called ${process} runs in ${environment.branch}`,
        {
          advice: '`friday env show` lists what runs.',
        },
      )
    }
    const streams = chosen.map((status) => engine.logs(status.id, { follow, signal }))
    const [only] = streams
    return streams.length === 1 && only !== undefined ? only : merged(streams)
  }
}

function isChosen({ labels }: ProcessStatus, process: string | undefined): boolean {
  if (process === undefined) return labels['role'] === 'web' || labels['role'] === 'worker'
  return labels['name'] === process && labels['role'] !== 'build'
}

/** Whatever comes first is given on first; ends when every stream has ended. */
async function* merged(streams: readonly AsyncIterable<Buffer>[]): AsyncGenerator<Buffer> {
  const pending = new Map(
    streams.map((stream, index) => {
      const iterator = stream[Symbol.asyncIterator]()
      const next = () => iterator.next().then((result) => ({ index, result, next }))
      return [index, next()] as const
    }),
  )
  while (pending.size > 0) {
    const { index, result, next } = await Promise.race(pending.values())
    if (result.done === true) pending.delete(index)
    else {
      pending.set(index, next())
      yield result.value
    }
  }
}
