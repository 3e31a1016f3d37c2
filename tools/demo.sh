#!/bin/sh
# The live demo where it can run (root, Linux, namespaces, a data plane); else the same on the memory engine, which
# touches nothing. "demo.sh --stay" leaves the live one running.
set -eu
cd "$(dirname "$0")/.."
# Without a compiler there is no XDP program; the demo itself says what follows from that.
make -s bpf >/dev/null 2>&1 || true
live=0
node_modules/node/bin/node --disable-warning=ExperimentalWarning lab/demo/main.ts "$@" || live=$?
# 3: it said why it cannot run here.
[ "$live" = 3 ] || exit "$live"
config=examples/two-web-servers.yaml
run() {
  echo
  echo "\$ $*"
  "$@"
}
echo "Steelyard demo: $config on the memory engine"
run ./lbctl validate --config "$config"
run ./lbctl plan --config "$config" --engine-override memory
run ./lbctl apply --config "$config" --engine-override memory
