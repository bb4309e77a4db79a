// Finds a project's configuration in the repository: which of the two layouts, which files, which part of them is what.
import { Place, type Problems } from '#manifest/schema/place.ts'
import type { Project } from '#manifest/project.ts'
import { flexSources } from './flex.ts'
import { fixedSources } from './fixed.ts'
import type { Sources } from './include.ts'
import type { Node } from './nodes.ts'

/** A definition with every include in it resolved. */
export interface Definition {
  readonly name: string
  /** Where the name is written. */
  readonly place: Place
  readonly node: Node
}

export interface ApplicationDefinition extends Definition {
  /** Directory in the repository, '' for its root. */
  readonly root: string
}

export interface Written {
  readonly format: Project['format']
  readonly applications: readonly ApplicationDefinition[]
  readonly services: readonly Definition[]
  readonly routes: readonly Definition[]
  /** For what concerns the whole. */
  readonly place: Place
}

/** Undefined when there is no configuration, which has been reported then. */
export function findSources(sources: Sources, problems: Problems): Written | undefined {
  const flex = flexSources(sources, problems)
  const fixed = fixedSources(sources, problems, flex !== undefined)
  const found = flex ?? fixed
  if (found === undefined) {
    const nowhere = new Place(problems, { file: '.upsun/config.yaml', line: 1, column: 1 })
    nowhere.error('there is no configuration', { expected: '.upsun/config.yaml, or .platform.app.yaml' })
  }
  return found
}
