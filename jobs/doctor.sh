#!/usr/bin/env bash
#
# Checks the driver and every executor, and plans a job:  jobs/doctor.sh [flags] [--spark <spark-submit flags>]
# Exit code: 0 no check failed, 1 a check failed, 2 a flag or a setting is wrong.
# All flags: jobs/doctor.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" doctor "$@"
