// An application's configuration in the shape that the format documents for PLATFORM_APPLICATION, which scripts in the wild read with jq.
import type { BuildConfig } from './build-config.ts'
import type { Application, ContainerSettings, Json, MountDefinition, Variables, Web, WebLocation } from './project.ts'

interface Frame {
  readonly name: string
  readonly treeId: string
  /** Where the application's files lie, as it sees them. */
  readonly appDir: string
}

/** What a running application sees of itself. */
export function runView(application: Application, { name, treeId, appDir }: Frame): Json {
  const { type, build, dependencies, hooks, web, workers, crons, timezone } = application
  return {
    name,
    type: `${type.runtime}:${type.version}`,
    tree_id: treeId,
    app_dir: appDir,
    build: { flavor: build.flavor ?? null },
    dependencies,
    hooks: { build: hooks.build ?? null, deploy: hooks.deploy ?? null, post_deploy: hooks.postDeploy ?? null },
    ...containerView(application),
    web: web === undefined ? null : webView(web),
    workers: byName(workers, (worker) => ({ commands: commandsView(worker.commands), ...containerView(worker) })),
    crons: byName(crons, ({ spec, commands, shutdownTimeout, timeout }) => ({
      spec,
      commands: { start: commands.start, stop: commands.stop ?? null },
      shutdown_timeout: shutdownTimeout,
      timeout,
    })),
    timezone,
  }
}

/** What a build sees: nothing that could change without another build. */
export function buildView({ type, flavor, dependencies, hook, env, prefixed, mounts }: BuildConfig, { name, treeId, appDir }: Frame): Json {
  return {
    name,
    type: `${type.runtime}:${type.version}`,
    tree_id: treeId,
    app_dir: appDir,
    build: { flavor },
    dependencies,
    hooks: { build: hook },
    variables: variablesView({ env, prefixed }),
    mounts: mountsView(mounts),
  }
}

function containerView({ relationships, mounts, variables, access, additionalHosts, resources }: ContainerSettings) {
  return {
    relationships: byName(relationships, ({ service, endpoint }) => `${service}:${endpoint}`),
    mounts: mountsView(mounts),
    variables: variablesView(variables),
    access: { ssh: access.ssh },
    additional_hosts: additionalHosts,
    size: resources.size ?? 'AUTO',
    disk: resources.disk ?? null,
  }
}

/** By path, with a slash before it: so it can follow PLATFORM_APP_DIR with or without one between. */
function mountsView(mounts: readonly MountDefinition[]): { readonly [path: string]: Json } {
  return Object.fromEntries(
    mounts.map(({ path, source, sourcePath, service }) => [
      `/${path}`,
      { source, source_path: sourcePath, ...(service === undefined ? {} : { service }) },
    ]),
  )
}

function variablesView({ env, prefixed }: Variables): Json {
  const groups: Record<string, Record<string, Json>> = { env: { ...env } }
  for (const [whole, value] of Object.entries(prefixed)) {
    const colon = whole.indexOf(':')
    const group = (groups[whole.slice(0, colon)] ??= {})
    group[whole.slice(colon + 1)] = value
  }
  return groups
}

function webView({ commands, upstream, locations }: Web): Json {
  return {
    commands: commandsView(commands),
    upstream: { socket_family: upstream.socketFamily, protocol: upstream.protocol },
    locations: Object.fromEntries(locations.map((location) => [location.path, locationView(location)])),
  }
}

function locationView({ root, index, passthru, allow, scripts, expires, headers, rules }: WebLocation): Json {
  return {
    root: root ?? null,
    index,
    passthru,
    allow,
    scripts,
    expires,
    headers,
    rules: Object.fromEntries(rules.map(({ pattern, ...settings }) => [pattern, settings])),
  }
}

function commandsView(commands: Web['commands']): Json {
  return { pre_start: commands.preStart ?? null, start: commands.start ?? null, post_start: commands.postStart ?? null }
}

function byName<T extends { readonly name: string }>(list: readonly T[], view: (one: T) => Json): { readonly [name: string]: Json } {
  return Object.fromEntries(list.map((one) => [one.name, view(one)]))
}
