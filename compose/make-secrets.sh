#!/bin/sh
# Makes the missing secrets, so that no shared file holds one. Readable by uid 1000 and its group.
set -eu
umask 0337

for name in session-secret database-password; do
  secret=/secrets/$name
  [ ! -e "$secret" ] || continue
  draft=$(mktemp -u "/secrets/.$name.XXXXXXXX")
  od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$draft"
  sync "$draft"
  # A link appears completely or not at all, and never replaces another.
  if ln "$draft" "$secret" 2>/dev/null; then echo "made $name"; else [ -e "$secret" ]; fi
  rm -f "$draft"
done
