#!/usr/bin/env bash
# Instructions that one request costs an HTTP client, by callgrind: one thread, the kernel's part not counted.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet --release -p latebind-bench
bench="${CARGO_TARGET_DIR:-target}/release/latebind-bench"

coproc server { "$bench" http-server --threads 1; }
trap 'kill "$server_PID"' EXIT
read -r listening <&"${server[0]}"
port="$(sed -E 's/.*"plain_port":([0-9]+).*/\1/' <<<"$listening")"
# Its line breaks are written as in JSON, and stay so.
certificate="$(sed -E 's/.*"certificate":"([^"]*)".*/\1/' <<<"$listening")"

# The instructions of a whole run with so many requests of one caller.
total() {
  printf '{"url":"http://127.0.0.1:%d/","certificate":"%s","protocol":"%s","callers":1,"connect_delay_ms":0,%s}\n' \
    "$port" "$certificate" "$2" "\"limit\":null,\"load\":{\"bursts\":{\"count\":1,\"requests_per_caller\":$3}}" |
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" http-client "$1" --threads 1 2>&1 >/dev/null |
    awk '/Collected/ { print $4 }'
}

printf '%-12s %8s %8s\n' client http1 h2c
for client in latebind hyper-util reqwest; do
  printf '%-12s' "$client"
  for protocol in http1 h2c; do
    printf ' %8d' $((($(total "$client" "$protocol" 4000) - $(total "$client" "$protocol" 1000)) / 3000))
  done
  echo
done
