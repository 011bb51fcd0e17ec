#!/usr/bin/env bash
# Plants a bug in a copy of the tree, and sees whether the searches find it: the properties, and the target
# `differential` without a seed corpus. Fails if one of them does not, or if a patch no longer applies.
#
#   fuzz/canary.sh                  all of fuzz/canaries
#   fuzz/canary.sh wrong-victim     one of them
#
# `young-request-charged` is found soonest, and by the model alone: the one for every day.
# CASES and RUNS bound the search: cases of each property, executions of the target.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cases=${CASES:-4000}
runs=${RUNS:-400000}
built=${CARGO_TARGET_DIR:-$root/target}
work=$built/canary
tree=$work/tree
export CARGO_TERM_COLOR=never RUSTC_BOOTSTRAP=1 RUST_BACKTRACE=0

if [ $# -eq 0 ]; then
  set -- $(cd fuzz/canaries && ls ./*.patch | sed 's|^\./||; s|\.patch$||')
fi

# The tree as it is, with changes that are not committed yet.
rm -rf "$work"
mkdir -p "$tree"
git ls-files -z --cached --others --exclude-standard | tar -c --null -T - --ignore-failed-read -f - 2>/dev/null |
  tar -x -f - -C "$tree"
# What was built of an earlier copy is out of date.
find "$tree" -name '*.rs' -exec touch {} +
cd "$tree"

# What was built for this tree serves the copy, too.
properties() {
  CARGO_TARGET_DIR=$built PROPTEST_CASES=$cases PROPTEST_RNG_SEED=1 PROPTEST_MAX_SHRINK_TIME=2000 \
    cargo test --locked --test properties
}
differential() {
  mkdir -p "$work/found"
  CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/fuzz/target} \
    cargo fuzz run -s none --codegen-units 8 differential "$work/found" -- -runs="$runs" -seed=1 -max_len=600 -len_control=0 \
    -rss_limit_mb=2048 -timeout=20 -print_final_stats=1
}

missed=0
# Runs a search that must fail, and tells after how much: search, canary, what a finding looks like, where the number is.
must_find() {
  local log=$work/$2-$1.log since=$SECONDS
  rm -rf "$work/found"
  if ! "$1" >"$log" 2>&1 && grep -q "$3" "$log"; then
    local after
    after=$(grep -oE "$4" "$log" | grep -oE '[0-9]+$' | sort -n | head -1)
    echo "$2: found by $1 after $after $5 ($((SECONDS - since)) s)"
  else
    echo "$2: NOT found by $1, see $log"
    missed=1
  fi
}

for canary; do
  patch=$root/fuzz/canaries/$canary.patch
  if ! patch --dry-run -s -p1 -F0 <"$patch" >/dev/null; then
    echo "$canary: the patch does not apply any more"
    missed=1
    continue
  fi
  patch -s -p1 -F0 <"$patch"
  must_find properties "$canary" 'minimal failing input' 'successes: [0-9]+' cases
  must_find differential "$canary" 'panicked at' 'number_of_executed_units: +[0-9]+' executions
  patch -s -p1 -F0 -R <"$patch"
done
exit $missed
