#!/usr/bin/env bash
#
# Embeds texts into Parquet:  jobs/embed.sh [embark flags] [--spark <spark-submit flags>]
# Without any flag: the shipped sample, with the built-in model, on this machine's cores.
# All flags: jobs/embed.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" embed "$@"
