#!/usr/bin/env bash
#
# Compares two builds of Embark: whole embed jobs over short JSON lines, with a model that computes next to nothing, in
# turns. Run it on an idle machine, from a source checkout:
#   src/bench/two-builds.sh OLD NEW [ROWS [TURNS]]
# OLD and NEW are built checkouts (mvn -B package -DskipTests) or distributions. Prints each run's seconds, the medians
# and the ratio NEW / OLD.
set -euo pipefail

old="$(readlink -f "$1")"
new="$(readlink -f "$2")"
rows="${3:-1000000}"
turns="${4:-3}"
cd -P "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir "$work/stub"
mvn -B -q test-compile exec:exec "-Dexec.args=-cp %classpath io.embark.bench.StubModel $work/stub" >&2
awk -v rows="$rows" 'BEGIN {
  words = split("the people of this country have made great work for peace and world with new law", word, " ")
  srand(1)
  for (row = 0; row < rows; row++) {
    text = word[1 + int(rand() * words)]
    for (i = 0; i < 7; i++) text = text " " word[1 + int(rand() * words)]
    printf "{\"id\": \"row-%07d\", \"text\": \"%s\", \"votes\": %d}\n", row, text, row % 97
  }
}' >"$work/in.jsonl"

# The seconds of one whole job, processes and all.
seconds() {
  local begun ended
  rm -rf "$work/out"
  begun=$(date +%s%N)
  if ! "$1/jobs/embed.sh" --model "$work/stub" --pooling pooler --normalize none --device cpu \
    --input "$work/in.jsonl" --output "$work/out" --preview 0 >"$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
  fi
  ended=$(date +%s%N)
  awk -v ns=$((ended - begun)) 'BEGIN { printf "%.2f", ns / 1e9 }'
}

median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }

printf '%s short JSON lines (%s bytes), whole jobs with a stub of the built-in model, seconds\n' \
  "$rows" "$(stat -c %s "$work/in.jsonl")"
printf '%-6s%10s%10s\n' turn old new
for turn in $(seq 0 "$turns"); do
  # The first turn makes what later ones find there, such as the archive of classes; it does not count.
  if [ $((turn % 2)) = 0 ]; then
    o=$(seconds "$old") && n=$(seconds "$new")
  else
    n=$(seconds "$new") && o=$(seconds "$old")
  fi
  printf '%-6s%10s%10s\n' "$turn" "$o" "$n"
  if [ "$turn" != 0 ]; then
    echo "$o" >>"$work/old"
    echo "$n" >>"$work/new"
  fi
done
awk -v o="$(median "$work/old")" -v n="$(median "$work/new")" \
  'BEGIN { printf "median%10.2f%10.2f   new / old %.3f\n", o, n, n / o }'
