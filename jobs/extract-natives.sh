#!/usr/bin/env bash
#
# Unpacks the native libraries of lib/ (ONNX Runtime with its CUDA and TensorRT providers, the tokenizer) into DIR, once for
# a host or an image. Otherwise each JVM unpacks its own copy: 24 MB, and 370 MB more on a GPU.
#
#   jobs/extract-natives.sh [--strip] DIR
#
#   --strip   also take them out of the ONNX Runtime jar in lib/ (445 MB); that lib/ then works only with EMBARK_NATIVES set
#
# Set EMBARK_NATIVES=DIR afterwards: jobs/submit.sh hands it to driver and executors. A folder of another version, or one
# copied by halves, is refused when the first model is opened. Needs Java 17 and no Spark.
set -euo pipefail

say() { printf 'embark: %s\n' "$*" >&2; }

self="$(readlink -f "${BASH_SOURCE[0]}")"
root="$(cd -P "$(dirname "$self")/.." && pwd)"

if ! ls "$root"/lib/embark-*.jar >/dev/null 2>&1; then
  # A source checkout: the newest distribution built from it.
  version="$(sed -n 's:^  <version>\(.*\)</version>.*:\1:p' "$root/pom.xml" 2>/dev/null | head -n 1)"
  root="$root/target/embark-$version"
  [ -d "$root/lib" ] || {
    say "no lib/ beside jobs/; in a source checkout run 'mvn -B -DskipTests package' first"
    exit 1
  }
fi

java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
command -v "$java" >/dev/null || {
  say "no $java found: install Java 17 and put it on the PATH, or set JAVA_HOME"
  exit 1
}
exec "$java" -cp "$root/lib/*" io.embark.natives.ExtractNatives "$@"
