#!/usr/bin/env bash
#
# Prints what a table is made of and how it came about:  jobs/inspect.sh PATH [--json] [--repair]
# PATH is the output of an embed job, on any Hadoop file system.
# All flags: jobs/inspect.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" inspect "$@"
