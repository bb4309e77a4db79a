// The few files of /etc.
import { expect, test } from 'vitest'
import { etcFiles, usableResolvers } from './etc.ts'

test('name servers on loopback or on one link are of no use elsewhere', () => {
  expect(
    usableResolvers(
      '# nameserver 9.9.9.9\nnameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\n nameserver 10.0.0.1\nnameserver 2001:db8::1\n',
    ),
  ).toEqual(['10.0.0.1', '2001:db8::1'])
})

test('a home folder cannot add a user', () => {
  const { passwd = '' } = etcFiles('web', 7, '/x:/bin/sh\nroot2:x:0:0::/:/bin/sh', {}, [])
  expect(passwd.trim().split('\n')).toHaveLength(3)
  expect(passwd).toContain('app:x:7:7:app:')
})

test('hosts and the process’s own name', () => {
  expect(etcFiles('web', 7, '/tmp', { 'db.internal': '100.64.0.8' }, ['10.0.0.1'])).toMatchObject({
    hosts: expect.stringContaining('100.64.0.8\tdb.internal\n'),
    hostname: 'web\n',
    'resolv.conf': 'nameserver 10.0.0.1\n',
  })
})
