// The variables an application sees, as the project format documents them: PLATFORM_*, relationships, its own. Pure.
import { buildConfigOf } from '#manifest/build-config.ts'
import { buildView } from '#manifest/view.ts'
import type { RelationshipEntry } from '#services/service.ts'
import type { PlannedApplication } from './plan.ts'

export interface VariableInputs {
  readonly phase: 'build' | 'run'
  readonly project: { readonly name: string; readonly entropy: string }
  readonly application: {
    readonly name: string
    readonly config: unknown
    readonly env: Readonly<Record<string, string>>
    readonly prefixed: Readonly<Record<string, unknown>>
  }
  readonly treeId: string
  readonly appDir: string
  readonly environment?: { readonly branch: string; readonly slug: string; readonly type: string }
  readonly relationships?: Readonly<Record<string, readonly RelationshipEntry[]>>
  readonly routes?: Readonly<Record<string, unknown>>
  readonly documentRoot?: string
  readonly port?: number
  /** Flex projects also get every field of a relationship as a variable of its own. */
  readonly flex: boolean
}

export function variablesOf(inputs: VariableInputs): Record<string, string> {
  const { phase, project, application, environment } = inputs
  const common = {
    ...application.env,
    PLATFORM_APP_DIR: inputs.appDir,
    PLATFORM_APPLICATION: encode(application.config),
    PLATFORM_APPLICATION_NAME: application.name,
    PLATFORM_PROJECT: project.name,
    PLATFORM_PROJECT_ENTROPY: project.entropy,
    PLATFORM_TREE_ID: inputs.treeId,
    PLATFORM_VARIABLES: encode(application.prefixed),
    PLATFORM_VENDOR: 'friday',
  }
  if (phase === 'build') return common
  const relationships = inputs.relationships ?? {}
  return {
    ...(inputs.flex ? flexVariables(relationships) : {}),
    ...common,
    ...(environment === undefined
      ? {}
      : { PLATFORM_BRANCH: environment.branch, PLATFORM_ENVIRONMENT: environment.slug, PLATFORM_ENVIRONMENT_TYPE: environment.type }),
    PLATFORM_DOCUMENT_ROOT: inputs.documentRoot ?? inputs.appDir,
    PLATFORM_RELATIONSHIPS: encode(relationships),
    PLATFORM_ROUTES: encode(inputs.routes ?? {}),
    // No mail leaves an environment of this Friday; empty is how the format says so.
    PLATFORM_SMTP_HOST: '',
    ...(inputs.port === undefined ? {} : { PORT: String(inputs.port) }),
  }
}

/** What a build of the application sees: nothing of services, routes or any environment, so that its artifact fits all of them. */
export function buildVariablesOf(
  project: { readonly name: string; readonly entropy: string },
  { manifest, tree }: PlannedApplication,
): Record<string, string> {
  return variablesOf({
    phase: 'build',
    project,
    application: {
      name: manifest.name,
      config: buildView(buildConfigOf(manifest), { name: manifest.name, treeId: tree, appDir: '/app' }),
      env: manifest.variables.env,
      prefixed: manifest.variables.prefixed,
    },
    treeId: tree,
    appDir: '/app',
    flex: true,
  })
}

/** `DATABASE_HOST`, `DATABASE_URL`, … for a relationship `database`; the first entry of each speaks for it. */
export function flexVariables(relationships: Readonly<Record<string, readonly RelationshipEntry[]>>): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, [entry]] of Object.entries(relationships)) {
    if (entry === undefined) continue
    const prefix = name.toUpperCase().replace(/[^0-9A-Z_]/g, '_')
    for (const [key, value] of Object.entries(entry)) variables[`${prefix}_${key.toUpperCase()}`] = textOf(value)
    variables[`${prefix}_NAME`] = textOf(entry['path'])
    variables[`${prefix}_URL`] = urlOf(entry)
  }
  return variables
}

function urlOf(entry: RelationshipEntry): string {
  const part = (key: string) => encodeURIComponent(textOf(entry[key]))
  const user = entry['username'] == null ? '' : `${part('username')}:${part('password')}@`
  return `${textOf(entry['scheme'])}://${user}${textOf(entry['host'])}:${textOf(entry['port'])}/${entry['path'] == null ? '' : part('path')}`
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64')
}
