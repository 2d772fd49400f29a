#!/usr/bin/env bash
#
# One incremental run for a scheduler without memory of its own, such as cron: not while another run goes on, with a log
# file per run, and silent unless something went wrong.
#
#   jobs/schedules/nightly.sh LOGS NAME [embark flags] [--spark <spark-submit flags>]
#
#   LOGS   a folder for the logs NAME-TIME.log and the lock NAME.lock; the newest 30 logs stay
#   NAME   what runs under one name never runs twice at a time
#
# Prints the end of the log when the exit code is not 0, which makes cron send mail. Exit codes are those of
# jobs/embed.sh; 75 if another run of that name has not ended.
set -euo pipefail

[ $# -ge 2 ] || { echo "usage: $0 LOGS NAME [embark flags]" >&2; exit 2; }
logs="$1"
name="$2"
shift 2
here="$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

mkdir -p "$logs"
command -v flock >/dev/null || { echo "embark: flock not found (package util-linux)" >&2; exit 1; }
exec 9>"$logs/$name.lock"
if ! flock --nonblock 9; then
  echo "embark: $name has not ended yet; this run is left out" >&2
  exit 75
fi

log="$logs/$name-$(date -u +%Y%m%dT%H%M%SZ).log"
code=0
"$here/../embed.sh" "$@" >"$log" 2>&1 </dev/null || code=$?

case "$code" in
  0) ;;
  2) what="a flag, a setting or the input is wrong; nothing was changed" ;;
  3) what="a limit was passed; nothing was published" ;;
  4) what="published, but some rows failed" ;;
  *) what="failed; the next run goes on from the slices that are done" ;;
esac
if [ "$code" -ne 0 ]; then
  echo "embark: $name on $(hostname): exit code $code, $what. The end of $log:"
  tail -n 40 "$log"
fi

# Names hold the time, so that the order of names is that of age.
find "$logs" -maxdepth 1 -name "$name-[0-9]*T[0-9]*Z.log" | sort -r | tail -n +31 | while read -r old; do
  rm -f -- "$old"
done
exit "$code"
