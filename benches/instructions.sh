#!/usr/bin/env bash
# Instructions of one step of the core, by callgrind: the same on any machine, however busy.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --release -p latebind-bench
bench="${CARGO_TARGET_DIR:-target}/release/latebind-bench"

# The instructions of a whole run with so many cycles.
total() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" core "$1" --size "$2" --cycles "$3" 2>&1 |
    awk '/Collected/ { print $4 }'
}

printf '%-10s %10s %10s %10s\n' step 1 1000 100000
for step in idle cancel hand-over stall clear; do
  printf '%-10s' "$step"
  for size in 1 1000 100000; do
    printf ' %10d' $((($(total "$step" "$size" 10000) - $(total "$step" "$size" 0)) / 10000))
  done
  echo
done
