#!/usr/bin/env bash
#
# Tells Jupyter how to start Embark's Java kernel:  notebooks/install-kernel.sh [spark-submit flags]
#
#   notebooks/install-kernel.sh                                        # Spark in the notebook's own JVM
#   notebooks/install-kernel.sh --master spark://host:7077 --executor-memory 8g
#
# Writes one file, kernels/embark/kernel.json, under JUPYTER_DATA_DIR or where Jupyter keeps its data. SPARK_HOME,
# JAVA_HOME and the like are those of jobs/submit.sh and are read when a notebook starts.
set -euo pipefail

root="$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# From a checkout this builds what is missing; Jupyter would not wait that long.
"$root/jobs/submit.sh" kernel --help >/dev/null

data="${JUPYTER_DATA_DIR:-}"
[ -n "$data" ] || data="$(jupyter --data-dir 2>/dev/null)" || data=""
if [ -z "$data" ]; then
  case "$(uname)" in
    Darwin) data="$HOME/Library/Jupyter" ;;
    *) data="${XDG_DATA_HOME:-$HOME/.local/share}/jupyter" ;;
  esac
fi

# quoted TEXT: as a JSON string.
quoted() {
  local text="${1//\\/\\\\}"
  printf '"%s"' "${text//\"/\\\"}"
}

argv="$(quoted "$root/jobs/submit.sh"), \"kernel\", \"{connection_file}\""
[ $# -eq 0 ] || argv="$argv, \"--spark\""
for flag in "$@"; do
  argv="$argv, $(quoted "$flag")"
done
mkdir -p "$data/kernels/embark"
cat >"$data/kernels/embark/kernel.json" <<EOF
{
  "argv": [$argv],
  "display_name": "Java (Embark on Spark)",
  "language": "java",
  "interrupt_mode": "message"
}
EOF
printf 'Wrote %s\n' "$data/kernels/embark/kernel.json"
