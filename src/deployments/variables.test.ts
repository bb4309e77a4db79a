import { expect, test } from 'vitest'
import { flexVariables, variablesOf } from '#deployments/variables.ts'

const entry = {
  username: 'main',
  password: 'p@ss/1',
  scheme: 'pgsql',
  host: 'database.internal',
  port: 5432,
  path: 'main',
  query: { is_master: true },
  fragment: null,
}

test('every field of a relationship becomes a variable of its own', () => {
  expect(flexVariables({ 'my-db': [entry] })).toMatchObject({
    MY_DB_HOST: 'database.internal',
    MY_DB_PORT: '5432',
    MY_DB_NAME: 'main',
    MY_DB_FRAGMENT: '',
    MY_DB_QUERY: '{"is_master":true}',
    MY_DB_URL: 'pgsql://main:p%40ss%2F1@database.internal:5432/main',
  })
})

const inputs = {
  project: { name: 'shop', entropy: 'e' },
  application: { name: 'web', config: { name: 'web' }, env: { PLATFORM_BRANCH: 'forged', COLOR: 'red' }, prefixed: { 'php:x': 1 } },
  treeId: 't',
  appDir: '/app',
  relationships: { database: [entry] },
  environment: { branch: 'main', slug: 'main', type: 'production' },
  port: 8888,
}

test("the platform's own variables win over the project's, and a build sees no service", () => {
  const run = variablesOf({ ...inputs, phase: 'run', flex: true })
  expect(run).toMatchObject({ PLATFORM_BRANCH: 'main', COLOR: 'red', PORT: '8888', DATABASE_HOST: 'database.internal' })
  expect(JSON.parse(Buffer.from(run['PLATFORM_RELATIONSHIPS'] ?? '', 'base64').toString())).toEqual({ database: [entry] })
  const build = variablesOf({ ...inputs, phase: 'build', flex: true })
  expect(Object.keys(build).filter((name) => /RELATIONSHIPS|DATABASE|PORT$|ROUTES/.test(name))).toEqual([])
  expect(variablesOf({ ...inputs, phase: 'run', flex: false })).not.toHaveProperty('DATABASE_HOST')
})
