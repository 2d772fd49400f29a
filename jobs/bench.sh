#!/usr/bin/env bash
#
# Measures the Spark job against a plain Java loop:  jobs/bench.sh [flags] [--spark <spark-submit flags>]
# With --ceiling: what this host can feed to a GPU, by stage, with a model that computes next to nothing.
# With --costs: what accounts, hashes and the comparison of an incremental run cost beside embedding.
# Uses the shipped sample; run it on an idle machine.
# All flags: jobs/bench.sh --help
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [ -L "$self" ]; do
  folder="$(cd -P "$(dirname "$self")" && pwd)"
  self="$(readlink "$self")"
  case "$self" in /*) ;; *) self="$folder/$self" ;; esac
done
exec "$(cd -P "$(dirname "$self")" && pwd)/submit.sh" bench "$@"
