#!/usr/bin/env bash
# Makes the seed corpus anew: the runs of the scenario tests, as bytes for each target, and of those only what covers
# more than the others.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never RUSTC_BOOTSTRAP=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/runs"

LATEBIND_RECORD=$work/runs cargo test --quiet --locked -p latebind -p latebind-testkit \
  --features latebind-testkit/serde --test rules --test bugs
cargo run --quiet --locked --manifest-path fuzz/Cargo.toml --example corpus -- "$work/runs" "$work/seeds"
for target in events differential config replay; do
  rm -rf "fuzz/corpus/$target"
  mkdir -p "fuzz/corpus/$target"
  cargo fuzz run -s none --codegen-units 8 "$target" "fuzz/corpus/$target" "$work/seeds/$target" -- \
    -set_cover_merge=1 -max_len=20000 2>"$work/log" || { cat "$work/log"; exit 1; }
  echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) seeds"
done
