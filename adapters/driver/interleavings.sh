#!/usr/bin/env bash
# The driver under a model checker: every interleaving of some small scenarios, within a bound of preemptions.
#
#   adapters/driver/interleavings.sh              three preemptions: for every day
#   adapters/driver/interleavings.sh 5            more: minutes
#   adapters/driver/interleavings.sh 5 watching   one theme
set -euo pipefail
cd "$(dirname "$0")/../.."
export LOOM_MAX_PREEMPTIONS=${1:-3} RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" RUST_BACKTRACE=${RUST_BACKTRACE:-0}
# A directory of its own: the flag changes everything that is built.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/loom
log=$CARGO_TARGET_DIR/interleavings.log
mkdir -p "$CARGO_TARGET_DIR"
cargo test --release --locked -p latebind-driver --test interleavings -- --nocapture "${@:2}" 2>&1 | tee "$log"
awk '/ interleavings, / { match($0, /[0-9]+ interleavings/); n += substr($0, RSTART); scenarios++ }
     END { printf "%d interleavings of %d scenarios\n", n, scenarios }' "$log"
