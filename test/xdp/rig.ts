// Loads the real object with small tables and sets them by the driver's own row writers, for packets through
// BPF_PROG_RUN. One rig serves a file of tests; clear() brings every table back to empty.
import { join } from 'node:path';
import {
  CONFIG,
  FLOW_STATES,
  LISTENER,
  LISTENER_FLAG,
  MEMBER,
  MEMBER_FLAG,
  PROTOCOL_NUMBER,
  RING_BLOCK,
  VIP_KIND,
  VIP_MEMBER_SHARED,
} from '../../src/drivers/xdp/layout.ts';
import { NearVips } from '../../src/drivers/xdp/near-vips.ts';
import { COUNTS, type CountName } from '../../src/drivers/xdp/reasons.ts';
import {
  addressBytes,
  type Hop,
  type ListenerRow,
  type MemberRow,
  storeRing,
  writeListener,
  writeMember,
} from '../../src/drivers/xdp/rows.ts';
import { vipKey } from '../../src/drivers/xdp/vip-key.ts';
import type { BpfMap } from '../../src/kernel/bpf/map.ts';
import { loadObject } from '../../src/kernel/bpf/object.ts';
import { TestRun } from '../../src/kernel/bpf/test-run.ts';
import { toBytes } from '../../src/lib/ip.ts';

export const OBJECT = join(import.meta.dirname, '../../build/bpf/steelyard.bpf.o');

export const VERDICT = { aborted: 0, drop: 1, pass: 2, tx: 3, redirect: 4 } as const;

/** What stands on the wire: the client's router, us, and the members' side. */
export const MAC = {
  client: '02:00:00:00:00:01',
  us: '02:00:00:00:00:02',
  memberSide: '02:00:00:00:00:03',
  member: '02:00:00:00:01:00',
} as const;

/** BPF_PROG_RUN without a context gives the loopback interface, number 1. */
export const INGRESS = 1;

export const HOP: Hop = {
  destinationMac: MAC.member,
  sourceMac: MAC.us,
  ifindex: INGRESS,
  vlan: 0,
  mtu: 1500,
};

export type Listener = Partial<ListenerRow> & Pick<ListenerRow, 'address' | 'portFrom'>;

export class Rig {
  readonly object: ReturnType<typeof loadObject>;
  readonly run: TestRun;
  readonly #clock: TestRun;
  readonly #near: NearVips;
  #listeners = 0;
  #members = 0;
  #slots = 0;
  #sources = 0;

  constructor(sizes: Readonly<Record<string, number>> = {}, path: string = OBJECT) {
    this.object = loadObject(path, { sizes });
    this.run = new TestRun(this.object.program('steelyard'));
    this.#clock = new TestRun(this.object.program('steelyard_clock'));
    this.#near = new NearVips((name) => this.object.map(name));
    this.configure();
  }

  configure(values: Partial<Record<keyof typeof CONFIG, number>> = {}): void {
    const view = new DataView(this.object.map('config').memory());
    view.setBigUint64(CONFIG.seed, 0x0123456789abcdefn, true);
    view.setBigUint64(CONFIG.seed + 8, 0xfedcba9876543210n, true);
    const all = {
      tickShift: 10,
      windowShift: 8,
      natPortFrom: 1024,
      natPortSpan: 15_872,
      natCpus: 2,
      tunnelMask4: 0xffff,
      floodPerWindow: 0,
      hasNat: 1,
      redirects: 0,
      ...values,
    };
    FLOW_STATES.forEach((_, index) => {
      view.setUint32(CONFIG.timeout + index * 4, 225, true);
    });
    for (const [name, value] of Object.entries(all))
      view.setUint32(CONFIG[name as keyof typeof CONFIG], value, true);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(toBytes('198.18.0.0'), CONFIG.tunnelSource4);
    bytes.set(toBytes('100::'), CONFIG.tunnelSource6);
    bytes.set(toBytes('2001:db8:ff::1'), CONFIG.own6);
    bytes.set(toBytes('192.0.2.2'), CONFIG.own4);
  }

  /** A listener and its members, equal slots in the order given. Returns its number and the members'. */
  listen(
    listener: Listener,
    members: readonly (Partial<MemberRow> & { readonly address: string; readonly shared?: boolean })[],
    sources: readonly string[] = [],
  ): { readonly listener: number; readonly members: readonly number[] } {
    const number = ++this.#listeners;
    const transport = listener.transport ?? 'tcp';
    const mode = listener.mode ?? 'dr';
    const nat = mode === 'nat' || mode === 'onearm' || mode === 'fullnat';
    const numbers = members.map((member) => {
      const row = ++this.#members;
      const { shared = false, ...rest } = member;
      writeMember(this.object.map('members').memory(), row, {
        port: 0,
        weight: 1,
        maxConnections: 0,
        minConnections: 0,
        hop: HOP,
        ...rest,
        listener: number,
        flags: (rest.flags ?? MEMBER_FLAG.present) | (shared ? MEMBER_FLAG.shared : 0),
      });
      if (nat) {
        const port =
          (rest.port ?? 0) ||
          (listener.portTo && listener.portTo !== listener.portFrom ? 0 : listener.portFrom);
        const reverse = shared || mode !== 'nat' ? VIP_MEMBER_SHARED : 0;
        this.#vip(member.address, port, PROTOCOL_NUMBER[transport], VIP_KIND.member, row | reverse);
      }
      return row;
    });
    const live = numbers.filter((_, index) => (members[index]!.weight ?? 1) > 0);
    const ring = this.ring(live);
    const sourceFirst = this.#sources;
    for (const source of sources)
      new Uint8Array(this.object.map('sources').memory(), this.#sources++ * 16, 16).set(addressBytes(source));
    const row: ListenerRow = {
      ring,
      base: ring,
      mode,
      scheduler: 'mh',
      transport,
      portTo: listener.portFrom,
      tunnel: 'ipip',
      tunnelPort: 6080,
      persistLength4: 32,
      persistLength6: 128,
      persistTicks: 75,
      maxConnections: 0,
      connectionsPerWindow: 0,
      sourcePerWindow: 0,
      owner: 1,
      persistMs: 0,
      connectionsPerSecond: 0,
      sourcePerSecond: 0,
      ...listener,
      sourceFirst,
      sourceCount: sources.length,
      flags:
        (listener.flags ?? LISTENER_FLAG.hashPort | (nat ? LISTENER_FLAG.state : 0)) | LISTENER_FLAG.used,
    };
    const memory = this.object.map('listeners').memory();
    writeListener(memory, number, row);
    storeRing(memory, number, 'ring', ring);
    storeRing(memory, number, 'base', ring);
    for (let port = row.portFrom; port <= row.portTo; port++)
      this.#vip(listener.address, port, PROTOCOL_NUMBER[transport], VIP_KIND.listener, number);
    this.#vip(listener.address, 0, 0, VIP_KIND.address, number);
    this.#near.rebuild();
    return { listener: number, members: numbers };
  }

  ring(members: readonly number[]): { offset: number; size: number } {
    const offset = this.#slots;
    const slots = new Uint16Array(this.object.map('rings').memory());
    slots.set(members, offset);
    this.#slots += Math.max(1, members.length);
    if (this.#slots > this.object.map('rings').maxEntries * RING_BLOCK)
      throw new RangeError('rig is out of slots');
    return { offset, size: members.length };
  }

  #vip(address: string, port: number, protocol: number, kind: number, value: number): void {
    const map = this.object.map(address.includes(':') ? 'vips6' : 'vips4');
    map.update(vipKey(address, port, protocol, kind), new Uint8Array(Uint32Array.of(value).buffer));
  }

  runner(program: string): TestRun {
    return new TestRun(this.object.program(program));
  }

  tick(): number {
    return this.#clock.run(new Uint8Array(64)).verdict;
  }

  counts(): Partial<Record<CountName, number>> {
    const map = this.object.map('counts');
    const out: Partial<Record<CountName, number>> = {};
    COUNTS.forEach((name, slot) => {
      const value = map.lookup(new Uint8Array(Uint32Array.of(slot).buffer))!;
      const sum = new BigUint64Array(value.buffer).reduce((total, one) => total + one, 0n);
      if (sum > 0n) out[name] = Number(sum);
    });
    return out;
  }

  /** packetsIn, bytesIn, connections, packetsOut, bytesOut over all CPUs. */
  memberCounts(member: number): readonly number[] {
    const value = this.object.map('member_counts').lookup(new Uint8Array(Uint32Array.of(member).buffer))!;
    const words = new BigUint64Array(value.buffer);
    const sums = [0, 0, 0, 0, 0];
    words.forEach((word, index) => {
      sums[index % 5] = sums[index % 5]! + Number(word);
    });
    return sums;
  }

  /** Empties every table but the configuration. */
  clear(): void {
    for (const name of [
      'vips4',
      'vips6',
      'flows4',
      'flows6',
      'fragments',
      'stickies',
      'source_rates',
      'peer_numbers',
      'allowed',
    ]) {
      empty(this.object.map(name));
    }
    for (const name of [
      'listeners',
      'members',
      'rings',
      'sources',
      'peers',
      'peers_used',
      'member_live',
      'listener_live',
      'recents',
      'near_vips4',
      'strangers4',
    ])
      new Uint8Array(this.object.map(name).memory()).fill(0);
    for (const name of [
      'counts',
      'member_counts',
      'turns',
      'flood',
      'nat_cursor',
      'listener_rates',
      'answers',
    ]) {
      const map = this.object.map(name);
      const zero = new Uint8Array(map.readSize);
      for (let row = 0; row < map.maxEntries; row++)
        map.update(new Uint8Array(Uint32Array.of(row).buffer), zero);
    }
    this.#listeners = 0;
    this.#members = 0;
    this.#slots = 0;
    this.#sources = 0;
  }

  close(): void {
    this.object.close();
  }
}

export { LISTENER, MEMBER };

/** The prefix trie knows no batches before 5.17; the others may hold half a million entries. */
function empty(map: BpfMap): void {
  if (map.name === 'allowed') {
    for (const key of [...map.keys()]) map.delete(key);
    return;
  }
  for (const { count, keys } of [...map.batches(65_536)]) map.deleteBatch(keys, count);
}
