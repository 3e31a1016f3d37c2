# Every task of the house. "make" alone lists them; "make test" is all that CI does.
NODE := node_modules/node/bin/node --disable-warning=ExperimentalWarning

.DEFAULT_GOAL := help
include bpf/bpf.mk
.PHONY: help setup packages setup-demo check test package test-package demo demo-stay soak bench golden docs fmt clean

help: ## list these tasks
	@awk -F ':.*## ' '/^[a-z%<>-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing: npm packages, the pinned Node, Debian packages
	@sh tools/setup.sh

packages:
	@sh tools/setup.sh npm

setup-demo:
	@sh tools/setup.sh demo

check: packages ## static checks, under 30 s: types, lint, layers, sizes, docs against code
	@$(NODE) tools/check.ts

test: setup bpf ## everything CI does: setup, static checks, all test suites
	@$(NODE) tools/run-tests.ts

test-%: setup bpf ## one suite: unit, root, vm or clock
	@$(NODE) tools/run-tests.ts $*

test-root-long: setup bpf ## what takes minutes: HAProxy's 200 reloads and 2,000 changes, and all its tests on the next one
	@failed=0; for file in test/root/*.slow.ts; do $(NODE) --test --test-reporter=spec $$file || failed=1; done; exit $$failed

test-vm-long: setup bpf ## a lab on IPVS in the guest, with lbctl as one executable; some minutes
	@$(NODE) --test --test-reporter=spec test/vm/guest-lab.slow.ts

demo: setup-demo ## a pair of balancers in namespaces, told with what a client sees; about half a minute
	@sh tools/demo.sh

package: packages bpf ## one executable, and deb, rpm, tarball and OCI image of it, in build/package
	@$(NODE) packaging/build.ts

test-package: setup package ## install the packages into empty roots, run and remove them; builds twice
	@$(NODE) --test --test-concurrency=1 --test-reporter=spec test/packaging/*.slow.ts

demo-stay: setup-demo ## the same site, left running until Ctrl-C
	@sh tools/demo.sh --stay

test-api-long: packages ## the API fuzzed with 60,000 requests, and the heap watched over 300,000 rounds; about ten minutes
	@FUZZ_REQUESTS=60000 $(NODE) --test --test-reporter=spec test/house/fuzz-api.test.ts
	@LEAK_ROUNDS=300000 $(NODE) --test --test-reporter=spec test/scenarios/leak.test.ts

bench: packages bpf ## all benchmarks
	@$(NODE) tools/run-bench.ts

bench-%: packages bpf ## one benchmark of bench/
	@$(NODE) tools/run-bench.ts $*

soak: setup bpf ## ten minutes of load and faults (SOAK_SECONDS, SOAK_SEED, SOAK_FAULT); tells what was lost and what was untrue
	@$(NODE) lab/soak/main.ts

golden: packages ## rewrite the expected files of tests; read the diff as code
	@UPDATE_GOLDEN=1 $(NODE) tools/run-tests.ts unit

docs: setup ## rewrite the generated pages and pictures, and build the documents as a site in build/docs
	@set -e; for generator in tools/gen-*.ts; do \
	  case $$generator in *.test.ts) ;; *) echo "$$generator"; $(NODE) $$generator ;; esac; done
	@$(NODE) tools/build-site.ts

fmt: packages ## format and lint-fix the source
	@node_modules/.bin/biome check --write .

clean: ## remove what builds and benchmarks wrote; node_modules stays
	@rm -rf build bench/out .cache
