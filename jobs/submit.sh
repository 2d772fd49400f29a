#!/usr/bin/env bash
#
# Runs one Embark command on Spark; the scripts beside this one call it.
#
#   jobs/submit.sh COMMAND [embark flags] [--spark <spark-submit flags>]
#
# Everything before --spark goes to Embark, everything after it to spark-submit.
#
#   SPARK_HOME   a Spark 3.5 (Scala 2.12) to use with its own settings; unset: the runtime shipped with Embark,
#                with the settings in conf/ (or in SPARK_CONF_DIR)
#   JAVA_HOME    the JDK 17 to use; unset: the java on the PATH
#   EMBARK_LIBS  where the executors find a copy of lib/: local:/opt/embark/lib where it is installed on every machine of
#                the cluster (nothing is copied), or a URI such as hdfs:///apps/embark/lib; unset: the driver sends the
#                lib/ of this machine, 0.5 GB, to every executor of every run
#   EMBARK_NATIVES  a folder written by jobs/extract-natives.sh, at the same path on driver and executors: no JVM unpacks native
#                libraries of its own
#   EMBARK_START_ARCHIVES  where jobs/start-archive.sh puts what lets jobs start faster; unset: ~/.cache/embark; empty: not used
#
# Runs from a source checkout (built first if needed) and from an unpacked distribution. Works in bash 3.2, with a readlink that
# has -f: GNU, BusyBox, macOS 12.3 or newer.
set -euo pipefail

[ $# -gt 0 ] || set -- --help

say() { printf 'embark: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# --- where things are ---------------------------------------------------------------------------------------------

self="$(readlink -f "${BASH_SOURCE[0]}")"
root="$(cd -P "$(dirname "$self")/.." && pwd)"

# The distribution built from the checkout in $root, built now if it is missing or older than its sources.
build() {
  local version stamp changed
  version="$(sed -n 's:^  <version>\(.*\)</version>.*:\1:p' "$root/pom.xml" | head -n 1)"
  home="$root/target/embark-$version"
  stamp="$home/.built"
  if [ -e "$stamp" ]; then
    changed="$(cd "$root" && find pom.xml src/main conf jobs -newer "$stamp")"
    [ -n "$changed" ] || return 0
    say "the sources are newer than $home: building again"
  else
    say "building $home"
    say "the first build downloads about 1 GB (Spark, ONNX Runtime, a model) and can take some minutes"
  fi
  command -v mvn >/dev/null || die "mvn not found: building needs Maven 3.6.3 or newer and a JDK 17"
  (cd "$root" && mvn -B -q -DskipTests package) >&2 || die "the build failed; see above"
  [ -e "$stamp" ] || die "the build left no $stamp"
}

# Not every lib/: somebody may have one beside the sources.
if ls "$root"/lib/embark-*.jar >/dev/null 2>&1; then
  home="$root"
elif [ -f "$root/pom.xml" ]; then
  build
else
  die "neither $root/lib/embark-<version>.jar nor $root/pom.xml exists: this script belongs into the jobs/ folder of Embark"
fi
job_jar=""
for jar in "$home"/lib/embark-*.jar; do
  case "$jar" in *-libs.jar) ;; *) job_jar="$jar" ;; esac
done
[ -f "$job_jar" ] || die "no embark-<version>.jar in $home/lib"

# --- which java, which Spark --------------------------------------------------------------------------------------

if [ -n "${JAVA_HOME:-}" ]; then
  java="$JAVA_HOME/bin/java"
  [ -x "$java" ] || die "JAVA_HOME is $JAVA_HOME, but $java cannot be run; point it at a JDK 17"
else
  java="$(command -v java)" || die "no java found: install a JDK 17 and put it on the PATH, or set JAVA_HOME"
fi
java_itself="$("$java" -version 2>&1)" || true
java_version="$(printf '%s\n' "$java_itself" | sed -n 's/.* version "\([^"]*\)".*/\1/p' | head -n 1)"
java_major="${java_version%%[!0-9]*}"
[ "$java_major" != 1 ] || java_major=8
[ "${java_major:-0}" -ge 17 ] || die "$java is Java ${java_version:-of an unknown version}; Embark needs 17"
[ "$java_major" -eq 17 ] || say "warning: $java is Java $java_version; Spark 3.5 is made for 17 at most"

bundled=""
if [ -n "${SPARK_HOME:-}" ] && [ -x "$SPARK_HOME/bin/spark-submit" ]; then
  spark="$SPARK_HOME"
  for jar in "$spark"/jars/spark-core_2.12-3.5*.jar; do
    [ -e "$jar" ] || say "warning: $spark/jars has no spark-core_2.12-3.5*.jar; Embark is built for that Spark"
  done
else
  [ -z "${SPARK_HOME:-}" ] || say "SPARK_HOME is $SPARK_HOME, which has no bin/spark-submit: using the Spark shipped with Embark"
  spark="$home/spark"
  [ -d "$spark/jars" ] || die "$spark/jars is missing; set SPARK_HOME to a Spark 3.5 (Scala 2.12)"
  bundled=yes
  export SPARK_HOME="$spark" SPARK_SCALA_VERSION=2.12 SPARK_CONF_DIR="${SPARK_CONF_DIR:-$home/conf}"
fi
spark_conf="${SPARK_CONF_DIR:-$spark/conf}"

# --- arguments ----------------------------------------------------------------------------------------------------

embark_args=()
spark_args=()
help=""
after=""
for arg in "$@"; do
  if [ -n "$after" ]; then
    spark_args+=("$arg")
  elif [ "$arg" = --spark ]; then
    after=yes
  else
    embark_args+=("$arg")
    case "$arg" in -h | --help | -V | --version) help=yes ;; esac
  fi
done

# Nothing to submit: no need to start Spark.
if [ -n "$help" ]; then
  exec "$java" -Dembark.home="$home" -cp "$home/lib/*:$spark/jars/*" io.embark.cli.Main "${embark_args[@]}"
fi

work=""
if [ "${embark_args[0]}" = start-archive ]; then
  [ -n "$bundled" ] || die "jobs/start-archive.sh is for the Spark shipped with Embark: unset SPARK_HOME"
  # What most jobs do: read, embed, write, read again.
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  head -n 40 "$home/sample/texts.jsonl" >"$work/texts.jsonl"
  embark_args=(embed --input "$work/texts.jsonl" --output "$work/table" --device cpu)
  spark_args=(--master 'local[*]')
fi

# setting FLAG KEY: what the user set for one Spark setting, by a flag after --spark, in a properties file or in
# spark-defaults.conf; the last one wins, as in spark-submit. Prints nothing where nothing is set.
setting() {
  local flag="$1" key="$2" value="" file="$spark_conf/spark-defaults.conf" before="" arg
  for arg in ${spark_args[@]+"${spark_args[@]}"}; do
    case "$before" in --properties-file) file="$arg" ;; esac
    case "$arg" in --properties-file=*) file="${arg#*=}" ;; esac
    before="$arg"
  done
  [ ! -f "$file" ] || value="$(sed -n "s/^[[:space:]]*${key//./\\.}[[:space:]=:]\{1,\}\(.*[^[:space:]]\)[[:space:]]*$/\1/p" "$file" | tail -n 1)"
  before=""
  for arg in ${spark_args[@]+"${spark_args[@]}"}; do
    case "$before" in
      "$flag") value="$arg" ;;
      --conf | -c) case "$arg" in "$key="*) value="${arg#*=}" ;; esac ;;
    esac
    case "$arg" in
      "$flag="*) value="${arg#*=}" ;;
      "--conf=$key="*) value="${arg#*=*=}" ;;
    esac
    before="$arg"
  done
  printf '%s' "$value"
}

# --- the command --------------------------------------------------------------------------------------------------

master="$(setting --master spark.master)"
master="${master:-${MASTER:-local[*]}}"

# The runtime that Embark ships is Spark without its parts for these.
case "${bundled:-no}:$master" in
  yes:yarn* | yes:k8s:*)
    more=""
    [ "${master#yarn}" = "$master" ] || more=", and HADOOP_CONF_DIR to the cluster's configuration"
    die "--master $master needs a Spark of your own: set SPARK_HOME to a Spark 3.5 (Scala 2.12)$more; the Spark shipped with Embark runs local and standalone masters only"
    ;;
esac

ours=()
if [ -z "$bundled" ]; then
  # A Spark of the user's: our defaults only where nothing is set, and none about where and how it runs.
  while read -r key value; do
    case "$key" in '' | '#'* | spark.master | spark.ui.*) continue ;; esac
    [ -n "$(setting --none "$key")" ] || ours+=(--conf "$key=$value")
  done <"$home/conf/spark-defaults.conf"
fi

# class_path FLAG KEY FOLDER: the jars of FOLDER behind what the user put there.
class_path() {
  local mine
  mine="$(setting "$1" "$2")"
  printf '%s' "${mine:+$mine:}$3/*"
}

# The notebooks' kernel has libraries of its own, which no task needs.
[ "${embark_args[0]-}" != kernel ] || spark_args+=(--driver-class-path "$(class_path --driver-class-path spark.driver.extraClassPath "$home/notebooks/kernel")")

deploy_mode="$(setting --deploy-mode spark.submit.deployMode)"
driver_lib="$home/lib"
app_jar="$job_jar"

natives=()
if [ -n "${EMBARK_NATIVES:-}" ]; then
  # The driver of a cluster reads a folder of its own machine, and says itself what is wrong with it.
  if [ "$deploy_mode" != cluster ] && [ ! -f "$EMBARK_NATIVES/embark-natives.properties" ]; then
    die "EMBARK_NATIVES is $EMBARK_NATIVES, which has no embark-natives.properties in it: write it with $home/jobs/extract-natives.sh $EMBARK_NATIVES, or unset EMBARK_NATIVES"
  fi
  # To every place that a driver or an executor of a cluster may take its environment from; a cluster reads its own.
  for key in spark.executorEnv spark.yarn.appMasterEnv spark.kubernetes.driverEnv; do
    [ -n "$(setting --none "$key.EMBARK_NATIVES")" ] || natives+=(--conf "$key.EMBARK_NATIVES=$EMBARK_NATIVES")
  done
  export EMBARK_NATIVES
fi
case "$master:${EMBARK_LIBS:-}" in
  local:* | local\[*)
    # One JVM does it all and reads lib/ where it lies; --jars would copy half a gigabyte on every run.
    libs=(--driver-class-path "$(class_path --driver-class-path spark.driver.extraClassPath "$driver_lib")")
    # Nothing needs to reach this JVM from outside.
    [ -z "$bundled" ] || export SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"
    ;;
  *:local:*)
    # Spark copies even local: jars into each executor's folder; a class path is read in place.
    there="${EMBARK_LIBS#local:}"
    there="/${there#"${there%%[!/]*}"}"
    there="${there%/}"
    if [ "$deploy_mode" = cluster ]; then
      driver_lib="$there"
      app_jar="local://$there/${job_jar##*/}"
    fi
    libs=(
      --driver-class-path "$(class_path --driver-class-path spark.driver.extraClassPath "$driver_lib")"
      --conf "spark.executor.extraClassPath=$(class_path --none spark.executor.extraClassPath "$there")"
    )
    ;;
  *)
    jars="$(setting --jars spark.jars)"
    for jar in "$home"/lib/*.jar; do
      [ "$jar" != "$job_jar" ] || continue
      [ -z "${EMBARK_LIBS:-}" ] || jar="${EMBARK_LIBS%/}/${jar##*/}"
      jars="${jars:+$jars,}$jar"
    done
    libs=(--jars "$jars")
    ;;
esac

# Read by the driver on this machine only; a driver in a cluster has no such folder.
driver_options="-Dembark.home=\"$home\""
if [ -z "$bundled" ] && [ ! -f "$spark_conf/log4j2.properties" ] && [ ! -f "$spark_conf/log4j2.xml" ]; then
  driver_options="$driver_options -Dlog4j2.configurationFile=\"$home/conf/log4j2.properties\""
fi
# What multiplies matrices with MLlib is several times faster on Java's vector instructions, where this Java has them.
case "${embark_args[0]}" in
  compare | cluster | search)
    case "$("$java" --list-modules)" in
      *jdk.incubator.vector*) driver_options="$driver_options --add-modules=jdk.incubator.vector" ;;
    esac
    ;;
esac
# Everything in this one JVM: a model that computes on every core, and a minute or less of Java beside it. So the compiler that
# optimises waits for what is really hot, and garbage is collected without threads of its own beside the work, unless the
# user has chosen a collector: Java refuses two. docs/benchmarks/start-results.txt has what it saves.
case "${bundled:-no}:$master" in
  yes:local | yes:local\[*)
    driver_options="$driver_options -XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=50000"
    driver_options="$driver_options -XX:Tier4MinInvocationThreshold=6000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
    told="$(setting --driver-java-options spark.driver.extraJavaOptions) $(setting --none spark.driver.defaultJavaOptions)"
    case " $told ${SPARK_SUBMIT_OPTS:-} ${JDK_JAVA_OPTIONS:-} ${JAVA_TOOL_OPTIONS:-} ${_JAVA_OPTIONS:-}" in
      *-XX:[+-]Use*GC*) ;;
      *) driver_options="$driver_options -XX:+UseParallelGC" ;;
    esac
    ;;
esac
export SPARK_SUBMIT_OPTS="$driver_options${SPARK_SUBMIT_OPTS:+ $SPARK_SUBMIT_OPTS}"

submit=(
  ${ours[@]+"${ours[@]}"}
  ${spark_args[@]+"${spark_args[@]}"}
  ${natives[@]+"${natives[@]}"}
  "${libs[@]}"
  --class io.embark.cli.Main
  "$app_jar"
  "${embark_args[@]}"
)
if [ -z "$bundled" ]; then
  exec "$spark/bin/spark-submit" "${submit[@]}"
fi

# What spark-class does: Spark's launcher prints the java command (settings, memory, --add-opens), each part ended by NUL,
# after one line that ends in NUL.
command=()
complete=""
while IFS= read -r -d '' part; do
  case "$part" in
    :complete:) complete=yes ;;
    *) command+=("$part") ;;
  esac
done < <("$java" -Xmx128m -cp "$spark/jars/*" org.apache.spark.launcher.Main org.apache.spark.deploy.SparkSubmit "${submit[@]}" \
  && printf ':complete:\0')
[ -n "$complete" ] || die "Spark's launcher failed; see above"
unset 'command[0]'
command=("${command[@]}")
command[0]=${command[0]#$'\n'}

# --- classes as an earlier JVM had them ---------------------------------------------------------------------------

archives="${EMBARK_START_ARCHIVES-${XDG_CACHE_HOME:-${HOME:-}/.cache}/embark}"
# Java says on stdout why it does not use an archive, and nobody asked.
quiet="-Xlog:cds*=error"
archive=""
usual="$home/lib/*:${spark_conf%/}/:$spark/jars/*"
# What else Java is told: an archive of the user's own; an agent or a flight recording, which wants the bytes of each class, and
# under which Java 17 crashes on an archived class that does not lie in its jar as it was loaded.
told=" ${command[*]} ${JDK_JAVA_OPTIONS:-} ${JAVA_TOOL_OPTIONS:-} ${_JAVA_OPTIONS:-} "
case "${archives:+use}:${command[1]}:${command[2]}:$told" in
  *' -Xshare'* | *' -XX:SharedArchiveFile'* | *' -javaagent'* | *' -agent'* | *' -Xrun'* | *FlightRecord*) ;;
  use:-cp:"$usual":*)
    archive="$archives/start-$({ printf '%s\n' "$java_itself" && wc -c "$home"/lib/*.jar "$spark"/jars/*.jar; } | cksum | cut -d ' ' -f 1)"
    # Java archives no class path with a folder in front of a jar; conf/ has no classes and may as well come last.
    in_order="$home/lib/*:$spark/jars/*:${spark_conf%/}/"
    ;;
esac

if [ -n "$work" ]; then
  [ -n "$archive" ] || die "no archive for this command, or EMBARK_START_ARCHIVES is empty: ${command[*]}"
  mkdir -p "$archives"
  unfinished="$archives/unfinished-$$.jsa"
  trap 'rm -rf "$work" "$unfinished"' EXIT
  command[2]="$in_order"
  if ! "${command[0]}" "$quiet" "-XX:ArchiveClassesAtExit=$unfinished" "${command[@]:1}" >"$work/log" 2>&1 || [ ! -s "$unfinished" ]; then
    cat "$work/log" >&2
    die "no archive was written; see above"
  fi
  sync # A name must not outlive a crash of the machine that the bytes do not.
  # The size is part of the name: Java crashes on an archive that was cut off.
  made="$archive-$(($(wc -c <"$unfinished"))).jsa"
  mv -f "$unfinished" "$made"
  for other in "$archive"-*.jsa; do
    [ "$other" = "$made" ] || rm -f "$other"
  done
  say "wrote $made; jobs of this user use it from now on"
  exit 0
fi

for file in ${archive:+"$archive"-*.jsa}; do
  size="${file##*-}"
  if [ -r "$file" ] && [ "$(($(wc -c <"$file")))" = "${size%.jsa}" ]; then
    command[2]="$in_order"
    exec "${command[0]}" "$quiet" "-XX:SharedArchiveFile=$file" "${command[@]:1}"
  fi
done
exec "${command[@]}"
