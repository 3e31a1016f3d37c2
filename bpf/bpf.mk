# Builds the data plane's object. Included by the Makefile; `make -f bpf/bpf.mk bpf` works alone.
BPF_CLANG ?= clang
BPF_OUT := build/bpf
# -mcpu=v3: 32-bit registers and atomics with fetch, both older than 5.15. The multiarch folder has asm/types.h.
BPF_FLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-I/usr/include/$(shell uname -m)-linux-gnu

.PHONY: bpf
bpf: $(BPF_OUT)/steelyard.bpf.o $(BPF_OUT)/decap.bpf.o $(BPF_OUT)/ways.bpf.o $(BPF_OUT)/bench.bpf.o ## build the XDP program

$(BPF_OUT)/steelyard.bpf.o: bpf/steelyard.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(BPF_OUT)
	$(BPF_CLANG) $(BPF_FLAGS) -c $< -o $@
	llvm-strip -g $@

$(BPF_OUT)/%.bpf.o: test/xdp/%.bpf.c
	@mkdir -p $(BPF_OUT)
	$(BPF_CLANG) $(BPF_FLAGS) -c $< -o $@

$(BPF_OUT)/ways.bpf.o: test/xdp/ways.bpf.c bpf/steelyard.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(BPF_OUT)
	$(BPF_CLANG) $(BPF_FLAGS) -Ibpf -c $< -o $@

$(BPF_OUT)/bench.bpf.o: bench/xdp/bench.bpf.c bpf/steelyard.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(BPF_OUT)
	$(BPF_CLANG) $(BPF_FLAGS) -Ibpf -c $< -o $@
