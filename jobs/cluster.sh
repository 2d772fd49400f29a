#!/usr/bin/env bash
#
# Groups the rows of an embedded table:  jobs/cluster.sh --input DIR --output DIR [flags] [--spark <flags>]
# All flags: jobs/cluster.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" cluster "$@"
