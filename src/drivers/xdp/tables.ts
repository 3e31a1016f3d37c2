// The loaded tables beside listeners and members: counters, flows, whether addresses lead to their rows.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ListenerEntry } from './entries.ts';
import { CONFIG } from './layout.ts';
import { Leading } from './leading.ts';
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
  /** Tells whether every address and port of a listener leads to its row; `writes` as the plane counts them. */
  reachable(writes: number): (entry: ListenerEntry) => boolean;
  sweep(): Promise<SweepResult>;
  close(): void;
}

export interface TablesOptions {
  /** For how long addresses that nobody of us wrote to are taken to lead where they did; default 0, which reads them each time. */
  readonly trustMs?: number;
  readonly close?: () => void;
}

export function tablesOf(
  map: (name: string) => BpfMap,
  tick: () => number,
  { trustMs = 0, close = () => undefined }: TablesOptions = {},
): XdpTables {
  const config = map('config').memory();
  const peers = new PeerRows(map('peers').memory(), map('peer_numbers'), map('peers_used').memory());
  const leading = new Leading(map, trustMs);
  const flows4 = map('flows4');
  const flows6 = map('flows6');
  return {
    counts: map('counts'),
    memberCounts: map('member_counts'),
    memberLive: map('member_live').memory(),
    flows4,
    flows6,
    windowTicks: new DataView(config).getUint32(CONFIG.timeout + 2 * 4, true),
    reachable: (writes) => leading.isReachable(writes),
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
