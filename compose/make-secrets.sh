#!/bin/sh
# Makes the secrets that are not there yet, so that none stands in a file that is shared. Readable by uid 1000 and its group.
set -eu
umask 0337

for name in session-secret database-password; do
  secret=/secrets/$name
  [ ! -e "$secret" ] || continue
  draft=$(mktemp -u "/secrets/.$name.XXXXXXXX")
  od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$draft"
  sync "$draft"
  # A link appears whole or not at all, and never takes the place of another's.
  if ln "$draft" "$secret" 2>/dev/null; then echo "made $name"; else [ -e "$secret" ]; fi
  rm -f "$draft"
done
