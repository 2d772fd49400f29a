#!/usr/bin/env bash
#
# Checks and times Embark on a real GPU, and writes a report. Ends with 0 if nothing failed.
#
#   jobs/verify-gpu.sh [--device cuda|cpu] [--out DIR] [--input FILES] [--fp16-model DIR] [--spark <spark-submit flags>]
#
#   --device      cuda, or cpu for a dry run of the script itself that verifies nothing about a GPU
#   --out         folder for the report, outputs and logs; must not exist (embark-gpu-report)
#   --input       texts with a column id (the shipped sample); throughput needs some 10,000 rows to mean something
#   --fp16-model  a float16 export of all-MiniLM-L6-v2 to hold against the float32 one
#   --spark       what every run gets, for a cluster; DIR must then be on a file system that all its machines share. Without
#                 it this machine runs all tasks (local[N])
#
# Takes about ten minutes. What each check expects stands in the report.
set -euo pipefail

self="$(readlink -f "${BASH_SOURCE[0]}")"
jobs="$(cd -P "$(dirname "$self")" && pwd)"

say() { printf 'embark: %s\n' "$*" >&2; }
bad() { say "$@"; exit 2; }

device=cuda
out=embark-gpu-report
input=""
fp16=""
spark_flags=()
while [ $# -gt 0 ]; do
  case "$1" in
    --device | --out | --input | --fp16-model)
      [ $# -gt 1 ] || bad "$1 wants a value"
      case "$1" in
        --device) device="$2" ;;
        --out) out="$2" ;;
        --input) input="$2" ;;
        --fp16-model) fp16="$2" ;;
      esac
      shift 2
      ;;
    --spark)
      shift
      [ $# -gt 0 ] || bad "--spark wants flags behind it"
      spark_flags=("$@")
      break
      ;;
    -h | --help)
      sed -n '3,14s/^# \{0,1\}//p' "$self"
      exit 0
      ;;
    *) bad "unknown flag $1; see $0 --help" ;;
  esac
done
case "$device" in cuda | cpu) ;; *) bad "--device is $device, wanted cuda or cpu" ;; esac
[ ! -e "$out" ] || bad "$out exists; name another folder with --out"
mkdir -p "$out"
out="$(cd "$out" && pwd)"

# --- the report ---------------------------------------------------------------------------------------------------

failed=0
passed=0
skipped=0

# row RESULT CHECK EXPECTED FOUND
row() {
  case "$1" in
    ok) passed=$((passed + 1)) ;;
    FAILED) failed=$((failed + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
  esac
  printf '%-8s %s\n         wanted: %s\n         found:  %s\n' "$1" "$2" "$3" "$4" | tee -a "$out/report.txt" >&2
}

note() { printf '%s\n' "$*" | tee -a "$out/report.txt" >&2; }

note "Embark on a GPU, $(date -u '+%Y-%m-%d %H:%M UTC'), $(uname -srm), device $device"
[ "$device" = cuda ] || note "DRY RUN ON THE CPU: this exercises the script. NOTHING ABOUT A GPU IS VERIFIED."
[ ${#spark_flags[@]} -eq 0 ] || note "Spark flags: ${spark_flags[*]}"
note ""

# --- runs ---------------------------------------------------------------------------------------------------------

# supports FLAG: whether this build has it. One that is missing fails a check on a GPU, and is passed over in a dry run.
help_text="$("$jobs/embed.sh" --help 2>/dev/null)" || bad "$jobs/embed.sh --help failed; run it to see why"
supports() { case "$help_text" in *"$1"[!a-z-]*) return 0 ;; *) return 1 ;; esac; }

# needs FLAG CHECK
needs() {
  if supports "$1"; then
    return 0
  fi
  if [ "$device" = cpu ]; then
    row skipped "$2" "a build with $1" "this build has no such flag"
  else
    row FAILED "$2" "a build with $1" "this build has no such flag"
  fi
  return 1
}

# embed NAME TASKS FLAGS...: a run into $out/NAME with its log beside it; its exit code is this one's.
embed() {
  local name="$1" tasks="$2" run_spark=()
  shift 2
  if [ ${#spark_flags[@]} -eq 0 ]; then
    run_spark=(--master "local[$tasks]")
  else
    run_spark=("${spark_flags[@]}")
    [ "$device" = cpu ] || run_spark+=(--conf "spark.task.resource.gpu.amount=$(awk "BEGIN { print 1 / $tasks }")")
  fi
  set -- --output "$out/$name" --mode overwrite --preview 0 "$@"
  [ -z "$input" ] || set -- --input "$input" "$@"
  "$jobs/embed.sh" "$@" --spark "${run_spark[@]}" >"$out/$name.log" 2>&1
}

# number NAME KEY: a number of the run's record, or nothing. Its slowest tasks, which have numbers of the same names, come last.
number() {
  sed -n "/\"slowestTasks\"/q; s/.*\"$2\" *: *\([0-9.eE+-]*\).*/\1/p" "$out/$1"/_embark/run-*.json 2>/dev/null | tail -n 1 || true
}

rate() {
  awk -v tokens="$(number "$1" tokens)" -v seconds="$(number "$1" seconds)" -v rows="$(number "$1" rows)" \
    'BEGIN { if (seconds > 0) printf "%.0f tokens/s, %.0f rows/s", tokens / seconds, rows / seconds; else print "no record" }'
}

last_words() { grep -E 'Error|ERROR|Exception|Cannot' "$out/$1.log" | head -n 1 | cut -c 1-300 || true; }

# alike CHECK NAME REFERENCE MAX_ABS MIN_COSINE: the vectors of two runs over the same rows.
alike() {
  local found
  if found="$("$jobs/submit.sh" vector-diff --max-abs "$4" --min-cosine "$5" "$out/$2" "$out/$3" 2>>"$out/$2.log")"; then
    row ok "$1" "largest difference $4, least cosine $5" "$found"
  else
    row FAILED "$1" "largest difference $4, least cosine $5" "${found:-the comparison failed; see $2.log}"
  fi
}

# same CHECK NAME MAX_ABS MIN_COSINE FLAGS...: a run on the device, its vectors held against those of the CPU.
same() {
  local check="$1" name="$2" max="$3" cosine="$4"
  shift 4
  if embed "$name" 2 --device "$device" "$@"; then
    alike "$check" "$name" reference "$max" "$cosine"
    note "         $(rate "$name")"
  else
    row FAILED "$check" "a run that ends with 0" "exit code other than 0: $(last_words "$name")"
    return 1
  fi
}

# --- 1. the machine -----------------------------------------------------------------------------------------------

if [ "$device" = cuda ]; then
  if found="$(nvidia-smi --query-gpu=index,name,driver_version,memory.total,compute_cap --format=csv,noheader 2>&1)"; then
    row ok "GPUs of this machine" "at least one" "$(printf '%s' "$found" | tr '\n' ';')"
  elif [ ${#spark_flags[@]} -gt 0 ]; then
    row skipped "GPUs of this machine" "at least one" "none here; the runs go to a cluster"
  else
    row FAILED "GPUs of this machine" "at least one" "$found"
  fi
fi

if [ -x "$jobs/doctor.sh" ]; then
  doctor=(--device "$device")
  [ ${#spark_flags[@]} -eq 0 ] || doctor+=(--spark "${spark_flags[@]}")
  if "$jobs/doctor.sh" "${doctor[@]}" >"$out/doctor.log" 2>&1; then
    row ok "jobs/doctor.sh" "exit code 0" "0; its table is in doctor.log"
  else
    row FAILED "jobs/doctor.sh" "exit code 0" "$?; see doctor.log"
  fi
else
  row skipped "jobs/doctor.sh" "exit code 0" "this build has no doctor.sh"
fi

# --- 2. right vectors ---------------------------------------------------------------------------------------------

if embed reference 2 --device cpu; then
  row ok "reference on the CPU" "exit code 0" "$(rate reference)"
else
  row FAILED "reference on the CPU" "exit code 0" "$(last_words reference); without it nothing can be compared"
  note "Stopped."
  exit 1
fi

same "float32 vectors on $device" plain 1e-4 0.99999 || true
same "large batches" large 1e-4 0.99999 --token-budget 65536 || true

if needs --shape-buckets "shape buckets"; then
  same "shape buckets on" buckets-on 1e-4 0.99999 --shape-buckets on || true
  same "shape buckets off" buckets-off 1e-4 0.99999 --shape-buckets off || true
fi
if needs --gpu-tf32 "TF32"; then
  # 10 bits of mantissa: the third or fourth digit.
  same "TF32, looser bounds" tf32 1e-2 0.999 --gpu-tf32 || true
fi
if needs --gpu-arena "arena that doubles"; then
  same "arena that doubles" arena 1e-4 0.99999 --gpu-arena next-power-of-two || true
fi
if [ -n "$fp16" ]; then
  same "float16 model, looser bounds" fp16 1e-2 0.999 --model "$fp16" || true
else
  row skipped "float16 model" "cosine of at least 0.999" "no --fp16-model given"
fi

# --- 3. too little memory -----------------------------------------------------------------------------------------

if needs --gpu-memory-limit "memory limit"; then
  # The weights of MiniLM take 90 MB; 256 rows x 256 tokens need several times as much for attention alone.
  if same "a batch beyond the memory limit is halved" limit 1e-4 0.99999 --gpu-memory-limit 256m --token-budget 65536; then
    halved="$(number limit batchesHalvedForMemory)"
    if [ "$device" = cpu ]; then
      row skipped "batches halved for memory" "more than 0 on a GPU" "${halved:-no record}; a CPU has no such limit"
    elif [ "${halved:-0}" -gt 0 ]; then
      row ok "batches halved for memory" "more than 0" "$halved"
    else
      row FAILED "batches halved for memory" "more than 0" "${halved:-no record}: the limit had no effect, or was not reached"
    fi
  fi
fi

# --- 4. refusals --------------------------------------------------------------------------------------------------

# With no GPU visible, CUDA must fail at once and say so. On a cluster the executors have an environment of their own.
if [ ${#spark_flags[@]} -eq 0 ]; then
  started=$(date +%s)
  code=0
  CUDA_VISIBLE_DEVICES="" embed hidden 1 --device cuda || code=$?
  took=$(($(date +%s) - started))
  if [ "$code" -ne 0 ] && [ "$took" -lt 60 ] && grep -q 'Cannot run on' "$out/hidden.log"; then
    row ok "no GPU visible: refused" "an error within 60 s that says why" "exit code $code after $took s: $(last_words hidden)"
  else
    row FAILED "no GPU visible: refused" "an error within 60 s that says why" "exit code $code after $took s; see hidden.log"
  fi
fi

# --- 5. TensorRT --------------------------------------------------------------------------------------------------

if [ "$device" = cpu ] || ! supports --gpu-tensorrt-cache; then
  row skipped "TensorRT" "same vectors; engines are read from the cache the second time" "not in a dry run, or not in this build"
elif ! { ldconfig -p 2>/dev/null | grep -q 'libnvinfer\.so\.10'; } && [ ${#spark_flags[@]} -eq 0 ]; then
  row skipped "TensorRT" "same vectors; engines are read from the cache the second time" "no libnvinfer.so.10 on this machine"
else
  for time in first second; do
    if embed "tensorrt-$time" 2 --device tensorrt --gpu-tensorrt-cache "$out/engines"; then
      alike "TensorRT, $time run" "tensorrt-$time" reference 1e-2 0.999
      note "         $(rate "tensorrt-$time"), $(number "tensorrt-$time" seconds) s; compiling belongs to the first run"
    else
      row FAILED "TensorRT, $time run" "a run that ends with 0" "$(last_words "tensorrt-$time")"
    fi
  done
fi

# --- 6. throughput ------------------------------------------------------------------------------------------------

note ""
note "Throughput, several tasks on one GPU (a figure to look at, not a check)"
for tasks in 1 2 4; do
  sampler=""
  if [ "$device" = cuda ] && command -v nvidia-smi >/dev/null; then
    nvidia-smi --query-gpu=index,utilization.gpu,memory.used --format=csv,noheader,nounits -lms 500 >"$out/gpu-$tasks.csv" 2>/dev/null &
    sampler=$!
  fi
  code=0
  embed "tasks-$tasks" "$tasks" --device "$device" --partitions 16 || code=$?
  if [ -n "$sampler" ]; then
    kill "$sampler" 2>/dev/null || true
    wait "$sampler" 2>/dev/null || true
  fi
  if [ "$code" -ne 0 ]; then
    row FAILED "$tasks tasks at a time" "exit code 0" "$code: $(last_words "tasks-$tasks")"
    continue
  fi
  busy=""
  if [ -s "$out/gpu-$tasks.csv" ]; then
    busy=", $(awk -F', *' '{ sum += $2; if ($2 > 0) used++; if ($3 > most) most = $3 }
      END { printf "GPU busy %.0f %% on average, %.0f %% of samples, at most %d MiB", sum / NR, 100 * used / NR, most }' "$out/gpu-$tasks.csv")"
  fi
  note "  $tasks: $(rate "tasks-$tasks")$busy"
done
for budget in 4096 16384 65536; do
  if embed "budget-$budget" 2 --device "$device" --token-budget "$budget"; then
    note "  token budget $budget, 2 tasks: $(rate "budget-$budget"), padding $(number "budget-$budget" padding)"
  else
    row FAILED "token budget $budget" "exit code 0" "$(last_words "budget-$budget")"
  fi
done
note ""
note "$passed passed, $failed failed, $skipped skipped; report, logs and outputs in $out"
[ "$device" = cuda ] || note "DRY RUN ON THE CPU: nothing about a GPU was verified."
[ "$failed" -eq 0 ]
