import { expect, test } from 'vitest'
import { compareVersions, newestVersion } from './versions.ts'

test('versions are ordered by number, and a pre-release comes before its release', () => {
  const ordered = ['9.9.0', '10.0.0-alpha.2', '10.0.0-beta.2', '10.0.0-beta.10', '10.0.0-beta.10.1', '10.0.0', '10.2.0', '10.10.0']
  expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered)
})

test('a beginning of a version finds its newest, number by number', () => {
  const versions = ['2.9.9', '22.9.0', '22.23.3', '22.23.10', '22.24.0-rc.1', '220.0.0']
  expect(newestVersion(versions, '22')).toBe('22.23.10')
  expect(newestVersion(versions, '22.9')).toBe('22.9.0')
  expect(newestVersion(versions, '22.23.3')).toBe('22.23.3')
  expect(newestVersion(versions, '2')).toBe('2.9.9')
  expect(newestVersion(versions, '22.24')).toBeUndefined()
  expect(newestVersion(versions, '22.24.0-rc.1')).toBe('22.24.0-rc.1')
  for (const odd of ['', 'latest', '^22', '22.', '22.23.3.4', '../22']) expect(newestVersion(versions, odd)).toBeUndefined()
})

test('packages that publish only pre-releases are read by their numbers', () => {
  const versions = ['17.9.0-beta.16', '17.9.0-beta.17', '17.10.0-beta.17', '18.4.0-beta.17']
  expect(newestVersion(versions, '17')).toBeUndefined()
  expect(newestVersion(versions, '17', { prereleases: true })).toBe('17.10.0-beta.17')
  expect(newestVersion(versions, '17.9', { prereleases: true })).toBe('17.9.0-beta.17')
})
