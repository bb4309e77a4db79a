// Hostile requests to the router: whatever the Host header says, an environment answers for its own names only.

export interface HostCase {
  readonly name: string
  /** Request line and headers, each with its end; PORT is the router's. */
  readonly head: string
  readonly says: RegExp
}

const REFUSED = /^HTTP\/1\.1 4(?:00|04|21) /

export const hosts: readonly HostCase[] = [
  to('its own name', 'main.hostile.localhost:PORT', /^HTTP\/1\.1 200 /),
  to('another environment of nobody', 'nobody.hostile.localhost:PORT', REFUSED),
  to('a name in front', 'evil.main.hostile.localhost:PORT', REFUSED),
  to('a name behind', 'main.hostile.localhost.evil:PORT', REFUSED),
  to('a user in front', 'evil@main.hostile.localhost:PORT', REFUSED),
  to('a user that looks like it', 'main.hostile.localhost@evil', REFUSED),
  to('a path', 'main.hostile.localhost/../other', REFUSED),
  to('a list', 'main.hostile.localhost, evil', REFUSED),
  to('a space', 'main.hostile.localhost evil', REFUSED),
  to('a prototype name', '__proto__', REFUSED),
  to('a pattern', '*.hostile.localhost', REFUSED),
  to('the router itself', '127.0.0.1:PORT', REFUSED),
  to('an encoded name', 'main%2ehostile.localhost:PORT', REFUSED),
  { name: 'no host', head: 'GET / HTTP/1.1\r\n', says: REFUSED },
  { name: 'two hosts', head: 'GET / HTTP/1.1\r\nhost: main.hostile.localhost\r\nhost: nobody.hostile.localhost\r\n', says: REFUSED },
  {
    name: 'a host by another header',
    head: 'GET / HTTP/1.1\r\nhost: nobody.hostile.localhost\r\nx-forwarded-host: main.hostile.localhost\r\nx-host: main.hostile.localhost\r\n',
    says: REFUSED,
  },
  {
    name: 'a target of another host',
    head: 'GET http://nobody.hostile.localhost/ HTTP/1.1\r\nhost: main.hostile.localhost\r\n',
    says: REFUSED,
  },
]

function to(name: string, host: string, says: RegExp): HostCase {
  return { name, head: `GET / HTTP/1.1\r\nhost: ${host}\r\n`, says }
}
