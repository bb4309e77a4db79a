// One application: every key of the format, what it is for, and what Friday does with it.
import { field, record, type Values } from '#manifest/schema/record.ts'
import { anything, command, located, named, text, whole, type KeyRule, type Shape } from '#manifest/schema/shape.ts'
import { isTimezone } from '#manifest/cron.ts'
import { containerFields } from './container.ts'
import { CRON_NAME, PACKAGE_NAME, WORKER_NAME } from './names.ts'
import { stack } from './stack.ts'
import { commandFields, webFields } from './web.ts'

const DEPENDENCY_LANGUAGES = ['nodejs', 'php', 'python', 'python2', 'python3', 'ruby'] as const

const LANGUAGE: KeyRule = {
  noun: 'a language with dependencies',
  pattern: new RegExp(`^(?:${DEPENDENCY_LANGUAGES.join('|')})$`),
  expected: DEPENDENCY_LANGUAGES.join(', '),
}

const workerFields = {
  commands: field(
    record('worker commands', { ...commandFields, start: field(command(), commandFields.start.about, { required: true }) }),
    'What runs.',
    {
      required: true,
    },
  ),
  ...containerFields,
}

const cronFields = {
  spec: field(
    located(text('five fields: minute, hour, day of month, month, day of week')),
    'When it runs. `H` is a time that Friday picks.',
    {
      required: true,
    },
  ),
  commands: field(
    record('cron commands', {
      start: field(command(), 'What runs.', { required: true }),
      stop: field(command(), 'How it is ended; SIGTERM when there is none.', { notYet: 'ignored' }),
    }),
    'What runs.',
  ),
  cmd: field(command(), 'What runs.', { deprecated: 'commands.start' }),
  shutdown_timeout: field(whole(0, 86_400, ' seconds'), 'Time it gets to end.', { preset: '10', notYet: 'ignored' }),
  timeout: field(whole(1, 86_400, ' seconds'), 'Time it may run.', { preset: '86400' }),
}

export const applicationFields = {
  name: field(text('a name'), 'In `.platform` files: what the application is called.'),
  type: field(
    located(text('"runtime:version", like nodejs:22')),
    'The language runtime and its version. Required, unless `stack` names one.',
  ),
  stack: field(located(stack()), 'Runtimes and packages, of which Friday runs a single runtime of its own.'),
  source: field(
    record('source', {
      root: field(located(text('a directory of the repository')), 'Directory of the application.', { preset: 'the whole repository' }),
      operations: field(anything(), 'Commands that change the source.', { notYet: 'ignored' }),
    }),
    'Which part of the repository it is.',
  ),
  build: field(
    record('build', {
      flavor: field(
        text('none or default'),
        '`default` installs the packages of the project before the build hook; `none` leaves that to the hook.',
        {
          preset: 'default for nodejs',
        },
      ),
      caches: field(anything(), 'Directories kept from build to build.', { notYet: 'ignored' }),
    }),
    'What happens before the build hook.',
  ),
  dependencies: field(
    located(named(LANGUAGE, named(PACKAGE_NAME, constraint(), 'a map of packages to versions'))),
    'Global tools, there in the build and at run time.',
  ),
  runtime: field(located(anything()), 'Extensions and settings of PHP.'),
  hooks: field(
    record('hooks', {
      build: field(text('a script, run by sh'), 'Makes the artifact: network, no services, files can be written.'),
      deploy: field(
        text('a script, run by sh'),
        'Runs once per deployment, with services, before the new release gets requests. Its failure undoes the deployment.',
      ),
      post_deploy: field(text('a script, run by sh'), 'Runs when the new release is live.'),
    }),
    'Scripts at the steps of a deployment.',
  ),
  web: field(located(record('web', webFields)), 'The part that answers requests.'),
  workers: field(
    named(WORKER_NAME, record('a worker', workerFields)),
    'Processes beside the web one, from the same artifact. A key set here replaces the application’s.',
  ),
  crons: field(named(CRON_NAME, record('a cron', cronFields)), 'Commands that run at set times.'),
  timezone: field(
    text('a time zone like Europe/Berlin', (value) => (isTimezone(value) ? undefined : 'there is no such time zone')),
    'Whose clock the crons follow.',
    { preset: 'UTC' },
  ),
  operations: field(anything(), 'Commands that people start at run time.', { notYet: 'ignored' }),
  preflight: field(anything(), 'Checks before a build is used.', { notYet: 'ignored' }),
  tasks: field(anything(), 'Commands that run on request.', { notYet: 'ignored' }),
  authorizations: field(anything(), 'What tasks may do.', { notYet: 'ignored' }),
  allow_scaling_to_zero: field(anything(), 'Stops an application nobody uses.', { notYet: 'ignored' }),
  image: field(anything(), 'A container image of the project’s own.', { notYet: 'refused' }),
  support_oci_images: field(anything(), 'Allows `image`.', { notYet: 'ignored' }),
  egress: field(anything(), 'Hosts that may be reached.', { notYet: 'refused' }),
  ...containerFields,
}

export const applicationShape = record('an application', applicationFields)
export type WrittenApplication = Values<typeof applicationFields>
export type WrittenCron = Values<typeof cronFields>
export type WrittenContainer = Values<typeof containerFields>
export type WrittenWeb = Values<typeof webFields>

function constraint(): Shape<string> {
  return text('a version like "^1.22"', (value) => (/^[\x20-\x7e]{0,200}$/.test(value) ? undefined : 'this is not a version'))
}
