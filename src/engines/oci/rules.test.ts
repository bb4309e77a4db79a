// The firewall as text.
import { expect, test } from 'vitest'
import { subnetOf } from './addresses.ts'
import { firewall, hostLinks, innerLinks } from './rules.ts'

const RULES = { table: 'friday_abc', linkPrefix: 'fri-abc-', block: '100.64.0.0/18' }

test('a table that is replaced in one transaction', () => {
  const text = firewall({ ...RULES, sealed: ['fri-abc-1', 'fri-abc-2'] })
  expect(text.startsWith('add table inet friday_abc\ndelete table inet friday_abc\ntable inet friday_abc {')).toBe(true)
  expect(text).toContain('elements = { "fri-abc-1", "fri-abc-2" }')
  expect(firewall({ ...RULES, sealed: [] })).not.toContain('elements')
})

test('a sealed network is refused before anything that might let its packets through', () => {
  const forward = firewall({ ...RULES, sealed: ['fri-abc-1'] }).split('chain forward')[1] ?? ''
  expect(forward.indexOf('@sealed reject')).toBeLessThan(forward.indexOf('established,related accept'))
})

test('the longest names of links are not longer than the kernel takes', () => {
  const link = 'fri-abcdef-511'
  expect(link.length).toBeLessThanOrEqual(15)
  expect(hostLinks('friday-abcdef-511', link, subnetOf(0, 511), 1400)).toContain(
    `link add ${link} mtu 1400 type veth peer name eth0 mtu 1400 netns friday-abcdef-511`,
  )
  expect(innerLinks(subnetOf(0, 0))).toContain('route add local 100.64.0.8/29 dev lo')
})
