// Whether addresses and ports lead to the rows of their listeners. The kernel walks all of its buckets, some 130,000, for it: more
// than a millisecond, which a member that failed shall not wait for.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ListenerEntry } from './entries.ts';
import { LISTENER, VIP_KIND, VIP4_KEY, VIP6_KEY } from './layout.ts';

/** Rows in one system call. */
const CHUNK = 8192;

interface Look {
  readonly atMs: number;
  readonly writes: number;
  readonly found: Uint32Array;
}

export class Leading {
  readonly #map: (name: string) => BpfMap;
  readonly #trustMs: number;
  #last: Look | undefined;

  constructor(map: (name: string) => BpfMap, trustMs: number) {
    this.#map = map;
    this.#trustMs = trustMs;
  }

  /** `writes` is another number after whatever we wrote to the tables of addresses. */
  isReachable(writes: number): (entry: ListenerEntry) => boolean {
    const atMs = performance.now();
    const last = this.#last;
    const isTrusted = last !== undefined && last.writes === writes && atMs - last.atMs < this.#trustMs;
    const found = isTrusted ? last.found : this.#count();
    if (!isTrusted) this.#last = { atMs, writes, found };
    return ({ spec, number }) => found[number] === spec.portTo - spec.portFrom + 1;
  }

  /** By numbers alone: each entry of the tables is held against the row it leads to, and each row counts its own. */
  #count(): Uint32Array {
    const listeners = this.#map('listeners');
    const memory = listeners.memory();
    const found = new Uint32Array(listeners.maxEntries);
    countLeading(this.#map('vips4'), VIP4_KEY, memory, found);
    countLeading(this.#map('vips6'), VIP6_KEY, memory, found);
    return found;
  }
}

function countLeading(
  vips: BpfMap,
  layout: typeof VIP4_KEY | typeof VIP6_KEY,
  memory: ArrayBuffer,
  found: Uint32Array,
): void {
  const rows = new DataView(memory);
  for (const { count, keys, values } of vips.batches(CHUNK)) {
    const key = new DataView(keys.buffer);
    const numbers = new Uint32Array(values.buffer, 0, count);
    for (let i = 0; i < count; i++) {
      const at = i * layout.size;
      if (key.getUint8(at + layout.kind) !== VIP_KIND.listener) continue;
      const number = numbers[i]!;
      if (number >= found.length) continue;
      const row = number * LISTENER.size;
      const port = key.getUint16(at + layout.port);
      if (
        rows.getUint8(row + LISTENER.family) === (layout === VIP4_KEY ? 4 : 6) &&
        rows.getUint8(row + LISTENER.transport) === key.getUint8(at + layout.protocol) &&
        port >= rows.getUint16(row + LISTENER.portFrom, true) &&
        port <= rows.getUint16(row + LISTENER.portTo, true) &&
        isSameAddress(key, at + layout.address, rows, row + LISTENER.vip, layout.port - layout.address)
      )
        found[number] = found[number]! + 1;
    }
  }
}

function isSameAddress(a: DataView, from: number, b: DataView, at: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i += 4)
    if (a.getUint32(from + i, true) !== b.getUint32(at + i, true)) return false;
  return true;
}
