// Counters out of the per-CPU tables: members as the program counts them, listeners as the sum of their members.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ItemCounters } from '../../model/driver.ts';
import { memberItemKey } from '../../model/keys.ts';
import type { ListenerEntry } from './entries.ts';
import { LIVE, MEMBER_COUNT } from './layout.ts';
import { u32 } from './pending-writes.ts';
import { COUNTS, type CountName } from './reasons.ts';

export interface CounterTables {
  readonly memberCounts: BpfMap;
  readonly memberLive: ArrayBuffer;
}

/** Rows read by one system call: bounded, as the kernel copies them with its table held. */
const CHUNK = 1024;

export function readCounters(
  entries: Iterable<ListenerEntry>,
  { memberCounts, memberLive }: CounterTables,
): readonly ItemCounters[] {
  const sums = sumRows(memberCounts);
  const out: ItemCounters[] = [];
  for (const entry of entries) {
    const members = [...entry.members.values()].map((member) => {
      const live = new DataView(memberLive, member.number * LIVE.size, LIVE.size);
      return {
        key: memberItemKey(entry.key, member.endpoint),
        ...sums(member.number),
        activeConnections: live.getUint32(LIVE.active, true),
        inactiveConnections: live.getUint32(LIVE.inactive, true),
      };
    });
    out.push(members.reduce(added, zero(entry.key)), ...members);
  }
  return out;
}

type Sums = Omit<ItemCounters, 'key' | 'activeConnections' | 'inactiveConnections'>;

function sumRows(map: BpfMap): (number: number) => Sums {
  const words: BigUint64Array[] = [];
  for (const batch of map.batches(CHUNK))
    words.push(new BigUint64Array(batch.values.buffer, 0, (batch.count * map.readSize) / 8));
  const perRow = map.readSize / 8;
  const perCpu = MEMBER_COUNT.size / 8;
  return (number) => {
    const chunk = words[Math.floor(number / CHUNK)];
    const at = (number % CHUNK) * perRow;
    const sum = (offset: number) => {
      let total = 0n;
      for (let word = at + offset / 8; word < at + perRow; word += perCpu) total += chunk?.[word] ?? 0n;
      return total;
    };
    return {
      connections: sum(MEMBER_COUNT.connections),
      packetsIn: sum(MEMBER_COUNT.packetsIn),
      bytesIn: sum(MEMBER_COUNT.bytesIn),
      packetsOut: sum(MEMBER_COUNT.packetsOut),
      bytesOut: sum(MEMBER_COUNT.bytesOut),
    };
  };
}

function zero(key: string): ItemCounters {
  return {
    key,
    connections: 0n,
    activeConnections: 0,
    inactiveConnections: 0,
    packetsIn: 0n,
    packetsOut: 0n,
    bytesIn: 0n,
    bytesOut: 0n,
  };
}

function added(sum: ItemCounters, one: ItemCounters): ItemCounters {
  return {
    key: sum.key,
    connections: sum.connections + one.connections,
    activeConnections: sum.activeConnections + one.activeConnections,
    inactiveConnections: sum.inactiveConnections + one.inactiveConnections,
    packetsIn: sum.packetsIn + one.packetsIn,
    packetsOut: sum.packetsOut + one.packetsOut,
    bytesIn: sum.bytesIn + one.bytesIn,
    bytesOut: sum.bytesOut + one.bytesOut,
  };
}

/** What happened to packets, over all CPUs, by reason. */
export function readReasons(counts: BpfMap): Readonly<Record<CountName, bigint>> {
  const entries = COUNTS.map((name, slot) => {
    const value = counts.lookup(u32(slot))!;
    return [name, new BigUint64Array(value.buffer).reduce((sum, one) => sum + one, 0n)] as const;
  });
  return Object.fromEntries(entries) as Record<CountName, bigint>;
}
