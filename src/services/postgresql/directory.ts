// The data folder of a server: made ready before every start.
import { constants } from 'node:fs'
import { lstat, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'
import type { ServiceInstance, ServiceProcess } from '#services/service.ts'
import type { Secret } from '#lib/secret.ts'
import { ADMIN } from './configuration.ts'
import { fail } from './errors.ts'
import { processesIn } from './running.ts'
import { CLIENT_RULES, serverSettings } from './settings.ts'

/** Below the volume, so that a half-made folder is never taken for a whole one. */
export const FOLDER = 'pgdata'
export const SETTINGS_FILE = 'friday.conf'

/** Of a former server, or of a standby that a clone must not go on being. */
const LEFTOVERS = ['postmaster.pid', 'postmaster.opts', 'standby.signal', 'recovery.signal']

/**
 * initdb reads the password from a file: the script makes it from the environment, in the private /tmp. $1 = initdb, $2 = the volume,
 * the rest = options. Whole or not at all; running it again over a whole folder does nothing.
 */
const INITIALISE = `set -eu
[ ! -e "$2/${FOLDER}/PG_VERSION" ] || exit 0
initdb=$1 volume=$2
shift 2
new="$volume/${FOLDER}.new"
rm -rf "$new"
[ ! -e "$volume/${FOLDER}" ] || { echo "$volume/${FOLDER} is there but is no database" >&2; exit 1; }
umask 077
secret=$(mktemp)
trap 'rm -rf "$secret" "$new"' EXIT
printf '%s' "$FRIDAY_PASSWORD" > "$secret"
unset FRIDAY_PASSWORD
"$initdb" --pgdata "$new" --pwfile "$secret" "$@" >/dev/null
mv "$new" "$volume/${FOLDER}"`

interface NewCluster {
  /** Of the server: `17.10`. */
  readonly version: string
  /** Of the superuser `friday`. */
  readonly password: Secret
  readonly durable: boolean
  /** Folder of initdb, and the folder to make the data in, as the process sees them. */
  readonly programs: string
  readonly dataPath: string
}

/**
 * Text is UTF-8 and sorts by code point, by rules that come with the server (its own provider from 17, C before): an order that
 * depended on the machine's C library or ICU would corrupt indexes the day a clone opens on another machine.
 */
export function initialiseProcess({ version, password, durable, programs, dataPath }: NewCluster): ServiceProcess {
  const characters = process.platform === 'darwin' ? 'UTF-8' : 'C.UTF-8'
  const own = Number(version.split('.')[0]) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [`--lc-ctype=${characters}`]
  const options = ['--encoding=UTF8', '--locale=C', ...own, '--data-checksums', ...(durable ? [] : ['--no-sync'])]
  return {
    argv: ['/bin/sh', '-c', INITIALISE, 'sh', `${programs}/initdb`, dataPath, `--username=${ADMIN}`, '--auth=scram-sha-256', ...options],
    cwd: dataPath,
    env: { FRIDAY_PASSWORD: password, LC_ALL: 'C' },
  }
}

/** Refuses what must not be started, removes a former server's leftovers and writes the configuration. `volume` is on the host. */
export async function prepareDirectory(instance: ServiceInstance, volume: string): Promise<void> {
  const folder = join(volume, FOLDER)
  await refuseForeign(instance, folder)
  const running = (await readIfThere(join(folder, 'postmaster.pid'))) === undefined ? [] : await processesIn(folder)
  if (running.length > 0) {
    throw fail('in_use', `A server already runs on the data of ${instance.name} (process ${running.join(', ')})`, { folder })
  }
  await Promise.all([
    ...LEFTOVERS.map(async (leftover) => rm(join(folder, leftover), { force: true })),
    writeOwned(folder, SETTINGS_FILE, serverSettings(instance)),
    writeOwned(folder, 'pg_hba.conf', CLIENT_RULES),
  ])
}

async function refuseForeign(instance: ServiceInstance, folder: string): Promise<void> {
  const major = instance.service.version.split('.')[0]
  const version = (await readIfThere(join(folder, 'PG_VERSION')))?.trim()
  if (version === undefined) throw fail('not_initialised', `There is no PostgreSQL data for ${instance.name} in ${folder}`, { folder })
  if (version !== major) {
    throw fail('major_changed', `The data of ${instance.name} is of PostgreSQL ${version}, ${major} cannot open it`, { folder })
  }
  for (const path of ['', 'pg_wal', 'pg_tblspc']) {
    const found = await lstat(join(folder, path))
    if (!found.isDirectory()) throw fail('tablespace', `${join(folder, path)} is not a folder of the volume itself`, { folder })
  }
  const [tablespace] = await readdir(join(folder, 'pg_tblspc'))
  if (tablespace !== undefined) {
    throw fail('tablespace', `The data of ${instance.name} has a tablespace (${tablespace}) outside its folder`, { folder })
  }
}

/**
 * Atomic, never through a link, owned by whoever owns the folder; nothing is written when it is there already. Not synced: it is written
 * again before every start.
 */
async function writeOwned(folder: string, file: string, content: string): Promise<void> {
  const owner = await lstat(folder)
  const present = await lstat(join(folder, file)).catch(() => undefined)
  if (present?.isFile() && present.uid === owner.uid && (await readRegular(join(folder, file))) === content) return
  const temporary = join(folder, `.${file}.${randomBytes(6).toString('hex')}`)
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, 'wx', 0o600)
    await handle.writeFile(content)
    await handle.chown(owner.uid, owner.gid)
    await rename(temporary, join(folder, file))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle?.close()
  }
}

async function readRegular(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
