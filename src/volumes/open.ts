// Opens the volume driver of a machine: the one the settings name, else the best it can do.
import type { Log } from '#lib/log.ts'
import { createBtrfsVolumes } from './btrfs/btrfs.ts'
import { chooseVolumes } from './choose.ts'
import { createCopyVolumes } from './copy/copy.ts'
import { readVolumeFacts } from './facts.ts'
import { createReflinkVolumes } from './reflink/reflink.ts'
import type { Volumes } from './volumes.ts'

export async function openVolumes(options: { folder: string; setting: Volumes['name'] | 'auto'; log: Log }): Promise<Volumes> {
  const { folder, setting, log } = options
  const facts = await readVolumeFacts(folder)
  const choice = chooseVolumes(setting === 'auto' ? facts : { ...facts, setting })
  log.info({ driver: choice.driver, reason: choice.reason }, 'volumes')
  const volumes = create(choice, folder, log)
  await volumes.open()
  return volumes
}

function create({ driver, pool }: ReturnType<typeof chooseVolumes>, folder: string, log: Log): Volumes {
  switch (driver) {
    case 'btrfs':
      return createBtrfsVolumes({ folder, log, ...(pool === 'folder' ? { pool: folder } : {}) })
    case 'reflink':
      return createReflinkVolumes({ folder })
    case 'copy':
      return createCopyVolumes({ folder })
  }
}
