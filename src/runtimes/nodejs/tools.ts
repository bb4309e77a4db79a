// The package managers that come with each Node.js: pinned here, so that a build does not change because one of them was published.
import { compareVersions } from '#registry/versions.ts'

export interface Tool {
  readonly name: 'npm' | 'yarn' | 'pnpm'
  readonly version: string
  readonly integrity: string
  /** Commands to files of the package. */
  readonly commands: Readonly<Record<string, string>>
}

const NPM_COMMANDS = { npm: 'bin/npm-cli.js', npx: 'bin/npx-cli.js' }

const NPM_9: Tool = {
  name: 'npm',
  version: '9.9.4',
  integrity: 'sha512-NzcQiLpqDuLhavdyJ2J3tGJ/ni/ebcqHVFZkv1C4/6lblraUPbPgCJ4Vhb4oa3FFhRa2Yj9gA58jGH/ztKueNQ==',
  commands: NPM_COMMANDS,
}
const NPM_10: Tool = {
  name: 'npm',
  version: '10.9.9',
  integrity: 'sha512-1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg==',
  commands: NPM_COMMANDS,
}
const NPM_11: Tool = {
  name: 'npm',
  version: '11.21.2',
  integrity: 'sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
  commands: NPM_COMMANDS,
}
const YARN: Tool = {
  name: 'yarn',
  version: '1.22.22',
  integrity: 'sha512-prL3kGtyG7o9Z9Sv8IPfBNrWTDmXB4Qbes8A9rEzt6wkJV8mUvoirjU0Mp3GGAU06Y0XQyA3/2/RQFVuK7MTfg==',
  commands: { yarn: 'bin/yarn.js', yarnpkg: 'bin/yarn.js' },
}
const PNPM: Tool = {
  name: 'pnpm',
  version: '10.34.8',
  integrity: 'sha512-9ieo6XE0Ov5J39D2PQKCNCAd+oMdXLWIcz4eX42ya/FpiaMhYatcG02zsf28NzFgYGtbieAC323RmoWt+R/FqA==',
  commands: { pnpm: 'bin/pnpm.cjs', pnpx: 'bin/pnpx.cjs' },
}

/**
 * npm's major is the one that Node's own distribution of that major bundles (10 up to Node 23, 11 from 24), or the one before
 * where an early release of a major is too old for it. Classic yarn hands over to the yarn a project pins; so does pnpm.
 */
export function toolsFor(node: string): readonly Tool[] {
  const least = (version: string) => compareVersions(node, version) >= 0
  if (least('24.0.0')) return [NPM_11, YARN, PNPM]
  const npm10 = (least('18.17.0') && !least('19.0.0')) || least('20.5.0')
  const npm = npm10 ? NPM_10 : NPM_9
  return least('18.12.0') ? [npm, YARN, PNPM] : [npm, YARN]
}
