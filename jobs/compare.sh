#!/usr/bin/env bash
#
# Which pooling serves your texts best:  jobs/compare.sh [flags] [--spark <spark-submit flags>]
# Pairs with scores (--pairs FILE), labelled texts (--input FILE --label-col NAME), or plain texts (--input FILE).
# Without flags: the shipped sample.
# All flags: jobs/compare.sh --help
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "$(dirname "$self")/submit.sh" compare "$@"
