// Every runtime and service the format knows, to tell what Friday does not run yet from what nobody does.

export const KNOWN_RUNTIMES = [
  'nodejs',
  'php',
  'python',
  'ruby',
  'golang',
  'java',
  'dotnet',
  'elixir',
  'rust',
  'lisp',
  'bun',
  'deno',
  'composable',
]

export const KNOWN_SERVICES = [
  'postgresql', 'postgresql-replica', 'mariadb', 'mariadb-replica', 'mysql', 'oracle-mysql', 'redis', 'redis-persistent', 'valkey',
  'valkey-persistent', 'memcached', 'rabbitmq', 'opensearch', 'elasticsearch', 'elasticsearch-enterprise', 'mongodb', 'mongodb-enterprise',
  'network-storage', 'kafka', 'influxdb', 'solr', 'varnish', 'vault-kms', 'clickhouse', 'chrome-headless', 'mercure', 'gotenberg', 'chroma', 'qdrant',
] // prettier-ignore
