#!/usr/bin/env bash
#
# Lets later jobs of this user start faster:  jobs/start-archive.sh
#
# Runs a small job and writes the classes that it loaded, as Java has them in memory, to a file of some 150 MB (an archive of
# Java's class data sharing). From then on jobs with a local master and the Spark shipped with Embark begin with these classes
# instead of reading and checking each one in its jar. Files lie in EMBARK_START_ARCHIVES, or else ~/.cache/embark.
#
# An archive is for one Java, one set of jars and their path: after an update, run this again. One that does not fit is not used,
# and jobs run as without.
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
case "${1:-}" in
  '') exec "$(dirname "$self")/submit.sh" start-archive ;;
  -h | --help) sed -n '3,10s/^# \{0,1\}//p' "$self" ;;
  *)
    printf 'embark: %s takes no flags, found %s\n' "$0" "$1" >&2
    exit 2
    ;;
esac
