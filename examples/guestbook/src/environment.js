// Which environment and which release this process is, as the platform says.

export function environmentOf(env = process.env) {
  const type = ['production', 'staging', 'development'].includes(env.PLATFORM_ENVIRONMENT_TYPE) ? env.PLATFORM_ENVIRONMENT_TYPE : 'local'
  return {
    type,
    name: env.PLATFORM_BRANCH || env.PLATFORM_ENVIRONMENT || 'local',
    /** The git tree that runs, short; the same tree is the same release in every environment. */
    release: env.PLATFORM_TREE_ID?.slice(0, 12) || 'working copy',
    shop: env.SHOP_NAME || 'Guest book',
  }
}
