// Runs a program as a user id this machine has no entry for, where the program insists on one (initdb does).

/** In a mount namespace of its own, the program sees an /etc/passwd with one more line. */
const WITH_ENTRY = `set -eu
uid=$1 gid=$2
shift 2
file=$(mktemp)
{ cat /etc/passwd; printf 'friday:x:%s:%s::/:/bin/sh\\n' "$uid" "$gid"; } > "$file"
chmod 644 "$file"
mount --bind "$file" /etc/passwd
rm "$file"
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"`

/** The command that runs `argv` as that user with an entry; for root on Linux, and only where mounting is allowed. */
export function withUserEntry(argv: readonly [string, ...string[]], { uid, gid }: { uid: number; gid: number }): [string, ...string[]] {
  return ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c', WITH_ENTRY, 'sh', String(uid), String(gid), ...argv]
}
