#!/usr/bin/env bash
#
# Finds the rows of an embedded table nearest to queries:  jobs/search.sh --input DIR --query TEXT [flags] [--spark <flags>]
# All flags: jobs/search.sh --help
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do
  folder="$(cd -P "$(dirname "$self")" && pwd)"
  self="$(readlink "$self")"
  case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
exec "$(cd -P "$(dirname "$self")" && pwd)/submit.sh" search "$@"
