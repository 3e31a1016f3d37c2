#!/bin/sh
# Plans and applies an example on the memory engine: no root, no kernel module, nothing of the machine is touched.
set -eu
cd "$(dirname "$0")/.."
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
