#!/usr/bin/env bash
#
# Embeds texts into Parquet:  jobs/embed.sh [embark flags] [--spark <spark-submit flags>]
# Without any flag: the shipped sample, with the built-in model, on this machine's cores.
# All flags: jobs/embed.sh --help
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do
  folder="$(cd -P "$(dirname "$self")" && pwd)"
  self="$(readlink "$self")"
  case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
exec "$(cd -P "$(dirname "$self")" && pwd)/submit.sh" embed "$@"
