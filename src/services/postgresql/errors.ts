// What can go wrong with a PostgreSQL service.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('postgresql', {
  version: { status: 422, advice: 'Name one of the majors listed, or a published version of one, in `type`.' },
  platform: { status: 501, advice: 'Run Friday on Linux or macOS, x64 or arm64.' },
  not_initialised: { status: 500, advice: 'Making the database was cut short; remove what lies in its folder and deploy again.' },
  major_changed: {
    status: 422,
    advice:
      'Keep the former major, add a second service with the new one, move the data with pg_dump and pg_restore, then remove the first.',
  },
  in_use: { status: 409, advice: 'Stop the server that runs on this folder first; two servers on one folder destroy it.' },
  tablespace: { status: 422, advice: 'Move the tables back to the default tablespace: a snapshot holds only the data folder.' },
  tampered: { status: 409, advice: 'Reset what `alter database` set for roles and sessions, then deploy again.' },
  extension: { status: 422, advice: 'Remove it from configuration.extensions, or repair what the message names.' },
})
