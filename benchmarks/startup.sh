#!/usr/bin/env bash
# Wall time of `atmos --help` and of the whole main job, each a fresh process. Needs atmos on PATH or in .venv/bin.
set -euo pipefail
atmos=${ATMOS:-.venv/bin/atmos}
runs=${1:-11}
timed() { # milliseconds of one command, over $runs runs: minimum, median, maximum
  local label=$1
  shift
  for _ in $(seq "$runs"); do
    local start end
    start=$(date +%s%N)
    "$@" >/dev/null
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
  done | sort -n | awk -v label="$label" '{v[NR]=$1} END {printf "%-40s min %d  median %d  max %d ms\n", label, v[1], v[int((NR+1)/2)], v[NR]}'
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
main_job() { "$atmos" new service "node, port 80, postgres" --init "$(mktemp -d -p "$scratch")/demo" --yes; }
timed "atmos --help" "$atmos" --help
timed "atmos new service … --init demo --yes" main_job
