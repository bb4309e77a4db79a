// Who may do what: the first administrator comes from a one-time token; everyone else from tokens it makes.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database } from '#db/database.ts'
import { errorTable } from '#lib/errors.ts'
import { randomId } from '#lib/ids.ts'
import { Secret } from '#lib/secret.ts'

export const fail = errorTable('access', {
  unauthenticated: { status: 401, advice: 'Run `friday login`, or give a token in the Authorization header.' },
  setup_token: { status: 401, advice: '`friday start` prints a one-time token as long as nobody has logged in; use that one.' },
  name: { status: 422, advice: 'Use 1 to 60 letters, digits, dots, dashes or @.' },
})

export interface User {
  readonly id: string
  readonly name: string
}

export interface Access {
  /** The one-time token for the first login; undefined once somebody has logged in. Asking again replaces it. */
  newSetupToken(): Promise<Secret | undefined>
  /** Trades the one-time token for a user's first token. */
  firstLogin(setupToken: string, name: string): Promise<{ user: User; token: Secret }>
  createToken(user: User, label: string): Promise<Secret>
  /** The user a token belongs to; undefined for an unknown one. */
  authenticate(token: string): Promise<User | undefined>
}

const SETUP_KEY = 'setup_token_hash'

export function createAccess(db: Database): Access {
  async function createToken(user: User, label: string): Promise<Secret> {
    const token = `fri_${randomBytes(24).toString('base64url')}`
    await db
      .insertInto('tokens')
      .values({ id: randomId(), user_id: user.id, label, hash: hashOf(token) })
      .execute()
    return new Secret(token)
  }

  async function hasUsers(): Promise<boolean> {
    return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) !== undefined
  }

  return {
    createToken,
    async newSetupToken() {
      if (await hasUsers()) return undefined
      const token = `setup_${randomBytes(18).toString('base64url')}`
      await db
        .insertInto('settings')
        .values({ key: SETUP_KEY, value: hashOf(token) })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: hashOf(token) }))
        .execute()
      return new Secret(token)
    },
    async firstLogin(setupToken, name) {
      if (!/^[\w.@-]{1,60}$/.test(name)) throw fail('name', `${JSON.stringify(name)} is not a user name`)
      const user = await db.transaction().execute(async (transaction) => {
        // The row is taken with the deletion, so a token works once even when two try at the same moment.
        const kept = await transaction.deleteFrom('settings').where('key', '=', SETUP_KEY).returning('value').executeTakeFirst()
        if (kept === undefined || !sameHash(kept.value, hashOf(setupToken))) throw fail('setup_token', 'This one-time token is not valid')
        return transaction.insertInto('users').values({ id: randomId(), name }).returning(['id', 'name']).executeTakeFirstOrThrow()
      })
      return { user, token: await createToken(user, 'first login') }
    },
    async authenticate(token) {
      if (!token.startsWith('fri_')) return undefined
      return db
        .selectFrom('tokens')
        .innerJoin('users', 'users.id', 'tokens.user_id')
        .select(['users.id', 'users.name'])
        .where('tokens.hash', '=', hashOf(token))
        .executeTakeFirst()
    },
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
