// The loaded tables beside listeners and members: counters, flows, whether addresses lead to their rows.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ListenerEntry } from './entries.ts';
import { CONFIG, LISTENER, VIP_KIND, VIP4_KEY, VIP6_KEY } from './layout.ts';
import { PeerRows } from './peer-rows.ts';
import { type SweepResult, sweep } from './sweep.ts';

export interface XdpTables {
  readonly counts: BpfMap;
  readonly memberCounts: BpfMap;
  readonly memberLive: ArrayBuffer;
  readonly flows4: BpfMap;
  readonly flows6: BpfMap;
  readonly peers: PeerRows;
  /** How long a transition window outlives the last flow that needs it. */
  readonly windowTicks: number;
  /** Tells whether every address and port of a listener leads to its row. */
  reachable(): (entry: ListenerEntry) => boolean;
  sweep(): Promise<SweepResult>;
  close(): void;
}

const CHUNK = 8192;

export function tablesOf(
  map: (name: string) => BpfMap,
  tick: () => number,
  close: () => void = () => undefined,
): XdpTables {
  const config = map('config').memory();
  const peers = new PeerRows(map('peers').memory(), map('peer_numbers'), map('peers_used').memory());
  const flows4 = map('flows4');
  const flows6 = map('flows6');
  return {
    counts: map('counts'),
    memberCounts: map('member_counts'),
    memberLive: map('member_live').memory(),
    flows4,
    flows6,
    windowTicks: new DataView(config).getUint32(CONFIG.timeout + 2 * 4, true),
    reachable: () => reachable(map),
    peers,
    sweep: async () => {
      const result = await sweep(
        {
          flows4,
          flows6,
          config,
          members: map('members').memory(),
          memberLive: map('member_live').memory(),
          listenerLive: map('listener_live').memory(),
        },
        tick,
      );
      peers.age(result.peers);
      return result;
    },
    close,
  };
}

/** By numbers alone: each entry of the tables is held against the row it leads to, and each row counts its own. */
function reachable(map: (name: string) => BpfMap): (entry: ListenerEntry) => boolean {
  const listeners = map('listeners');
  const memory = listeners.memory();
  const found = new Uint32Array(listeners.maxEntries);
  countLeading(map('vips4'), VIP4_KEY, memory, found);
  countLeading(map('vips6'), VIP6_KEY, memory, found);
  return ({ spec, number }) => found[number] === spec.portTo - spec.portFrom + 1;
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
