// Every error of the router, with what a person can do about it.
import { errorTable } from '#lib/errors.ts'

export const fail = errorTable('router', {
  host_taken: { status: 409, advice: 'Remove the host from the other site first, or choose another host for this route.' },
  bad_site: { status: 422, advice: 'Correct the named route in the project’s routes or web configuration and deploy again.' },
  bad_pattern: {
    status: 422,
    advice:
      'Write a simpler regular expression: at most 1000 characters, and no repeated groups together with lookarounds or back references.',
  },
  unknown_site: { status: 404, advice: 'Apply the site before holding it or reading its metrics.' },
  bad_request: { status: 400, advice: 'The router and its client speak different versions: restart the router.' },
  not_started: { status: 500, advice: 'Read the router’s log file; free the address or choose another one with the router settings.' },
  unreachable: {
    status: 503,
    advice: 'The router process does not answer on its control socket: start Friday again, it starts the router when it is gone.',
  },
})
