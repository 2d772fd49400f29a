#!/usr/bin/env bash
#
# Measures Embark against the limits of this machine, from a source checkout:  jobs/bench.sh [flags]
#   (no flags)     the Spark job and the whole embed job against ONNX Runtime alone without any padding
#   --measure ...  poolings: one against four; start: from nothing to the first vector; growth and memory: from few rows
#                  to many; ceiling: what this host can feed to a GPU, by stage; costs: accounts, hashes and the
#                  comparison of an incremental run beside embedding; static: a static model made of the model's words
#                  against the model itself; scaling: large runs by calculation
#   --components   tokenizer, planner, buffers, pooling and conversion one by one. What follows goes to JMH, such as a
#                  pattern of names
#   --peers        Spark NLP, DJL and langchain4j on the same texts, each in a JVM of its own, the first time with
#                  downloads of 0.7 GB. Rows, turns, corpora and a pattern of names, without spaces, may follow:
#                  1000 3 short,mixed sentence. sentence-transformers too, if EMBARK_PEERS_PYTHON is the path of a
#                  Python that has it with onnx and pyarrow (pip install sentence-transformers onnx pyarrow). A pass over 1,000
#                  rows takes two seconds, a fifth of it Spark's and the same for any number of rows: 10000 show what lasts
# Uses the shipped sample; run it on an idle machine. Settings of Spark: conf/spark-defaults.conf, SPARK_CONF_DIR, --spark-conf.
# All flags: jobs/bench.sh --help. An installed Embark is measured with jobs/doctor.sh.
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
cd -P "$(dirname "$self")/.."

if [ ! -d src/bench ]; then
  printf 'embark: jobs/bench.sh needs a source checkout; measure an installed Embark with jobs/doctor.sh\n' >&2
  exit 2
fi
command -v mvn >/dev/null || { printf 'embark: mvn not found: jobs/bench.sh needs Maven 3.6.3 or newer and a JDK 17\n' >&2; exit 2; }

# As jobs/submit.sh has them for jobs on this machine.
options="-XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
options="$options -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000 -XX:+UseParallelGC"
case "${1:-}" in
  --components)
    shift
    main=io.embark.bench.Components
    options=""
    ;;
  --peers)
    shift
    main=io.embark.bench.Peers
    options=""
    if ! mvn -B -q -f src/peers/pom.xml process-classes >&2; then
      printf 'embark: the libraries to compare with could not be built; what Maven says above names the one. They come from Maven\n' >&2
      printf 'embark: Central: check the network and the mirrors in ~/.m2/settings.xml, then run it again. jobs/bench.sh needs none.\n' >&2
      exit 1
    fi
    ;;
  *) main=io.embark.bench.BenchCommand ;;
esac
exec mvn -B -q test-compile exec:exec "-Dexec.args=$options -Xmx2g -Dembark.home=src/main/dist -cp %classpath $main $*"
