// Headers on their way through, and who the client is said to be.
import { expect, test } from 'vitest'
import { directIdentity, plainAddress, proxiedIdentity, trustList } from './client-identity.ts'
import { readHead, responseHeaders } from './headers.ts'

test('reads host and length in passing, and drops what belongs to the hop or to us', () => {
  const raw = [
    'Host',
    'a.test',
    'TE',
    'trailers',
    'Connection',
    'close, X-Hop, Cookie',
    'x-hop',
    '1',
    'Cookie',
    'c',
    'X-Forwarded-For',
    '6.6.6.6',
    'X-Real-IP',
    '6',
    'Content-Length',
    '3',
    'A',
    'b',
  ]
  expect(readHead(raw)).toEqual({
    host: 'a.test',
    pass: ['host', 'a.test', 'Cookie', 'c', 'Content-Length', '3', 'A', 'b'],
    length: 3,
    expects: false,
  })
  expect(readHead(['Host', 'a', 'Transfer-Encoding', 'chunked', 'Expect', '100-continue'])).toMatchObject({
    length: undefined,
    expects: true,
  })
  expect(readHead(['Host', 'a', 'host', 'b']).host).toBeUndefined()
  expect(readHead([]).host).toBeUndefined()
})

test('strips the hop from an answer and adds ours', () => {
  const raw = [
    'Connection',
    'X-Hop',
    'X-Hop',
    '1',
    'Keep-Alive',
    'timeout=5',
    'Set-Cookie',
    'a=1',
    'Set-Cookie',
    'b=2',
    'Transfer-Encoding',
    'chunked',
  ].map((text) => Buffer.from(text))
  expect(responseHeaders(raw, ['x-robots-tag', 'noindex'])).toEqual(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'x-robots-tag', 'noindex'])
})

test('a client is whom its connection shows, unless a trusted proxy says otherwise', () => {
  const trusted = trustList(['10.0.0.0/8', '::1'])
  const peer = { address: '10.0.0.1', tls: false, trusted: true }
  const raw = [
    'X-Forwarded-For',
    '6.6.6.6, 203.0.113.9',
    'x-forwarded-for',
    '10.0.0.2',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'shop.test',
  ]
  const said = (list: readonly string[]) =>
    Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])))
  expect(said(proxiedIdentity(peer, 'a.test', raw, trusted))).toEqual({
    'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.0.0.2, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-port': '443',
    'x-client-ip': '203.0.113.9',
    'x-client-ssl': 'on',
  })
  expect(said(directIdentity(peer, 'a.test:8080'))).toMatchObject({
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-port': '8080',
    'x-client-ssl': 'off',
  })
  expect(said(proxiedIdentity(peer, 'a.test', ['x-forwarded-proto', 'gopher', 'x-forwarded-host', 'a b'], trusted))).toMatchObject({
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'a.test',
  })
  expect(plainAddress('::ffff:1.2.3.4')).toBe('1.2.3.4')
  expect(() => trustList(['everyone'])).toThrow('everyone')
})
