// Reads the mapped tables into entries. Rows whose bytes did not change since the last scan give the very same entries.

import type { BpfMap } from '../../kernel/bpf/map.ts';
import { fromBytes, toBytes } from '../../lib/ip.ts';
import { type ListenerEntry, type MemberEntry, memberEntry, specOfMember, specOfRow } from './entries.ts';
import { ALLOWED_KEY, HOP, LISTENER, LISTENER_FLAG, MEMBER, MEMBER_FLAG, SOURCE_SIZE } from './layout.ts';
import { readListener, readMember } from './rows.ts';
import { SeenRows } from './seen-rows.ts';

export interface ScanTables {
  readonly listeners: ArrayBuffer;
  readonly members: ArrayBuffer;
  readonly sources: ArrayBuffer;
  readonly allowed: BpfMap;
}

/** Words of a member row that are in no item: the next hop is the refresh's business. */
const HOP_FROM = MEMBER.hop / 4;
const HOP_TO = (MEMBER.hop + HOP.size) / 4;
/** The stamp that the program itself writes. */
const STAMP = LISTENER.lastPinned / 4;

export class Scanner {
  readonly #tables: ScanTables;
  readonly #listeners: SeenRows<ListenerEntry>;
  readonly #members: SeenRows<MemberEntry>;

  constructor(tables: ScanTables) {
    this.#tables = tables;
    this.#listeners = new SeenRows(tables.listeners, LISTENER.size, STAMP, STAMP + 1);
    this.#members = new SeenRows(tables.members, MEMBER.size, HOP_FROM, HOP_TO);
  }

  /** All rows in use, of whoever. */
  scan(): Map<number, ListenerEntry> {
    const entries = this.#scanListeners();
    for (const entry of entries.values()) entry.members = new Map();
    const memory = this.#tables.members;
    const flags = new Uint16Array(memory);
    const words = new Uint32Array(memory);
    const rows = Math.floor(memory.byteLength / MEMBER.size);
    for (let number = 1; number < rows; number++) {
      if (!(flags[(number * MEMBER.size + MEMBER.flags) / 2]! & MEMBER_FLAG.present)) {
        this.#members.forget(number);
        continue;
      }
      const entry =
        this.#members.get(number) ??
        this.#members.set(number, memberEntry(number, specOfMember(readMember(memory, number))));
      const listener = words[(number * MEMBER.size + MEMBER.listener) / 4]!;
      entries.get(listener)?.members.set(entry.endpoint, entry);
    }
    return entries;
  }

  #scanListeners(): Map<number, ListenerEntry> {
    const memory = this.#tables.listeners;
    const flags = new Uint32Array(memory);
    const entries = new Map<number, ListenerEntry>();
    const rows = Math.floor(memory.byteLength / LISTENER.size);
    let allowed: AllowedNetworks | undefined;
    for (let number = 1; number < rows; number++) {
      const word = flags[(number * LISTENER.size + LISTENER.flags) / 4]!;
      if (!(word & LISTENER_FLAG.used)) {
        this.#listeners.forget(number);
        continue;
      }
      const known = word & LISTENER_FLAG.allow ? undefined : this.#listeners.get(number);
      if (known !== undefined) {
        entries.set(number, known);
        continue;
      }
      const row = readListener(memory, number);
      if (word & LISTENER_FLAG.allow) allowed ??= new AllowedNetworks(this.#tables.allowed);
      const spec = specOfRow(
        row,
        readSources(this.#tables.sources, row.sourceFirst, row.sourceCount, row.address.includes(':')),
        allowed?.networks(number, row.address.includes(':')) ?? [],
      );
      const entry: ListenerEntry = { number, key: spec.key, spec, row, members: new Map() };
      entries.set(number, this.#listeners.set(number, entry));
    }
    return entries;
  }
}

export function readSources(
  memory: ArrayBuffer,
  first: number,
  count: number,
  six: boolean,
): readonly string[] {
  return Array.from({ length: count }, (_, index) =>
    fromBytes(new Uint8Array(memory, (first + index) * SOURCE_SIZE, six ? 16 : 4).slice()),
  );
}

/** The whole prefix table, by listener: a trie is read key by key. */
class AllowedNetworks {
  readonly #keys = new Map<number, Uint8Array[]>();

  constructor(map: BpfMap) {
    for (const key of map.keys()) {
      const listener = new DataView(key.buffer).getUint32(ALLOWED_KEY.listener);
      const list = this.#keys.get(listener);
      if (list === undefined) this.#keys.set(listener, [key]);
      else list.push(key);
    }
  }

  networks(listener: number, six: boolean): readonly string[] {
    const keys = this.#keys.get(listener) ?? [];
    return keys.map((key) => networkOfKey(key, six)).sort();
  }
}

function networkOfKey(key: Uint8Array, six: boolean): string {
  const length = new DataView(key.buffer).getUint32(ALLOWED_KEY.prefixLength, true) - 32;
  const { address } = ALLOWED_KEY;
  return `${fromBytes(key.slice(address, address + (six ? 16 : 4)))}/${length}`;
}

export function allowedKey(listener: number, network: string): Uint8Array {
  const slash = network.indexOf('/');
  const key = new Uint8Array(ALLOWED_KEY.size);
  const view = new DataView(key.buffer);
  view.setUint32(ALLOWED_KEY.prefixLength, 32 + Number(network.slice(slash + 1)), true);
  view.setUint32(ALLOWED_KEY.listener, listener);
  key.set(toBytes(network.slice(0, slash)), ALLOWED_KEY.address);
  return key;
}
