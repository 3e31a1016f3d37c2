// The tables as a place to put listeners and members. Steps change rows at once where that is safe; what needs the ring
// (who gets new flows) is gathered and done by settle(), in the order that loses nothing: new rows, ring, old rows.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { toBytes } from '../../lib/ip.ts';
import { Arena } from './arena.ts';
import { Endpoints } from './endpoints.ts';
import { type ListenerEntry, type MemberEntry, memberEntry } from './entries.ts';
import { LISTENER, LISTENER_FLAG, LIVE, MEMBER, MEMBER_FLAG, PROTOCOL_NUMBER, VIP_KIND } from './layout.ts';
import type { MemberLink } from './link-notes.ts';
import { emptyRow, flagsOf, NO_RING, rowOf } from './listener-row.ts';
import { NearVips } from './near-vips.ts';
import type { NextHop } from './next-hop.ts';
import { Numbers } from './numbers.ts';
import { PendingWrites, u32 } from './pending-writes.ts';
import type { RingBuilder } from './ring-builder.ts';
import type { RingJob } from './ring-job.ts';
import { RingStore } from './ring-store.ts';
import { clearHop, storeRing, writeHop, writeListener, writeMember } from './rows.ts';
import { allowedKey, Scanner } from './scan.ts';
import { SourceRows } from './source-rows.ts';
import { checkMember, type ListenerSpec, type MemberSpec } from './spec.ts';
import { TableRoom } from './table-room.ts';
import { vipKey } from './vip-key.ts';

export interface PlaneOptions {
  readonly map: (name: string) => BpfMap;
  /** The program's tick now. */
  readonly tick: () => number;
  /** Seconds of a tick. */
  readonly tickSeconds: number;
  /** Seconds of a rate window. */
  readonly windowSeconds: number;
  readonly seed: bigint;
  /** Number that marks our rows; others are somebody else's. */
  readonly owner: number;
  readonly hopOf: (address: string) => NextHop | undefined;
  /** Whether the node has the address. */
  readonly isOwn: (address: string) => boolean;
}

const REWRITING: ReadonlySet<string> = new Set(['nat', 'onearm', 'fullnat']);
/** Rows in one system call. */
const COUNTS_AT_ONCE = 4096;

export class Plane {
  readonly #options: PlaneOptions;
  readonly #memory: Readonly<Record<'listeners' | 'members' | 'memberLive', ArrayBuffer>>;
  readonly #scanner: Scanner;
  readonly #vips: { readonly 4: PendingWrites; readonly 6: PendingWrites };
  readonly #endpoints: Endpoints;
  readonly #sources: SourceRows;
  readonly #rings: RingStore;
  readonly #room: TableRoom;
  readonly arena: Arena;
  readonly listenerNumbers: Numbers;
  readonly memberNumbers: Numbers;
  #entries = new Map<string, ListenerEntry>();
  /** Keys of listeners whose ring waits for settle(), and what left them meanwhile. */
  #dirty = new Set<string>();
  /** Members whose number and endpoint are known; the scan gives the same object while a row stays as it is. */
  readonly #adopted = new WeakSet<MemberEntry>();
  #scratch = new Uint16Array(0);
  /** Numbers of new members, whose counts start at 0: written together, before any ring leads to them. */
  #uncounted: number[] = [];
  readonly #gone = new Map<string, MemberEntry[]>();

  constructor(options: PlaneOptions) {
    const { map } = options;
    this.#options = options;
    this.#memory = {
      listeners: map('listeners').memory(),
      members: map('members').memory(),
      memberLive: map('member_live').memory(),
    };
    const rings = map('rings').memory();
    const sources = map('sources').memory();
    this.#scanner = new Scanner({ ...this.#memory, sources, allowed: map('allowed') });
    const near = new NearVips(map);
    near.rebuild();
    this.#vips = { 4: new PendingWrites(map('vips4'), near), 6: new PendingWrites(map('vips6')) };
    this.#endpoints = new Endpoints(this.#vips, this.#memory.members);
    this.#sources = new SourceRows(sources);
    this.#room = new TableRoom({
      vips4: map('vips4').maxEntries,
      vips6: map('vips6').maxEntries,
      allowed: map('allowed').maxEntries,
    });
    this.arena = new Arena(Math.floor(rings.byteLength / 2));
    this.#rings = new RingStore(this.#memory.listeners, new Uint16Array(rings), this.arena, options.tick);
    this.listenerNumbers = new Numbers(map('listeners').maxEntries, 'listener', 'max_listeners');
    this.memberNumbers = new Numbers(map('members').maxEntries, 'member', 'max_members');
    const entries = this.refresh();
    this.arena.adopt([...entries.values()].flatMap(({ row }) => [row.ring, row.base]));
  }

  get owner(): number {
    return this.#options.owner;
  }

  /** Another number after each writing to the tables of addresses. */
  get addressWrites(): number {
    return this.#vips[4].flushes + this.#vips[6].flushes;
  }

  /** What the tables hold now, of whoever, by listener key; ours wins where two rows have one key. */
  refresh(): ReadonlyMap<string, ListenerEntry> {
    const entries = new Map<string, ListenerEntry>();
    for (const entry of this.#scanner.scan().values()) {
      this.listenerNumbers.adopt(entry.number);
      this.#sources.adopt(entry.row.sourceFirst, entry.row.sourceCount);
      for (const member of entry.members.values()) {
        if (this.#adopted.has(member)) continue;
        this.#adopted.add(member);
        this.memberNumbers.adopt(member.number);
        this.#endpoints.adopt(entry, member);
      }
      const other = entries.get(entry.key);
      if (other === undefined || entry.row.owner === this.owner) entries.set(entry.key, entry);
    }
    this.#entries = entries;
    this.#room.count(entries.values());
    return entries;
  }

  /** As they were read last; another map after each reading. */
  get entries(): ReadonlyMap<string, ListenerEntry> {
    return this.#entries;
  }

  entry(key: string): ListenerEntry | undefined {
    return this.#entries.get(key);
  }

  /** Adds, or brings an existing one (ours or taken over) to the spec. */
  putListener(spec: ListenerSpec): void {
    const old = this.#entries.get(spec.key);
    this.#room.check(old?.spec, spec, this.#entries.size + this.memberNumbers.used);
    const entry = old ?? this.#newListener(spec);
    if (old !== undefined) this.#room.add(old.spec, -1);
    this.#room.add(spec, 1);
    this.#setAllowed(entry.number, old?.spec.allowed ?? [], spec.allowed ?? []);
    entry.spec = spec;
    delete entry.item;
    this.#writeRow(entry, spec.sources);
    for (let port = spec.portFrom; port <= spec.portTo; port++)
      this.#vip(spec, port, VIP_KIND.listener, entry.number);
    this.#vipWrites(spec.address).put(vipKey(spec.address, 0, 0, VIP_KIND.address), u32(entry.number));
    for (const member of entry.members.values()) this.#endpoints.put(entry, member);
    this.#dirty.add(entry.key);
  }

  removeListener(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { spec } = entry;
    for (let port = spec.portFrom; port <= spec.portTo; port++)
      this.#vipWrites(spec.address).delete(
        vipKey(spec.address, port, PROTOCOL_NUMBER[spec.transport], VIP_KIND.listener),
      );
    this.#entries.delete(key);
    this.#room.add(spec, -1);
    const heir = [...this.#entries.values()].find((other) => other.spec.address === spec.address);
    const alone = vipKey(spec.address, 0, 0, VIP_KIND.address);
    if (heir === undefined) this.#vipWrites(spec.address).delete(alone);
    else this.#vipWrites(spec.address).put(alone, u32(heir.number));
    // No packet finds the row any more before it is emptied.
    this.#vipWrites(spec.address).flush();
    for (const member of [...entry.members.values(), ...(this.#gone.get(entry.key) ?? [])])
      this.#clearMember(entry, member);
    this.#gone.delete(entry.key);
    this.#dirty.delete(entry.key);
    this.#setAllowed(entry.number, spec.allowed ?? [], []);
    new Uint8Array(this.#memory.listeners, entry.number * LISTENER.size, LISTENER.size).fill(0);
    this.#rings.drop(entry);
    this.#sources.release(entry.row.sourceFirst, entry.row.sourceCount);
    this.listenerNumbers.release(entry.number);
  }

  putMember(key: string, spec: MemberSpec): void {
    const entry = this.#need(key);
    checkMember(entry.spec, spec);
    const fresh = memberEntry(0, spec);
    const old = entry.members.get(fresh.endpoint);
    const member = old ?? this.#newMember(entry, spec);
    // Its weight falls to 0 in the row only after the ring has forgotten it: see settle().
    const weight = spec.weight === 0 && old !== undefined ? old.spec.weight : spec.weight;
    member.spec = spec;
    delete member.item;
    this.#writeMember(entry, member, weight);
    this.#endpoints.put(entry, member);
    this.#dirty.add(entry.key);
  }

  removeMember(key: string, endpoint: string): void {
    const entry = this.#entries.get(key);
    const member = entry?.members.get(endpoint);
    if (entry === undefined || member === undefined) return;
    entry.members.delete(endpoint);
    const gone = this.#gone.get(entry.key);
    if (gone === undefined) this.#gone.set(entry.key, [member]);
    else gone.push(member);
    this.#dirty.add(entry.key);
  }

  /** True while a ring could not be placed: the rows are there, but new flows go by the old ring. */
  get isUnsettled(): boolean {
    return this.#dirty.size > 0;
  }

  /** Rings of all listeners touched since the last call; the failures by listener key. */
  async settle(builder: RingBuilder): Promise<ReadonlyMap<string, unknown>> {
    const entries = [...this.#dirty]
      .map((key) => this.#entries.get(key))
      .filter((entry) => entry !== undefined);
    this.#dirty = new Set();
    this.#countFromZero();
    const failures = new Map<string, unknown>();
    const chosen = entries.map((entry) => takers(entry));
    const patterns = await builder.build(entries.map((entry, index) => this.#job(entry, chosen[index]!)));
    entries.forEach((entry, index) => {
      try {
        const slots = this.#withNumbers(patterns[index]!, chosen[index]!);
        this.#ownSource(entry);
        const stateless = !(flagsOf(entry) & LISTENER_FLAG.state);
        this.#rings.store(entry, slots, stateless);
        this.#writeRow(entry, undefined);
        for (const member of entry.members.values())
          if (member.spec.weight === 0 || member.spec.reset)
            this.#writeMember(entry, member, member.spec.weight);
        for (const member of this.#gone.get(entry.key) ?? []) this.#clearMember(entry, member);
        this.#gone.delete(entry.key);
      } catch (error) {
        failures.set(entry.key, error);
        this.#dirty.add(entry.key);
      }
    });
    this.#vips[4].flush();
    this.#vips[6].flush();
    return failures;
  }

  #countFromZero(): void {
    const keys = Uint32Array.from(this.#uncounted);
    this.#uncounted = [];
    const map = this.#options.map('member_counts');
    for (let from = 0; from < keys.length; from += COUNTS_AT_ONCE) {
      const some = keys.subarray(from, from + COUNTS_AT_ONCE);
      map.updateBatch(bytesOf(some), new Uint8Array(some.length * map.readSize), some.length);
    }
  }

  /** The pattern with member numbers for indexes, in a buffer that the next call reuses. */
  #withNumbers(pattern: Uint16Array, members: readonly MemberEntry[]): Uint16Array {
    const numbers = Uint16Array.of(0, ...members.map(({ number }) => number));
    if (this.#scratch.length < pattern.length) this.#scratch = new Uint16Array(pattern.length);
    const slots = this.#scratch.subarray(0, pattern.length);
    for (let i = 0; i < pattern.length; i++) slots[i] = numbers[pattern[i]!]!;
    return slots;
  }

  /** Ends transition windows in which no flow off its slot was seen for `quietTicks`. */
  closeWindows(quietTicks: number): void {
    for (const entry of this.#entries.values()) this.#rings.closeWindow(entry, quietTicks);
  }

  /** Brings next hops, and the node's own addresses towards them, up to date; the members that still have none. */
  refreshHops(): readonly NextHop[] {
    const unknown = new Map<string, NextHop>();
    for (const entry of this.#entries.values()) {
      if (entry.row.owner !== this.owner) continue;
      // Else settle() does it, and tells what came of it.
      if (!this.#dirty.has(entry.key)) this.#ownSource(entry);
      for (const member of entry.members.values()) {
        const found = this.#options.hopOf(member.spec.address);
        if (found === undefined) {
          // No route leads there any more: what was known is nobody's now.
          clearHop(this.#memory.members, member.number * MEMBER.size + MEMBER.hop);
          continue;
        }
        this.#storeOuterSource(member.number, found);
        if (found.hop === undefined) unknown.set(`${found.linkIndex} ${found.neighbour}`, found);
        else this.#storeHop(member.number, found);
      }
    }
    return [...unknown.values()];
  }

  /** Every link that members of ours are behind, and whether some of them answer by it what only the program can bring back. */
  memberLinks(): readonly MemberLink[] {
    const links = new Map<number, MemberLink>();
    for (const { row, spec, members } of this.#entries.values()) {
      if (row.owner !== this.owner) continue;
      for (const member of members.values()) {
        const hop = this.#options.hopOf(member.spec.address);
        if (hop === undefined) continue;
        const { linkIndex, portIndex } = hop;
        const answers = REWRITING.has(spec.mode) || (links.get(linkIndex)?.answers ?? false);
        links.set(linkIndex, { linkIndex, portIndex, answers });
      }
    }
    return [...links.values()];
  }

  #storeHop(number: number, { hop }: NextHop): void {
    const at = number * MEMBER.size + MEMBER.hop;
    const before = Buffer.from(this.#memory.members, at, 20);
    const scratch = new ArrayBuffer(20);
    writeHop(scratch, 0, hop!);
    if (before.compare(Buffer.from(scratch)) !== 0) writeHop(this.#memory.members, at, hop!);
  }

  #storeOuterSource(number: number, { source }: NextHop): void {
    if (source === undefined || source.includes(':')) return;
    const before = new Uint8Array(this.#memory.members, number * MEMBER.size + MEMBER.outerSource, 4);
    const now = toBytes(source);
    if (before.some((byte, at) => byte !== now[at])) before.set(now);
  }

  #newListener(spec: ListenerSpec): ListenerEntry {
    const number = this.listenerNumbers.take();
    this.#options.map('listener_rates').update(u32(number), new Uint8Array(8));
    new Uint8Array(this.#options.map('listener_live').memory(), number * LIVE.size, LIVE.size).fill(0);
    const entry: ListenerEntry = {
      number,
      key: spec.key,
      spec,
      row: { ...emptyRow(spec), owner: this.owner },
      members: new Map(),
    };
    storeRing(this.#memory.listeners, number, 'ring', NO_RING);
    storeRing(this.#memory.listeners, number, 'base', NO_RING);
    this.#entries.set(spec.key, entry);
    return entry;
  }

  #newMember(entry: ListenerEntry, spec: MemberSpec): MemberEntry {
    const number = this.memberNumbers.take();
    this.#uncounted.push(number);
    new Uint8Array(this.#memory.memberLive, number * LIVE.size, LIVE.size).fill(0);
    new Uint8Array(this.#memory.members, number * MEMBER.size, MEMBER.size).fill(0);
    const member = memberEntry(number, spec);
    entry.members.set(member.endpoint, member);
    return member;
  }

  #clearMember(entry: ListenerEntry, member: MemberEntry): void {
    this.#endpoints.remove(entry, member);
    const view = new DataView(this.#memory.members, member.number * MEMBER.size, MEMBER.size);
    view.setUint16(MEMBER.flags, 0, true);
    view.setUint16(MEMBER.weight, 0, true);
    this.memberNumbers.release(member.number);
  }

  #writeMember(entry: ListenerEntry, member: MemberEntry, weight: number): void {
    const { spec, number } = member;
    const next = this.#options.hopOf(spec.address);
    writeMember(this.#memory.members, number, {
      ...spec,
      weight,
      listener: entry.number,
      flags:
        MEMBER_FLAG.present |
        (spec.reset ? MEMBER_FLAG.reset : 0) |
        (this.#endpoints.isShared(entry, member) ? MEMBER_FLAG.shared : 0),
      ...(next?.hop === undefined ? {} : { hop: next.hop }),
      ...(next?.source === undefined || next.source.includes(':') ? {} : { outerSource: next.source }),
    });
  }

  #writeRow(entry: ListenerEntry, sources: readonly string[] | undefined): void {
    const { row } = entry;
    const { tickSeconds, windowSeconds } = this.#options;
    const run =
      sources === undefined
        ? { first: row.sourceFirst, count: row.sourceCount }
        : this.#sources.replace(row.sourceFirst, row.sourceCount, sources);
    entry.row = rowOf(entry, run, { tickSeconds, windowSeconds, owner: this.owner });
    writeListener(this.#memory.listeners, entry.number, entry.row);
  }

  /** onearm: the node's own address towards the first member that has a route, kept while the node has it: flows come from it. */
  #ownSource(entry: ListenerEntry): void {
    const { spec, row } = entry;
    if ((spec.mode !== 'onearm' && spec.mode !== 'fullnat') || spec.sources.length > 0) return;
    const [now] = this.#sources.read(row.sourceFirst, row.sourceCount, spec.address.includes(':'));
    // The VIP itself may be the source; where it is not here, the other node has it, and the flows.
    if (now !== undefined && (now === spec.address || this.#options.isOwn(now))) return;
    for (const member of entry.members.values()) {
      const source = this.#options.hopOf(member.spec.address)?.source;
      if (source === undefined) continue;
      this.#writeRow(entry, [source]);
      return;
    }
  }

  #setAllowed(number: number, before: readonly string[], after: readonly string[]): void {
    const map = this.#options.map('allowed');
    // Widen first: nobody who may come in both before and after is kept out in between.
    for (const network of after)
      if (!before.includes(network)) map.update(allowedKey(number, network), u32(1));
    for (const network of before) if (!after.includes(network)) map.delete(allowedKey(number, network));
  }

  #job(entry: ListenerEntry, members: readonly MemberEntry[]): RingJob {
    return {
      scheduler: entry.spec.scheduler,
      seed: this.#options.seed,
      members: members.map(({ endpoint, spec }) => ({ key: endpoint, weight: spec.weight })),
    };
  }

  #vip(spec: ListenerSpec, port: number, kind: number, value: number): void {
    this.#vipWrites(spec.address).put(
      vipKey(spec.address, port, PROTOCOL_NUMBER[spec.transport], kind),
      u32(value),
    );
  }

  #vipWrites(address: string): PendingWrites {
    return this.#vips[address.includes(':') ? 6 : 4];
  }

  #need(key: string): ListenerEntry {
    const entry = this.#entries.get(key);
    if (entry === undefined)
      throw new RangeError(`Cannot add a member as its listener "${key}" is not there`);
    return entry;
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Who gets new flows, in the order that all nodes agree on. */
function takers(entry: ListenerEntry): readonly MemberEntry[] {
  return [...entry.members.values()]
    .filter(({ spec }) => spec.weight > 0 && !spec.reset)
    .sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
}
