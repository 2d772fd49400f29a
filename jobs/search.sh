#!/usr/bin/env bash
#
# Finds the rows of an embedded table nearest to queries:  jobs/search.sh --input DIR --query TEXT [flags] [--spark <flags>]
# All flags: jobs/search.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" search "$@"
