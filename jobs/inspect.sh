#!/usr/bin/env bash
#
# Prints what a table is made of and how it came about:  jobs/inspect.sh PATH [--json] [--repair]
# PATH is the output of an embed job, on any Hadoop file system.
# All flags: jobs/inspect.sh --help
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do
  folder="$(cd -P "$(dirname "$self")" && pwd)"
  self="$(readlink "$self")"
  case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
exec "$(cd -P "$(dirname "$self")" && pwd)/submit.sh" inspect "$@"
