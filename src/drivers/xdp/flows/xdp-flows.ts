// The flow tables of the program as replication needs them: what changed since the last look, and flows of others put in.
import { setImmediate } from 'node:timers/promises';
import type { BpfMap } from '../../../kernel/bpf/map.ts';
import type { FlowEnd, FlowKey, FlowNews, FlowRecord, WatchedFlows } from '../../../model/flow.ts';
import type { ListenerEntry } from '../entries.ts';
import { CONFIG, FLOW_REPLY, FLOW_STATES, FLOW4, FLOW4_KEY, FLOW6_KEY, TICK_MASK } from '../layout.ts';
import type { NextHop } from '../next-hop.ts';
import { FlowIndex, KNOWN } from './flow-index.ts';
import { FlowPlaces, type Place } from './flow-places.ts';
import {
  type FlowFamily,
  familyOfKey,
  flagsOf,
  readKey,
  stampOfFlags,
  writeKey,
  writeReplyKey,
  writeReplyValue,
  writeValue,
} from './flow-rows.ts';
import { freePorts } from './nat-ports.ts';

export interface XdpFlowsOptions {
  readonly map: (name: string) => BpfMap;
  readonly tick: () => number;
  readonly nowMs: () => number;
  /** Rows of listeners as they stand; another map whenever they were read anew. */
  readonly entries: () => ReadonlyMap<string, ListenerEntry>;
  readonly hopOf: (address: string) => NextHop | undefined;
  /** Wakes the kernel's neighbour discovery. */
  readonly ask: (unknown: readonly NextHop[]) => void;
}

interface Table {
  readonly family: FlowFamily;
  readonly map: BpfMap;
  readonly index: FlowIndex;
  readonly directionAt: number;
}

const BITE = 4096;
/** "Seen first" of what stood before we looked. */
const EVER = 0;
/** Of a flow that goes on the peers are told again, long before they would forget it. */
const REFRESHES_IN_LIFETIME = 4;
/** Flows of a listener or member that is not configured here yet. */
const MOST_HOMELESS = 65_536;
/** Neighbours behind which clients of taken-over flows are. */
const MOST_TOWARDS = 4096;
const STATE = { established: 2, finClient: 3, finMember: 4, closed: 5, datagram: 6, association: 7 } as const;
/** Worth telling of: a connection that is not open yet begins anew with the client's next SYN. */
const TELLING = new Set<number>([
  STATE.established,
  STATE.finClient,
  STATE.finMember,
  STATE.datagram,
  STATE.association,
]);

export class XdpFlows implements WatchedFlows {
  readonly #options: XdpFlowsOptions;
  readonly #tables: Readonly<Record<FlowFamily, Table>>;
  readonly #timeouts: readonly number[];
  readonly #memory: { readonly members: ArrayBuffer; readonly sources: ArrayBuffer };
  /** A client behind each neighbour that replies of taken-over flows go to. */
  readonly #towards = new Map<string, string>();
  readonly #homeless = new Map<string, FlowRecord>();
  #entries: ReadonlyMap<string, ListenerEntry> | undefined;
  #places: FlowPlaces | undefined;
  #look = 0;

  constructor(options: XdpFlowsOptions) {
    const { map } = options;
    this.#options = options;
    const table = (family: FlowFamily, name: string, directionAt: number): Table => ({
      family,
      map: map(name),
      index: new FlowIndex(map(name).keySize),
      directionAt,
    });
    this.#tables = {
      4: table(4, 'flows4', FLOW4_KEY.direction),
      6: table(6, 'flows6', FLOW6_KEY.direction),
    };
    const config = new DataView(map('config').memory());
    this.#timeouts = FLOW_STATES.map((_, state) => config.getUint32(CONFIG.timeout + state * 4, true));
    this.#memory = { members: map('members').memory(), sources: map('sources').memory() };
  }

  async *scan(minAgeMs: number): AsyncGenerator<FlowNews> {
    const look = ++this.#look;
    this.#askNeighbours();
    if (this.#homeless.size > 0) this.put([...this.#homeless.values()]);
    for (const table of [this.#tables[4], this.#tables[6]]) {
      for (const { count, keys, values } of table.map.batches(BITE)) {
        yield this.#read(table, count, keys, values, look, minAgeMs);
        await setImmediate();
      }
      yield { changed: [], gone: this.#forget(table, look) };
    }
  }

  *established(): Generator<FlowRecord> {
    const tick = this.#options.tick();
    for (const table of [this.#tables[4], this.#tables[6]]) {
      const keys = table.index.keysWhere((slot) => (table.index.flags[slot]! & KNOWN.told) !== 0);
      for (let at = 0; at < keys.length; at += table.index.keySize) {
        const slot = table.index.find(keys, at);
        const record = slot === -1 ? undefined : this.#record(table, slot, tick);
        if (record !== undefined) yield record;
      }
    }
  }

  sequenceOf(key: FlowKey): number | undefined {
    const { index } = this.#tables[familyOfKey(key)];
    const slot = index.find(writeKey(key), 0);
    return slot === -1 || !(index.flags[slot]! & KNOWN.told) ? undefined : index.sequence[slot];
  }

  put(flows: readonly FlowRecord[]): void {
    const tick = this.#options.tick();
    for (const family of [4, 6] as const) {
      const [keys, values]: [Uint8Array[], Uint8Array[]] = [[], []];
      for (const flow of flows)
        if (familyOfKey(flow.key) === family) this.#place(this.#tables[family], flow, tick, keys, values);
      this.#tables[family].map.updateBatch(Buffer.concat(keys), Buffer.concat(values), keys.length);
    }
  }

  remove(ends: readonly FlowEnd[]): void {
    for (const { key } of ends) {
      const table = this.#tables[familyOfKey(key)];
      const bytes = writeKey(key);
      const slot = table.index.find(bytes, 0);
      this.#homeless.delete(Buffer.from(bytes).toString('latin1'));
      if (slot === -1) continue;
      const record = this.#record(table, slot, 0);
      const place = this.#placeOf(table, slot);
      table.index.drop(slot);
      table.map.delete(bytes);
      if (record !== undefined && place !== undefined && this.#rows().hasReply(place))
        table.map.delete(replyKeyOf(record, place));
    }
  }

  takeOver(): void {
    this.#askNeighbours();
    const used = [this.#tables[4], this.#tables[6]].flatMap(({ index }) => {
      const ports: number[] = [];
      for (let slot = 0; slot < index.slots; slot++)
        if (index.isUsed(slot)) ports.push(portIn(index.what[slot]!));
      return ports;
    });
    const config = new DataView(this.#options.map('config').memory());
    const cursor = this.#options.map('nat_cursor');
    const value = new Uint8Array(cursor.readSize);
    const starts = freePorts(used, {
      from: config.getUint32(CONFIG.natPortFrom, true),
      span: config.getUint32(CONFIG.natPortSpan, true),
      ranges: config.getUint32(CONFIG.natCpus, true),
    });
    const view = new DataView(value.buffer);
    for (let cpu = 0; cpu * 8 < value.length; cpu++)
      view.setUint32(cpu * 8, starts[cpu % starts.length] ?? 0, true);
    cursor.update(new Uint8Array(4), value);
  }

  counts(): { readonly known: number; readonly homeless: number } {
    let known = 0;
    for (const { index } of [this.#tables[4], this.#tables[6]])
      for (let slot = 0; slot < index.slots; slot++)
        if (index.isUsed(slot) && index.flags[slot]! & KNOWN.told) known++;
    return { known, homeless: this.#homeless.size };
  }

  /** One bite of a table: the flows in it that the peers should hear of. */
  #read(
    table: Table,
    count: number,
    keys: Uint8Array,
    values: Uint8Array,
    look: number,
    minAgeMs: number,
  ): FlowNews {
    const { index, map } = table;
    const changed: FlowRecord[] = [];
    const gone: FlowEnd[] = [];
    const view = new DataView(values.buffer, values.byteOffset);
    const tick = this.#options.tick();
    const now = Math.floor(this.#options.nowMs() / 100) + 1;
    for (let i = 0; i < count; i++) {
      const at = i * index.keySize;
      if (keys[at + table.directionAt] === FLOW_REPLY) continue;
      const value = i * map.valueSize;
      const stamp = view.getUint16(value + FLOW4.stampState, true);
      if (((tick - (stamp >> 4)) & TICK_MASK) > (this.#timeouts[stamp & 0xf] ?? 0)) continue;
      let slot = index.find(keys, at);
      if (slot === -1) {
        slot = index.add(keys, at);
        // What stood before our first look is older than we can know.
        index.since[slot] = look === 1 ? EVER : now;
      }
      index.seen[slot] = look;
      const what = view.getUint32(value, true);
      const news = this.#isNews(index, slot, what, stamp, tick, now - minAgeMs / 100);
      index.what[slot] = what;
      index.stamp[slot] = stamp;
      index.source[slot] = values[value + FLOW4.source]!;
      if (!news) continue;
      if ((stamp & 0xf) === STATE.closed) {
        gone.push(this.#end(table, slot));
        // A client may open it again with the same port: then it is told as new.
        index.flags[slot] = 0;
        continue;
      }
      index.flags[slot] = KNOWN.told | KNOWN.own;
      index.toldTick[slot] = tick & TICK_MASK;
      index.sequence[slot] = (index.sequence[slot]! + 1) >>> 0;
      const record = this.#record(table, slot, tick);
      if (record !== undefined) changed.push(record);
    }
    return { changed, gone };
  }

  #end({ family, index }: Table, slot: number): FlowEnd {
    const sequence = (index.sequence[slot]! + 1) >>> 0;
    index.sequence[slot] = sequence;
    return { key: readKey(family, index.keys, slot * index.keySize), sequence };
  }

  #isNews(
    index: FlowIndex,
    slot: number,
    what: number,
    stamp: number,
    tick: number,
    bornBefore: number,
  ): boolean {
    const state = stamp & 0xf;
    const flags = index.flags[slot]!;
    if (!(flags & KNOWN.told)) {
      const since = index.since[slot]!;
      return TELLING.has(state) && (since === EVER || since <= bornBefore);
    }
    if (index.what[slot] !== what || (index.stamp[slot]! & 0xf) !== state) return true;
    if (index.stamp[slot] !== stamp) index.flags[slot] = flags | KNOWN.own;
    const isOwn = (index.flags[slot]! & KNOWN.own) !== 0;
    const toldAgo = (tick - index.toldTick[slot]!) & TICK_MASK;
    const stirredAfter = ((stamp >> 4) - index.toldTick[slot]!) & TICK_MASK;
    const isStirring = stirredAfter !== 0 && stirredAfter <= TICK_MASK >> 1;
    return isOwn && isStirring && toldAgo * REFRESHES_IN_LIFETIME > (this.#timeouts[state] ?? 0);
  }

  /** After a whole look: what it did not meet is over. Only who carried a flow tells of its end. */
  #forget(table: Table, look: number): FlowEnd[] {
    const { index } = table;
    const gone: FlowEnd[] = [];
    const told = KNOWN.told | KNOWN.own;
    for (let slot = 0; slot < index.slots; slot++) {
      if (!index.isUsed(slot) || index.seen[slot]! >= look) continue;
      if ((index.flags[slot]! & told) === told) gone.push(this.#end(table, slot));
      index.drop(slot);
    }
    return gone;
  }

  #record(table: Table, slot: number, tick: number): FlowRecord | undefined {
    const { index, family } = table;
    const place = this.#placeOf(table, slot);
    if (place === undefined) return undefined;
    const sourcePort = portIn(index.what[slot]!);
    return {
      key: readKey(family, index.keys, slot * index.keySize),
      member: place.member.spec.address,
      memberPort: place.member.spec.port,
      source: sourcePort === 0 ? '' : (place.sources[index.source[slot]!] ?? ''),
      sourcePort,
      flags: flagsOf(index.stamp[slot]!, tick),
      sequence: index.sequence[slot]!,
    };
  }

  #place(table: Table, flow: FlowRecord, tick: number, keys: Uint8Array[], values: Uint8Array[]): void {
    const { key, member, memberPort } = flow;
    const places = this.#rows();
    const place = places.find(key.protocol, key.vip, key.vipPort, member, memberPort);
    const source = flow.source === '' ? 0 : (place?.sources.indexOf(flow.source) ?? -1);
    const bytes = writeKey(key);
    const id = Buffer.from(bytes).toString('latin1');
    if (place === undefined || source < 0) {
      if (this.#homeless.size < MOST_HOMELESS) this.#homeless.set(id, flow);
      return;
    }
    this.#homeless.delete(id);
    this.#noteClient(key.client);
    const stamp = stampOfFlags(flow.flags, tick);
    const { number } = place.member;
    const value = writeValue(key, { member: number, sourcePort: flow.sourcePort, stamp, source });
    keys.push(bytes);
    values.push(value);
    if (places.hasReply(place)) {
      keys.push(replyKeyOf(flow, place));
      values.push(writeReplyValue(key, number));
    }
    const { index } = table;
    const known = index.find(bytes, 0);
    const slot = known === -1 ? index.add(bytes, 0) : known;
    index.seen[slot] = this.#look;
    index.sequence[slot] = flow.sequence;
    index.what[slot] = new DataView(value.buffer).getUint32(0, true);
    index.stamp[slot] = stamp;
    index.source[slot] = source;
    index.toldTick[slot] = tick & TICK_MASK;
    index.flags[slot] = KNOWN.told;
  }

  #noteClient(client: string): void {
    const next = this.#options.hopOf(client);
    if (next === undefined || this.#towards.size >= MOST_TOWARDS) return;
    this.#towards.set(`${next.linkIndex} ${next.neighbour}`, client);
  }

  /** A member may speak first after a failover: the way to its client must be known before any request shows it. */
  #askNeighbours(): void {
    const hops = [...this.#towards.values()].map((client) => this.#options.hopOf(client));
    const unknown = hops.filter((next) => next !== undefined && next.hop === undefined);
    if (unknown.length > 0) this.#options.ask(unknown as NextHop[]);
  }

  #placeOf({ index }: Table, slot: number): Place | undefined {
    return this.#rows().ofMember(index.what[slot]! & 0xffff);
  }

  #rows(): FlowPlaces {
    const entries = this.#options.entries();
    if (this.#places === undefined || this.#entries !== entries) {
      this.#entries = entries;
      this.#places = new FlowPlaces(entries.values(), this.#memory);
    }
    return this.#places;
  }
}

/** The port stands in network order in the upper half of the word. */
function portIn(what: number): number {
  const upper = what >>> 16;
  return ((upper & 0xff) << 8) | (upper >>> 8);
}

function replyKeyOf({ key, source, sourcePort }: FlowRecord, { member, listener }: Place): Uint8Array {
  const port = member.spec.port === 0 ? key.vipPort : member.spec.port;
  const towards: [string, number] = source === '' ? [key.client, key.clientPort] : [source, sourcePort];
  // SCTP keeps the client's port behind an address of ours.
  if (listener.spec.transport === 'sctp') towards[1] = key.clientPort;
  return writeReplyKey(key, [member.spec.address, port], towards);
}
