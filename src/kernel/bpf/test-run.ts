// BPF_PROG_TEST_RUN: one packet through a program, or many. Used by tests, benchmarks and the start-up self check.
import { Attribute } from './attribute.ts';
import { bpfError } from './errors.ts';
import { bpf } from './libc.ts';

const TEST_RUN = 10;
/** BPF_F_TEST_XDP_LIVE_FRAMES (5.18): frames really leave by what the program says. */
const LIVE_FRAMES = 2;

export interface RunResult {
  readonly verdict: number;
  readonly packet: Uint8Array;
  /** Average of one run. */
  readonly durationNs: number;
}

/** struct xdp_md. */
const CONTEXT_SIZE = 24;

export interface RunOptions {
  readonly repeat?: number;
  /** Interface the packet seems to come in by; must be in this network namespace. */
  readonly ifindex?: number;
  /** Frames a NAPI poll; live frames only. */
  readonly batch?: number;
  readonly live?: boolean;
}

/** Reuses its buffers: about 1 us a packet. The packet of a result is valid until the next run. */
export class TestRun {
  readonly #fd: number;
  readonly #out = new Uint8Array(8192);
  readonly #attribute = new Attribute(80);
  readonly #context = new Uint8Array(CONTEXT_SIZE);

  constructor(programFd: number) {
    this.#fd = programFd;
  }

  run(packet: Uint8Array, options: RunOptions = {}): RunResult {
    const attribute = new Attribute(80)
      .u32(0, this.#fd)
      .u32(8, packet.length)
      .pointer(16, packet)
      .u32(32, options.repeat ?? 1);
    if (options.live) attribute.u32(64, LIVE_FRAMES).u32(72, options.batch ?? 64);
    else attribute.u32(12, this.#out.length).pointer(24, this.#out);
    if (options.ifindex !== undefined) {
      const context = new DataView(this.#context.buffer);
      context.setUint32(4, packet.length, true);
      context.setUint32(12, options.ifindex, true);
      attribute.u32(40, CONTEXT_SIZE).pointer(48, this.#context);
    }
    const result = bpf(TEST_RUN, attribute.bytes);
    if (result < 0) throw this.#fault(result);
    return {
      verdict: attribute.readU32(4),
      packet: this.#out.subarray(0, attribute.readU32(12)),
      durationNs: attribute.readU32(36),
    };
  }

  /** As run() with nothing to choose, for a million packets: no objects made but the result's view. */
  quick(packet: Uint8Array): { verdict: number; length: number; out: Uint8Array } {
    const attribute = this.#attribute
      .u32(0, this.#fd)
      .u32(8, packet.length)
      .u32(12, this.#out.length)
      .pointer(16, packet)
      .pointer(24, this.#out)
      .u32(32, 1);
    const result = bpf(TEST_RUN, attribute.bytes);
    if (result < 0) throw this.#fault(result);
    return { verdict: attribute.readU32(4), length: attribute.readU32(12), out: this.#out };
  }

  #fault(result: number): Error {
    return bpfError('run a packet through the program', {
      op: 'BPF_PROG_TEST_RUN',
      target: `fd ${this.#fd}`,
      errno: -result,
    });
  }
}
