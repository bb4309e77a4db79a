// What a build of a Node.js application runs before the project's own build hook.
import type { BuildCommand, RuntimeBuild } from '#runtimes/runtime.ts'
import { fail } from './errors.ts'

/** `node_modules` of a fresh build is empty unless the project commits it: only then is there something to prune. */
const DEFAULT_FLAVOR = `if [ -d node_modules ]; then npm prune --userconfig .npmrc || exit; fi
npm install --userconfig .npmrc`

const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[A-Za-z0-9][A-Za-z0-9._~-]*$/
/** What npm takes after `name@`: ranges, tags, and addresses of packages; nothing that ends a single-quoted word. */
const CONSTRAINT = /^[A-Za-z0-9 .,:;~^*<>=|@/+#_&?%-]*$/

/** The global tools first, then the flavor, as the vendor's build log shows them. */
export function nodejsBuildCommands({ flavor, dependencies, has }: RuntimeBuild): readonly BuildCommand[] {
  const commands: BuildCommand[] = []
  const wanted = Object.entries(dependencies)
  if (wanted.length > 0) {
    const words = wanted.map(([name, constraint]) => quoted(name, constraint))
    commands.push({
      title: `Installing global tools: ${wanted.map(([name]) => name).join(', ')}`,
      script: `npm install --global --prefix "$PWD/.global" -- ${words.join(' ')}`,
    })
  }
  if (flavor !== undefined && flavor !== 'default' && flavor !== 'none') {
    throw fail('flavor', `build.flavor is "${flavor}", expected "default" or "none" for nodejs`, { flavor })
  }
  if (flavor !== 'none' && has('package.json')) {
    commands.push({ title: 'Installing packages with npm (build.flavor: default)', script: DEFAULT_FLAVOR })
  }
  return commands
}

function quoted(name: string, constraint: string): string {
  if (!PACKAGE_NAME.test(name)) {
    throw fail('dependency', `dependencies.nodejs names the package ${JSON.stringify(name)}, expected an npm package name`, { name })
  }
  if (!CONSTRAINT.test(constraint)) {
    throw fail('dependency', `dependencies.nodejs.${name} is ${JSON.stringify(constraint)}, expected a version constraint`, { name })
  }
  return constraint === '' ? `'${name}'` : `'${name}@${constraint}'`
}
