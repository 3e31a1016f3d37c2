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
import { PEERS } from './peer-rows.ts';

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
  /** By number: 1 where a living flow names that neighbour. */
  readonly peers: Uint8Array;
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
  const peers = new Uint8Array(PEERS);
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
          if (deleteUnlessTouched(map, key, word)) forgotten++;
          continue;
        }
        sizes[name]++;
        peers[values[at + FLOW4.peer]!] = 1;
        const side = ENDING.has(state) ? counts.inactive : counts.active;
        side[member] = side[member]! + 1;
      }
      await setImmediate();
    }
  }
  store(tables, counts);
  config.setUint32(CONFIG.recountTick, tick(), true);
  return { ...sizes, forgotten, peers };
}

/** A client may have come back on the same port since the bite was read: its flow must not go with the old one. */
function deleteUnlessTouched(map: BpfMap, key: Uint8Array, word: number): boolean {
  const value = map.lookup(key);
  if (value === undefined) return false;
  const now = new DataView(value.buffer).getUint16(FLOW4.stampState, true);
  return now === word && map.delete(key);
}

function store(
  { members, memberLive, listenerLive }: SweepTables,
  { active, inactive }: { readonly active: Uint32Array; readonly inactive: Uint32Array },
): void {
  const flags = new Uint16Array(members);
  const words = new Uint32Array(members);
  const live = new Uint32Array(memberLive);
  const listeners = new Uint32Array(listenerLive);
  const rows = Math.floor(listeners.length / (LIVE.size / 4));
  const sums = { active: new Uint32Array(rows), inactive: new Uint32Array(rows), used: new Uint8Array(rows) };
  for (let number = 1; number < active.length; number++) {
    const row = number * MEMBER.size;
    if (!(flags[(row + MEMBER.flags) / 2]! & MEMBER_FLAG.present)) continue;
    live[(number * LIVE.size + LIVE.active) / 4] = active[number]!;
    live[(number * LIVE.size + LIVE.inactive) / 4] = inactive[number]!;
    const listener = words[(row + MEMBER.listener) / 4]!;
    sums.active[listener]! += active[number]!;
    sums.inactive[listener]! += inactive[number]!;
    sums.used[listener] = 1;
  }
  for (let listener = 1; listener < rows; listener++) {
    if (sums.used[listener] === 0) continue;
    listeners[(listener * LIVE.size + LIVE.active) / 4] = sums.active[listener]!;
    listeners[(listener * LIVE.size + LIVE.inactive) / 4] = sums.inactive[listener]!;
  }
}
