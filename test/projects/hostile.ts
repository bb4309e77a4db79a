// The application of the hostile tests: no dependency, so that a push takes a second; it tells what it sees.

/** Values that must arrive in the application byte by byte. */
export const LITERAL: Readonly<Record<string, string>> = {
  SHELL_LIKE: '$(touch /tmp/owned) `id` ; rm -rf / && echo "x" \'y\' | cat > /z \\ %s',
  TWO_LINES: 'first\nPATH=/evil\r\nlast\t',
  MARKUP: '<script>alert(1)</script> {default} ${x} *a &b !c',
  UNICODE: 'ünï 日本 \u{1F409}',
  EMPTY: '',
  NODE_OPTIONS: '--no-deprecation',
}

export interface Written {
  /** Shell, run by the hook of that name. */
  readonly build?: string
  readonly deploy?: string
  /** YAML put under the application, indented by four. */
  readonly more?: string
  readonly server?: string
}

export function hostileProject({ build = 'sh links.sh', deploy = 'true', more = '', server = SERVER }: Written = {}): Record<
  string,
  string
> {
  const variables = Object.entries(LITERAL).map(([name, value]) => `        ${name}: ${JSON.stringify(value)}`)
  return {
    '.upsun/config.yaml': `applications:
  app:
    type: nodejs:22
    build: { flavor: none }
    relationships: { database: "db:postgresql" }
    hooks:
      build: ${JSON.stringify(build)}
      deploy: ${JSON.stringify(deploy)}
    web:
      commands: { start: node server.js }
      locations:
        "/": { passthru: true }
        "/public": { root: public, passthru: false }
    variables:
      env:
${variables.join('\n')}
${more}
services:
  db: { type: "postgresql:17" }
routes:
  "https://{default}/": { type: upstream, upstream: "app:http" }
`,
    'server.js': server,
    'links.sh': LINKS,
    'public/page': 'a page',
  }
}

const SERVER = `import('node:http').then(({ createServer }) => {
  const server = createServer((request, response) => response.end(JSON.stringify({ headers: request.headers, env: process.env })))
  server.listen(process.env.PORT)
  process.on('SIGTERM', () => server.close(() => process.exit(0)))
})
`

/** What a build may leave in a folder that the router serves. */
const LINKS = `cd public
ln -s /etc/shadow shadow
ln -s /etc/passwd passwd
ln -s ../server.js outside
ln -s / root
ln -s /proc/self/environ environ
mkfifo pipe
ln /app/page hard 2>/dev/null
chmod u+s page
true
`
