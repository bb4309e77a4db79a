// One application from what was written to what it means.
import type { WrittenApplication } from '#manifest/format/application.ts'
import type { Application, Project } from '#manifest/project.ts'
import { oneOf, quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { inherit, readContainer } from './container.ts'
import { readCron } from './crons.ts'
import type { References } from './references.ts'
import { readRuntime } from './runtime.ts'
import { passesToNothing, readWeb, serves } from './web.ts'

export interface ApplicationInput {
  readonly name: string
  /** Directory in the repository. */
  readonly root: string
  readonly place: Place
  readonly written: WrittenApplication
}

/** Undefined once a problem without which nothing fits together has been reported. */
export function readApplication(
  { name, root, place, written }: ApplicationInput,
  format: Project['format'],
  references: References,
): Application | undefined {
  const type = readRuntime(written.type, written.stack, place, references.support)
  const top = readContainer(inherit(written, written.web?.value ?? written), name, format, references)
  const workers = (written.workers ?? []).flatMap(({ name: worker, value }) => {
    const start = value.commands?.start
    const commands = value.commands
    if (start === undefined) return []
    const settings = readContainer(inherit(written, value), name, format, references)
    return [{ name: worker, commands: { preStart: commands?.pre_start, start, postStart: commands?.post_start }, ...settings }]
  })
  const web = written.web && readWeb(written.web)
  if (type !== undefined && web !== undefined && passesToNothing(web) && serves(web)) {
    written.web?.place.warn('requests are passed to the application, but web.commands.start does not start it')
  }
  const application = {
    name,
    origin: { file: place.at.file, line: place.at.line },
    source: { root },
    build: { flavor: flavorOf(written, place, type?.runtime) },
    dependencies: dependenciesOf(written, type?.runtime),
    hooks: {
      build: scriptOf(written.hooks?.build),
      deploy: scriptOf(written.hooks?.deploy),
      postDeploy: scriptOf(written.hooks?.post_deploy),
    },
    web,
    workers,
    crons: (written.crons ?? []).flatMap((cron) => readCron(cron, name) ?? []),
    timezone: written.timezone ?? 'UTC',
    ...top,
  }
  if (written.runtime !== undefined && type !== undefined) written.runtime.place.warn(`runtime means nothing to ${type.runtime}`)
  return type && { ...application, type }
}

function flavorOf({ build }: WrittenApplication, place: Place, runtime: string | undefined): string | undefined {
  const flavor = build?.flavor
  const known = ['none', 'default']
  if (flavor === undefined || known.includes(flavor)) return flavor
  const at = place.child('build').child('flavor')
  if (flavor === 'composer' || flavor === 'drupal')
    return at.error(`Friday does not run the build flavor ${flavor} yet; it runs ${oneOf(known)}`)
  return at.error(`${quote(flavor)} is not a build flavor${runtime === undefined ? '' : ` of ${runtime}`}`, {
    expected: oneOf(known),
    suggestion: nearest(flavor, known),
  })
}

function dependenciesOf({ dependencies }: WrittenApplication, runtime: string | undefined): Application['dependencies'] {
  const found = (dependencies?.value ?? []).filter(({ value }) => value.length > 0)
  for (const { name, place } of found) {
    const language = name.replace(/^python\d$/, 'python')
    if (runtime !== undefined && language !== runtime) {
      place.error(`Friday does not run ${name} tools beside ${runtime} yet; it installs those of the application's own runtime`)
    }
  }
  return Object.fromEntries(found.map(({ name, value }) => [name, Object.fromEntries(value.map((tool) => [tool.name, tool.value]))]))
}

function scriptOf(script: string | undefined): string | undefined {
  return script === undefined || script.trim() === '' ? undefined : script
}
