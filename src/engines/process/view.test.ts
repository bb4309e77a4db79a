// Inside paths without mounts.
import { expect, test } from 'vitest'
import { hostPath } from '#lib/location.ts'
import { viewOf } from './view.ts'

const app = { source: hostPath('/artifacts/1'), target: '/app', readonly: true }
const uploads = { source: hostPath('/volumes/1'), target: '/app/public/uploads', readonly: false }

test('a mount on its own is its source', () => {
  const view = viewOf('/views/x', [app])
  expect(view('/app')).toBe('/artifacts/1')
  expect(view('/app/server.js')).toBe('/artifacts/1/server.js')
  expect(view('/application')).toBe('/application')
})

test('a mount with another laid over it is a tree of links, and so is all inside', () => {
  const view = viewOf('/views/x', [uploads, app])
  expect(view('/app/server.js')).toBe('/views/x/app/server.js')
  expect(view('/app/public/uploads/a')).toBe('/views/x/app/public/uploads/a')
  expect(view('/usr/bin/node')).toBe('/usr/bin/node')
})
