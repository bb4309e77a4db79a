// What can go wrong with the Node.js runtime.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('nodejs', {
  version: { status: 422, advice: 'Name one of the majors listed, or a published version of it, in `type`.' },
  platform: { status: 501, advice: 'Run Friday on Linux or macOS, x64 or arm64.' },
  flavor: { status: 422, advice: 'Remove build.flavor, or set it to "none" and install packages in the build hook.' },
  dependency: { status: 422, advice: 'Write it as `typescript: "^5.6"`; install anything else in the build hook.' },
})
