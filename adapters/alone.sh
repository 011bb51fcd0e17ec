#!/usr/bin/env bash
# Each adapter brings its own runtime and no other: looks through its dependencies, and builds it by itself.
set -euo pipefail
cd "$(dirname "$0")/.."

# The crate that stands for each runtime in a dependency tree.
declare -A runtime=([tokio]=tokio [smol]=smol [async-std]=async-std [std]=none [driver]=none [hyper]=tokio)

for adapter in "${!runtime[@]}"; do
  tree=$(cargo tree --locked --package "latebind-$adapter" --edges normal --all-features --prefix none)
  for other in tokio smol async-std async-executor; do
    # smol's executor is what both smol and async-std run on.
    [[ $other == "${runtime[$adapter]}" ]] && continue
    [[ $other == async-executor && $adapter =~ ^(smol|async-std)$ ]] && continue
    if grep -q "^$other v" <<<"$tree"; then
      echo "latebind-$adapter brings $other" >&2
      exit 1
    fi
  done
  cargo check --locked --quiet --package "latebind-$adapter"
  echo "latebind-$adapter: alone with ${runtime[$adapter]} among $(sort -u <<<"${tree// (\*)/}" | grep -c .) crates"
done
