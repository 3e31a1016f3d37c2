// The loaded tables beside listeners and members: counters, flows, whether addresses lead to their rows.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ListenerEntry } from './entries.ts';
import { CONFIG, PROTOCOL_NUMBER, VIP_KIND } from './layout.ts';
import { type SweepResult, sweep } from './sweep.ts';
import { vipKey } from './vip-key.ts';

export interface XdpTables {
  readonly counts: BpfMap;
  readonly memberCounts: BpfMap;
  readonly memberLive: ArrayBuffer;
  readonly flows4: BpfMap;
  readonly flows6: BpfMap;
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
  const flows4 = map('flows4');
  const flows6 = map('flows6');
  return {
    counts: map('counts'),
    memberCounts: map('member_counts'),
    memberLive: map('member_live').memory(),
    flows4,
    flows6,
    windowTicks: new DataView(config).getUint32(CONFIG.timeout + 2 * 4, true),
    reachable: () => reachable(map('vips4'), map('vips6')),
    sweep: () =>
      sweep(
        {
          flows4,
          flows6,
          config,
          members: map('members').memory(),
          memberLive: map('member_live').memory(),
          listenerLive: map('listener_live').memory(),
        },
        tick,
      ),
    close,
  };
}

function reachable(vips4: BpfMap, vips6: BpfMap): (entry: ListenerEntry) => boolean {
  const found = new Map([...entriesOf(vips4), ...entriesOf(vips6)]);
  return ({ spec, number }) => {
    for (let port = spec.portFrom; port <= spec.portTo; port++) {
      const key = vipKey(spec.address, port, PROTOCOL_NUMBER[spec.transport], VIP_KIND.listener);
      if (found.get(Buffer.from(key).toString('latin1')) !== number) return false;
    }
    return true;
  };
}

function* entriesOf(map: BpfMap): Generator<[string, number]> {
  for (const { count, keys, values } of map.batches(CHUNK)) {
    const text = Buffer.from(keys.buffer, 0, count * map.keySize);
    const numbers = new Uint32Array(values.buffer, 0, count);
    for (let i = 0; i < count; i++)
      yield [text.toString('latin1', i * map.keySize, (i + 1) * map.keySize), numbers[i]!];
  }
}
