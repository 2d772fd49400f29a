#!/usr/bin/env bash
#
# Groups the rows of an embedded table:  jobs/cluster.sh --input DIR --output DIR [flags] [--spark <flags>]
# All flags: jobs/cluster.sh --help
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do
  folder="$(cd -P "$(dirname "$self")" && pwd)"
  self="$(readlink "$self")"
  case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
exec "$(cd -P "$(dirname "$self")" && pwd)/submit.sh" cluster "$@"
