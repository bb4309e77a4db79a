// The contract of every service driver as tests on the real program. A driver's own test calls `serviceConformance` and adds what only it has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHarness, type Harness, type Running } from './conformance.harness.ts'
import type { RelationshipEntry, Service, ServiceConfiguration, ServiceInstance } from './service.ts'

export interface Subject {
  readonly service: Service
  readonly wanted: string
  readonly configuration: ServiceConfiguration
  /** A configuration that `check` must refuse. */
  readonly wrongConfiguration: ServiceConfiguration
  /** What an application does with the entry it is given. */
  put(entry: RelationshipEntry, key: string, value: string): Promise<void>
  get(entry: RelationshipEntry, key: string): Promise<string | undefined>
  /** Makes a schema change, for services that have one. */
  alter?(entry: RelationshipEntry): Promise<void>
  /** Tells an error that refuses a password from any other. */
  isRefusal(error: unknown): boolean
}

export function serviceConformance({ service, wanted, configuration, wrongConfiguration, put, get, alter, isRefusal }: Subject): void {
  describe(`${service.type} ${wanted} keeps the contract of a service`, () => {
    let harness: Harness
    const entryOf = (instance: ServiceInstance) => service.relationship(instance, service.endpoints(instance.configuration)[0] ?? '')
    const cloneOf = (running: Running, volume: string) => harness.start(volume, { former: running.instance.credentials })

    beforeAll(async () => {
      harness = await createHarness(service, wanted, configuration)
    })
    afterAll(async () => {
      await harness?.[Symbol.asyncDispose]()
    })

    test('a configuration is checked, and names its endpoints', () => {
      expect(service.check(configuration)).toEqual([])
      expect(service.endpoints(configuration).length).toBeGreaterThan(0)
      expect(service.endpoints({})).toContain(service.defaultEndpoint)
      for (const problem of service.check(wrongConfiguration)) {
        expect(problem).toEqual({ path: expect.any(String), message: expect.any(String), expected: expect.any(String) })
      }
      expect(service.check(wrongConfiguration)).not.toEqual([])
    })

    test('credentials are random, and only an entry shows them', () => {
      const [one, other] = [service.newCredentials(configuration), service.newCredentials(configuration)]
      expect(Object.keys(one)).toEqual(Object.keys(other))
      for (const [key, secret] of Object.entries(one)) {
        expect(secret.reveal()).not.toBe(other[key]?.reveal())
        expect(secret.reveal().length).toBeGreaterThanOrEqual(20)
      }
      expect(JSON.stringify(one)).not.toContain(Object.values(one)[0]?.reveal() ?? '')
    })

    test('an exact version is found for a major, and what does not exist is refused', async () => {
      const exact = await service.resolve(wanted)
      expect(exact).toMatchObject({ type: service.type, integrity: expect.stringMatching(/^sha\d+-/) })
      expect(await service.resolve(exact.version)).toEqual(exact)
      await expect(service.resolve('999')).rejects.toMatchObject({ status: 422 })
    })

    test('from nothing to a service that an application uses; a second start finds all as it was; it stops in order', async () => {
      const first = await harness.start(await harness.volume())
      await put(entryOf(first.instance), 'city', 'Zürich')
      expect(await service.settle(first.instance)).toBe(true)
      expect(await get(entryOf(first.instance), 'city')).toBe('Zürich')
      expect(await first.stop()).toBe(0)
      await expect(service.settle(first.instance)).resolves.toBe(false)

      const second = await harness.start(first.volume, { credentials: first.instance.credentials })
      expect(await get(entryOf(second.instance), 'city')).toBe('Zürich')
      expect(await second.stop()).toBe(0)
    })

    test('it comes back after it was killed', async () => {
      const first = await harness.start(await harness.volume(), { durable: true })
      await put(entryOf(first.instance), 'kept', 'yes')
      await service.quiesce(first.instance)
      await first.kill()
      const second = await harness.start(first.volume, { durable: true, credentials: first.instance.credentials })
      expect(await get(entryOf(second.instance), 'kept')).toBe('yes')
      await second.stop()
    })

    test('a clone taken while it is stopped, and one while it is held still, are whole, alike and apart', async () => {
      const original = await harness.start(await harness.volume())
      const entry = entryOf(original.instance)
      await put(entry, 'where', 'original')
      await alter?.(entry)
      await service.quiesce(original.instance)
      let copy = ''
      await original.frozen(async () => {
        copy = await harness.copy(original.volume)
      })
      const clone = await cloneOf(original, copy)
      const cloned = entryOf(clone.instance)
      expect(await get(cloned, 'where')).toBe('original')
      await put(cloned, 'where', 'clone')
      expect(await get(entry, 'where')).toBe('original')
      expect(await service.schema(clone.instance)).toEqual(await service.schema(original.instance))
      expect(await service.size(clone.instance)).toEqual(await service.size(original.instance))
      await clone.stop()

      await original.stop()
      const cold = await cloneOf(original, await harness.copy(original.volume))
      expect(await get(entryOf(cold.instance), 'where')).toBe('original')
      await cold.stop()
    })

    test('a clone is given passwords of its own, and the former ones end', async () => {
      const running = await harness.start(await harness.volume())
      const former = entryOf(running.instance)
      await put(former, 'city', 'Bern')
      const credentials = service.newCredentials(configuration)
      const own = { ...running.instance, credentials }
      expect(await service.settle(own, running.instance.credentials)).toBe(true)
      // As after a crash between the server's change and ours.
      expect(await service.settle(own, running.instance.credentials)).toBe(true)
      expect(await service.settle(own)).toBe(true)
      expect(await get(entryOf(own), 'city')).toBe('Bern')
      await expect(get(former, 'city')).rejects.toSatisfy(isRefusal)
      await expect(service.settle(running.instance)).rejects.toSatisfy(isRefusal)
      expect(running.output()).not.toContain(Object.values(credentials)[0]?.reveal())
      await running.stop()
    })
  })
}
