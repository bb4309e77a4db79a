// What can go wrong in an engine, and what the person reading should do next.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('engine', {
  programs_missing: { status: 500, advice: 'Install the packages named in the message, or run Friday with the `process` engine.' },
  not_root: { status: 500, advice: 'Run Friday as root on Linux, or with the `process` engine.' },
  invalid: { status: 400, advice: 'Correct the value named in the message.' },
  no_network: { status: 404, advice: 'Create the network of the environment first.' },
  network_failed: { status: 500, advice: 'Read what `ip` or `nft` said; the next attempt repairs what is half made.' },
  addresses_used_up: { status: 507, advice: 'Delete environments or listeners that are no longer needed.' },
  block_taken: { status: 409, advice: 'Stop the other Friday on this machine, or give this one a new folder.' },
  not_executable: { status: 422, advice: 'Check the command, and that the build or runtime brings the program.' },
  mount_failed: { status: 422, advice: 'Create the folder inside the artifact when it is built, so that there is a place to mount on.' },
  start_failed: { status: 500, advice: 'Read what the runtime said; it names the cause.' },
  no_process: { status: 404, advice: 'Check the id with `friday status`; the process may have been stopped.' },
  not_running: { status: 409, advice: 'Start the environment, or wait until the process is back; its log says why it ended.' },
  own_failed: { status: 500, advice: 'Check the file system that holds the location.' },
  disposed: { status: 503, advice: 'The control plane is shutting down; try again on the new one.' },
})
