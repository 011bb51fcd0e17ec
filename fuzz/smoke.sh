#!/usr/bin/env bash
# A short run of every target, from the seed corpus: so many executions, or so many seconds, whichever ends first.
# New inputs are thrown away; a finding ends the script, and stays in fuzz/artifacts.
#
# SECONDS_EACH bounds the time of a target, RUNS its executions.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-12}
runs=${RUNS:-40000}
version=0.13.2
export CARGO_TERM_COLOR=never RUSTC_BOOTSTRAP=1
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-fuzz --version "$version"

echo "-- build ($SECONDS s)"
cargo fuzz build -s none --codegen-units 8 2>&1 | { grep -E '^(error|warning)' || true; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in events differential config replay; do
  mkdir "$work/$target"
  words=()
  [ ! -f "fuzz/$target.dict" ] || words=("-dict=fuzz/$target.dict")
  if cargo fuzz run -s none --codegen-units 8 "$target" "$work/$target" "fuzz/corpus/$target" -- -seed=1 -runs="$runs" \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
    "${words[@]}" >"$work/log" 2>&1; then
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
    echo "-- $target: $executed executions ($SECONDS s)"
  else
    grep -vE '^#[0-9]' "$work/log"
    exit 1
  fi
done
