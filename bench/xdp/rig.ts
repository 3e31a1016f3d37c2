// The data plane with the benchmark's programs beside it, and the packet they restore.
import { join } from 'node:path';
import { Rig } from '../../test/xdp/rig.ts';

export const BENCH_OBJECT = join(import.meta.dirname, '../../build/bpf/bench.bpf.o');

/** struct bench of bench.bpf.c. */
const BENCH = { length: 0, flowMask: 4, addressAt: 8, portAt: 12, outIfindex: 16, frame: 32 } as const;

export interface Stream {
  readonly frame: Uint8Array;
  readonly flows: number;
  /** Where in the frame the flow's number goes. */
  readonly addressAt: number;
  readonly portAt: number;
}

/** IPv4 behind a bare Ethernet header: source address and source port vary. */
export const REQUEST = { addressAt: 26, portAt: 34 } as const;
/** Replies: the client is the destination. */
export const REPLY = { addressAt: 30, portAt: 36 } as const;

export const TABLES = { flows4: 1_048_576, listeners: 64, members: 1024, rings: 4096 } as const;

export class BenchRig extends Rig {
  constructor() {
    super(TABLES, BENCH_OBJECT);
  }

  stream(stream: Stream, outIfindex = 0): void {
    const view = new DataView(this.object.map('bench').memory());
    view.setUint32(BENCH.length, stream.frame.length, true);
    view.setUint32(BENCH.flowMask, stream.flows - 1, true);
    view.setUint32(BENCH.addressAt, stream.addressAt, true);
    view.setUint32(BENCH.portAt, stream.portAt, true);
    view.setUint32(BENCH.outIfindex, outIfindex, true);
    new Uint8Array(view.buffer).set(stream.frame, BENCH.frame);
  }

  sunk(): number {
    const value = this.object.map('bench_sunk').lookup(new Uint8Array(4))!;
    return Number(new BigUint64Array(value.buffer).reduce((sum, one) => sum + one, 0n));
  }
}
