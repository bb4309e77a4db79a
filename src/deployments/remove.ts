// Takes an environment away with all it owns, by recorded ownership; safe to run again after a crash.
import type { Engine } from '#engines/engine.ts'
import type { Environment, Environments } from '#environments/environments.ts'
import type { Router } from '#router/router.ts'
import type { Snapshots } from '#snapshots/snapshots.ts'

interface Dependencies {
  readonly engine: Engine
  readonly router: Router
  readonly snapshots: Snapshots
  readonly environments: Environments
}

export async function removeEnvironment(
  { engine, router, snapshots, environments }: Dependencies,
  environment: Environment,
): Promise<void> {
  await environments.update(environment.id, { status: 'deleting' })
  await router.remove(environment.id)
  await stopEverything(engine, environment)
  await engine.removeNetwork(environment.id)
  await snapshots.remove(environment)
  await environments.remove(environment.id)
}

/** Applications before the services they use. */
export async function stopEverything(engine: Engine, environment: Environment): Promise<void> {
  const own = (await engine.list()).filter(({ labels }) => labels['environment'] === environment.id)
  const [services, others] = [
    own.filter(({ labels }) => labels['role'] === 'service'),
    own.filter(({ labels }) => labels['role'] !== 'service'),
  ]
  await Promise.all(others.map(({ id }) => engine.stop(id)))
  await Promise.all(services.map(({ id }) => engine.stop(id)))
}
