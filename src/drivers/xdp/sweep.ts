// Walks the flow tables in small bites: forgets what is over, and counts anew what each member and listener really has,
// as the kernel evicts entries without telling. A pause between bites keeps timers of this thread on time.
import { setImmediate } from 'node:timers/promises';
import type { BpfMap } from '../../kernel/bpf/map.ts';
import {
  CONFIG,
  FLOW_REPLY,
  FLOW_STATES,
  FLOW4,
  FLOW4_KEY,
  FLOW6_KEY,
  LIVE,
  MEMBER,
  MEMBER_FLAG,
  TICK_MASK,
} from './layout.ts';

export interface SweepTables {
  readonly flows4: BpfMap;
  readonly flows6: BpfMap;
  readonly members: ArrayBuffer;
  readonly config: ArrayBuffer;
  readonly memberLive: ArrayBuffer;
  readonly listenerLive: ArrayBuffer;
}

export interface SweepResult {
  readonly flows4: number;
  readonly flows6: number;
  readonly forgotten: number;
}

const BITE = 4096;
/** Ended: inactive. As bpf/table.h's is_ending(). */
const ENDING = new Set([3, 4, 5]);

export async function sweep(tables: SweepTables, tick: () => number): Promise<SweepResult> {
  const members = Math.floor(tables.members.byteLength / MEMBER.size);
  const counts = {
    active: new Uint32Array(members),
    inactive: new Uint32Array(members),
  };
  const config = new DataView(tables.config);
  const timeouts = FLOW_STATES.map((_, state) => config.getUint32(CONFIG.timeout + state * 4, true));
  let forgotten = 0;
  const sizes = { flows4: 0, flows6: 0 };
  for (const name of ['flows4', 'flows6'] as const) {
    const map = tables[name];
    const directionAt = name === 'flows4' ? FLOW4_KEY.direction : FLOW6_KEY.direction;
    for (const { count, keys, values } of map.batches(BITE)) {
      const view = new DataView(values.buffer);
      const now = tick() & TICK_MASK;
      for (let i = 0; i < count; i++) {
        const key = keys.subarray(i * map.keySize, (i + 1) * map.keySize);
        // A reply entry holds no time; without its forward half it is found stale by whoever wants its place.
        if (key[directionAt] === FLOW_REPLY) continue;
        const at = i * map.valueSize;
        const member = view.getUint16(at + FLOW4.member, true);
        const word = view.getUint16(at + FLOW4.stampState, true);
        const state = word & 0xf;
        const age = (now - (word >> 4)) & TICK_MASK;
        if (age > (timeouts[state] ?? 0)) {
          map.delete(key);
          forgotten++;
          continue;
        }
        sizes[name]++;
        const side = ENDING.has(state) ? counts.inactive : counts.active;
        side[member] = side[member]! + 1;
      }
      await setImmediate();
    }
  }
  store(tables, counts);
  config.setUint32(CONFIG.recountTick, tick(), true);
  return { ...sizes, forgotten };
}

function store(
  { members, memberLive, listenerLive }: SweepTables,
  { active, inactive }: { readonly active: Uint32Array; readonly inactive: Uint32Array },
): void {
  const rows = new DataView(members);
  const live = new DataView(memberLive);
  const listeners = new DataView(listenerLive);
  const sums = new Map<number, [number, number]>();
  for (let number = 1; number < active.length; number++) {
    if (!(rows.getUint16(number * MEMBER.size + MEMBER.flags, true) & MEMBER_FLAG.present)) continue;
    live.setUint32(number * LIVE.size + LIVE.active, active[number]!, true);
    live.setUint32(number * LIVE.size + LIVE.inactive, inactive[number]!, true);
    const listener = rows.getUint32(number * MEMBER.size + MEMBER.listener, true);
    const sum = sums.get(listener) ?? [0, 0];
    sums.set(listener, [sum[0] + active[number]!, sum[1] + inactive[number]!]);
  }
  for (const [listener, [on, off]] of sums) {
    listeners.setUint32(listener * LIVE.size + LIVE.active, on, true);
    listeners.setUint32(listener * LIVE.size + LIVE.inactive, off, true);
  }
}
