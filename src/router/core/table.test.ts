// The table of sites: who gets a host, who is refused, and what a path of it falls to.
import { expect, test } from 'vitest'
import type { Route, Site } from '#router/router.ts'
import { emptyTable, findHost, findRoute, withoutSite, withSite } from './table.ts'

function site(id: string, ...hosts: string[]): Site {
  const routes = hosts.map((at): Route => {
    const slash = at.includes('/') ? at.indexOf('/') : at.length
    return {
      kind: 'redirect',
      host: at.slice(0, slash),
      path: at.slice(slash) || '/',
      original: at,
      redirects: [],
      to: 'https://x.test/',
      code: 301,
    }
  })
  return { id, routes, headers: {}, notice: undefined }
}

test('exact beats wildcard, the longer wildcard the shorter, the longer path the shorter', () => {
  const table = [site('a', 'x.test', 'x.test/api/', 'x.test/api/v1/'), site('b', '*.test'), site('c', '*.y.test')].reduce(
    withSite,
    emptyTable,
  )
  const idOf = (host: string) => findHost(table, host)?.site.site.id
  expect(['x.test', 'z.test', 'a.y.test', 'test', 'y.test', 'nowhere'].map(idOf)).toEqual(['a', 'b', 'c', undefined, 'b', undefined])
  const entry = findHost(table, 'x.test')
  const pathOf = (path: string) => entry && findRoute(entry, path)?.route.path
  expect(['/', '/api', '/api/v1/x', '/apiv1'].map(pathOf)).toEqual(['/', '/api/', '/api/v1/', '/'])
})

test('a host belongs to one site, until that site lets go', () => {
  const table = [site('a', 'x.test'), site('b', 'y.test')].reduce(withSite, emptyTable)
  expect(() => withSite(table, site('a', 'X.test', 'y.test'))).toThrow('The host y.test of site a already belongs to site b')
  expect(() => withSite(table, site('c', 'x.test'))).toThrow('The host x.test of site c already belongs to site a')
  expect(findHost(withSite(withoutSite(table, 'b'), site('a', 'y.test')), 'y.test')?.site.site.id).toBe('a')
  expect(findHost(withSite(table, site('a')), 'x.test')).toBeUndefined()
})

test.each(['', '*', '*.', 'a.*.test', '-a.test', 'a b', 'a..test', 'a.test:80', 'a/b', 'a\r\nb'])('%j is no host', (host) => {
  const [route] = site('a', 'x').routes
  const routes = route === undefined ? [] : [{ ...route, host }]
  expect(() => withSite(emptyTable, { ...site('a'), routes })).toThrow('site a, route x')
})
