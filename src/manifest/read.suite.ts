// Shorthand of the manifest's tests: configuration in, project or lines of problems out.
import { formatProblem } from './problems.ts'
import type { Application, Project } from './project.ts'
import { readManifest } from './read.ts'
import { SUPPORT, treeOf } from './tree.suite.ts'

type Files = Parameters<typeof treeOf>[0]

/** Every problem as the line a person reads, errors first. */
export function linesOf(files: Files | string): string[] {
  const result = readManifest(treeOf(filesOf(files)), SUPPORT)
  return [...(result.ok ? [] : result.problems), ...result.warnings].map((problem) => `${problem.severity[0]} ${formatProblem(problem)}`)
}

/** The project; throws with its problems when there is none. */
export function projectOf(files: Files | string): Project {
  const result = readManifest(treeOf(filesOf(files)), SUPPORT)
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.project
}

/** One application `app` with these keys, Node.js 22 and a start command. */
export function flexOf(keys: string, more = ''): string {
  const indented = keys.split('\n').map((line) => `    ${line}`)
  const web = /^web:/m.test(keys) ? '' : '\n    web: {commands: {start: node server.js}}'
  return `applications:\n  app:\n    type: nodejs:22${web}\n${indented.join('\n')}\n${more}`
}

export function applicationOf(keys: string, more = ''): Application {
  const [application] = projectOf(flexOf(keys, more)).applications
  if (application === undefined) throw new Error('no application')
  return application
}

function filesOf(files: Files | string): Files {
  return typeof files === 'string' ? { '.upsun/config.yaml': files } : files
}
