// What can go wrong with a package registry.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('registry', {
  unreachable: { status: 502, advice: 'Check the network, the proxy settings and the registry address of this Friday, then try again.' },
  no_package: { status: 404, advice: 'Check the registry address of this Friday: the package is published on registry.npmjs.org.' },
  no_version: { status: 422, advice: 'Name a published version.' },
  integrity: {
    status: 502,
    advice:
      'Something between this machine and the registry altered the package; nothing of it was kept. Try again or use another registry.',
  },
  unpack: { status: 500, advice: 'Check the free space of the data folder and that tar is installed.' },
})
