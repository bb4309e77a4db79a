// Hostile names at the command line and in pushes: which are refused and how, and which are good names that must be taken as they are.

export interface NameCase {
  readonly name: string
  readonly argv: readonly string[]
  readonly says: RegExp
}

/** Command lines that must fail with this sentence. */
export const commandLines: readonly NameCase[] = [
  { name: 'an option as a project', argv: ['project', 'create', '--upload-pack=id'], says: /unknown option '--upload-pack=id'/ },
  { name: 'an option behind --', argv: ['project', 'create', '--', '--help'], says: /"--help" cannot be a project's name/ },
  { name: 'metacharacters', argv: ['project', 'create', '$(touch /tmp/owned);`id`'], says: /cannot be a project's name/ },
  { name: 'a real newline', argv: ['project', 'create', 'a\nb'], says: /"a\\nb" cannot be a project's name/ },
  {
    name: 'a way out',
    argv: ['env', 'show', '../../../login', '--project', 'hostile'],
    says: /has no environment "\.\.\/\.\.\/\.\.\/login"/,
  },
  { name: 'a way out as a project', argv: ['env', 'list', '--project', '../api/status'], says: /no project called "\.\.\/api\/status"/ },
  { name: 'no project', argv: ['env', 'list', '--project', ''], says: /There is no|no project/ },
  { name: 'an option as a branch', argv: ['env', 'delete', '--project', 'hostile', '--', '--all'], says: /has no environment "--all"/ },
  {
    name: 'a new branch with an option',
    argv: ['env', 'create', '--project', 'hostile', '--', '--mirror'],
    says: /"--mirror" cannot be the name/,
  },
  { name: 'an activity elsewhere', argv: ['activity', 'log', '../projects', '--project', 'hostile'], says: /no activity/ },
  { name: 'an option as a process', argv: ['logs', 'main', '--project', 'hostile', '--process', '--all'], says: /Nothing called --all/ },
  { name: 'production deleted', argv: ['env', 'delete', 'main', '--project', 'hostile'], says: /main is production/ },
]

/** `git push <argv>`; the first word may be an option of git's. */
export const pushes: readonly NameCase[] = [
  { name: 'a note', argv: ['main:refs/notes/x'], says: /Only branches and tags can be pushed/ },
  { name: "Friday's own refs", argv: ['main:refs/friday/commits/x'], says: /Only branches and tags can be pushed/ },
  { name: 'a pull request', argv: ['main:refs/pull/1/head'], says: /Only branches and tags can be pushed/ },
  { name: 'an option as a branch', argv: ['main:refs/heads/a/--upload-pack=id'], says: /part that begins with a dash|invalid refspec/ },
  { name: 'the name git keeps', argv: ['main:refs/heads/HEAD'], says: /HEAD, which git keeps for itself/ },
  { name: 'a text turned round', argv: ['main:refs/heads/a\u202eb'], says: /control or invisible characters/ },
  { name: 'a long name', argv: [`main:refs/heads/${'l'.repeat(190)}`], says: /longer than 200 bytes/ },
  { name: 'a folder where a branch is', argv: ['main:refs/heads/main/x'], says: /refs\/heads\/main/ },
  {
    name: 'a file as a branch',
    argv: ['main:server.js:refs/heads/blob', 'HEAD:server.js'],
    says: /invalid refspec|has to name a commit|does not/,
  },
  { name: 'production deleted', argv: ['--delete', 'main'], says: /this is production/ },
  { name: 'an unknown option', argv: ['-o', 'ci.skip; id', 'main:refs/heads/o'], says: /no push option "ci\.skip; id"/ },
  { name: 'an empty option', argv: ['-o', '', 'main:refs/heads/o'], says: /no push option ""/ },
  { name: 'a prototype name as parent', argv: ['-o', 'parent=__proto__', 'main:refs/heads/o'], says: /environment __proto__ does not run/ },
  { name: 'a parent elsewhere', argv: ['-o', 'parent=../main', 'main:refs/heads/o'], says: /environment \.\.\/main does not run/ },
]

/** Each must become an environment of its own with an address of its own, or be another's never. */
export const goodBranches: readonly string[] = [
  'feature/x',
  'feature-x',
  'Feature-X',
  // What the address of feature/x would be.
  'feature-x-217d2bf',
  '$(id);`id`|&\'"<x>{}#',
  'ünïcödé/日本',
  '__proto__',
  'xn--mnchen-3ya',
]
