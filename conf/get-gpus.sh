#!/bin/sh
#
# Tells Spark which NVIDIA GPUs a process on this machine can use:  {"name": "gpu", "addresses": ["0", "1"]}
# For spark.worker.resource.gpu.discoveryScript (standalone) and spark.executor.resource.gpu.discoveryScript (YARN, Kubernetes).
#
# Where CUDA_VISIBLE_DEVICES is set, its entries; else the indices that nvidia-smi gives, which in a container are those of
# its own devices. With MIG, Spark has one address for each GPU and not for each slice: run one executor in a container of
# its own on each slice, or set CUDA_VISIBLE_DEVICES to one slice (MIG-<uuid>) for each worker.
set -euf

fail() {
  echo "get-gpus.sh: $*" >&2
  exit 1
}

if [ -n "${CUDA_VISIBLE_DEVICES+set}" ]; then
  found=$(printf '%s\n' "$CUDA_VISIBLE_DEVICES" | tr ',' '\n')
  source="CUDA_VISIBLE_DEVICES, which is '$CUDA_VISIBLE_DEVICES'"
else
  command -v nvidia-smi >/dev/null 2>&1 ||
    fail "no nvidia-smi on the PATH ($PATH): install the NVIDIA driver, or in a container its utilities" \
      "(NVIDIA_DRIVER_CAPABILITIES=compute,utility)"
  found=$(nvidia-smi --query-gpu=index --format=csv,noheader) || fail "nvidia-smi failed and says: $found"
  source="nvidia-smi"
fi

addresses=""
for entry in $found; do
  case "$entry" in
    *[!A-Za-z0-9/_-]*) usable="" ;;
    GPU-* | MIG-*) usable=yes ;;
    *[!0-9]*) usable="" ;;
    *) usable=yes ;;
  esac
  if [ -z "$usable" ]; then
    # CUDA reads its list up to the first entry that is no device.
    [ "$source" != nvidia-smi ] || fail "nvidia-smi printed no index, but: $found"
    break
  fi
  addresses="$addresses${addresses:+, }\"$entry\""
done
[ -n "$addresses" ] || fail "found no GPU by $source"
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
