// The two sides of the tables held together: offsets against the compiler's BTF, names against the C source, budgets.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flowHash, slotOf } from '../../src/drivers/xdp/hash.ts';
import * as layout from '../../src/drivers/xdp/layout.ts';
import { COUNTS, meaningOf } from '../../src/drivers/xdp/reasons.ts';
import { clockOf } from '../../src/drivers/xdp/settings.ts';
import { structsOf } from '../../src/kernel/bpf/btf.ts';
import { Elf } from '../../src/kernel/bpf/elf.ts';
import { chainsOf } from '../../tools/lib/bpf-stack.ts';
import { OBJECT, Rig } from '../xdp/rig.ts';
import { FROM_CLIENT, frame, hop, packet, request, VIP } from '../xdp/world.ts';

const BPF = join(import.meta.dirname, '../../bpf');
const STRUCTS = {
  hop: layout.HOP,
  listener: layout.LISTENER,
  member: layout.MEMBER,
  config: layout.CONFIG,
  live: layout.LIVE,
  member_count: layout.MEMBER_COUNT,
  vip4_key: layout.VIP4_KEY,
  vip6_key: layout.VIP6_KEY,
  near_vip: layout.NEAR_VIP,
  flow4_key: layout.FLOW4_KEY,
  flow6_key: layout.FLOW6_KEY,
  flow4: layout.FLOW4,
  flow6: layout.FLOW6,
  allowed_key: layout.ALLOWED_KEY,
} as const;

const structs = structsOf(new Elf(readFileSync(OBJECT)).section('.BTF')!);

/** `persistLength4` is persist_length4. */
function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

for (const [name, ours] of Object.entries(STRUCTS))
  test(`struct ${name} stands in layout.ts as the compiler lays it out`, () => {
    const theirs = structs.get(name);
    assert.ok(theirs, 'it is in the object');
    const { size, ...fields } = ours;
    assert.equal(size, theirs.size);
    for (const [field, offset] of Object.entries(fields))
      assert.equal(offset, theirs.offsets.get(toSnake(field)), field);
  });

test('a reply entry shares its bytes with a forward one as layout.ts says', () => {
  const { offsets } = structs.get('flow4')!;

  assert.equal(offsets.get('client'), layout.FLOW4_REPLY.client);
  assert.equal(offsets.get('client_port'), layout.FLOW4_REPLY.clientPort);
  assert.equal(offsets.get('reply_member'), layout.FLOW4_REPLY.member);
});

test('COUNTS names what count.h counts, in its order, and means the same', () => {
  const source = readFileSync(join(BPF, 'count.h'), 'utf8');
  const rows = [...source.matchAll(/^\tCOUNT_(\w+), \/\/ (.*)$/gm)];

  assert.deepEqual(
    COUNTS.map((name) => [name, meaningOf(name)]),
    rows.map(([, name, meaning]) => [name!.toLowerCase(), meaning]),
  );
});

test('flags, modes, states and versions are numbered as in types.h', () => {
  const source = readFileSync(join(BPF, 'types.h'), 'utf8');
  const bits = (prefix: string) =>
    Object.fromEntries(
      [...source.matchAll(new RegExp(`#define ${prefix}_(\\w+) \\(1u << (\\d+)\\)`, 'g'))].map(
        ([, name, bit]) => [name!.toLowerCase(), 1 << Number(bit)],
      ),
    );
  const ours = (flags: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(flags).map(([name, bit]) => [toSnake(name), bit]));
  const { shared, ...member } = bits('MEMBER');
  const { member_shared: _, ...listener } = bits('LISTENER');

  assert.deepEqual(ours(layout.LISTENER_FLAG), listener);
  assert.deepEqual(ours(layout.MEMBER_FLAG), { ...member, shared });
  const order = (prefix: string) =>
    [...source.matchAll(new RegExp(`\\b${prefix}_(\\w+) = (\\d+)`, 'g'))]
      .sort(([, , a], [, , b]) => Number(a) - Number(b))
      .map(([, name]) => name!.toLowerCase().replaceAll('_', '-'));
  assert.deepEqual([...layout.MODES], order('MODE'));
  assert.deepEqual([...layout.TUNNELS], order('TUNNEL'));
  assert.deepEqual([...layout.XDP_SCHEDULERS], order('SCHED'));
  assert.deepEqual([...layout.FLOW_STATES], order('FLOW').slice(0, layout.FLOW_STATES.length));
  assert.match(source, new RegExp(`#define LAYOUT_VERSION ${layout.LAYOUT_VERSION}\\b`));
});

test('every program stays within 150,000 walked instructions, and all load within half a second of CPU', () => {
  const used = process.cpuUsage();
  const rig = new Rig();
  const { user, system } = process.cpuUsage(used);
  const walked = [...rig.object.walked];
  rig.close();

  assert.ok(walked.length >= 6);
  for (const [name, instructions] of walked)
    assert.ok(instructions > 0 && instructions <= 150_000, `${name}: ${instructions}`);
  // CPU time: the machine may be busy with other things.
  assert.ok((user + system) / 1e6 <= 0.5, `${(user + system) / 1e6} s`);
});

test('bpf-stack.ts counts the stack of every function as the verifier does', () => {
  const rig = new Rig();
  const stacks = new Map(rig.object.stacks);
  rig.close();
  const counted = new Map<string, Map<string, number>>();
  for (const { frames } of chainsOf(readFileSync(OBJECT)))
    for (const { name, own } of frames) {
      const program = counted.get(frames[0]!.name) ?? new Map<string, number>();
      // Newer kernels count in slots of eight bytes.
      counted.set(frames[0]!.name, program.set(name, Math.ceil(own / 8) * 8));
    }

  const sorted = (sizes: Iterable<number>) => [...sizes].sort((a, b) => a - b);
  assert.ok(stacks.size >= 6);
  for (const [name, sizes] of stacks)
    assert.deepEqual(sorted(counted.get(name)!.values()), sorted(sizes), name);
});

test('hash.ts predicts the slot that the program takes', () => {
  const rig = new Rig();
  const members = Array.from({ length: 200 }, (_, index) => ({
    address: `10.0.0.${index + 1}`,
    hop: hop({ destinationMac: `02:00:00:00:01:${(index + 1).toString(16).padStart(2, '0')}` }),
  }));
  const seed = [0x0123456789abcdefn, 0xfedcba9876543210n] as const;
  for (const family of [4, 6] as const) {
    rig.clear();
    rig.listen(
      { address: VIP[family], portFrom: 80 },
      members.map((one, index) =>
        family === 4 ? one : { ...one, address: `2001:db8:a::${(index + 1).toString(16)}` },
      ),
    );
    for (let fromPort = 1; fromPort < 300; fromPort++) {
      const ends = { ...request(family), fromPort };
      const { packet: out } = rig.run.run(frame(FROM_CLIENT, packet('tcp', ends)));
      assert.equal(out[5], slotOf(flowHash(ends.from, fromPort, seed), members.length) + 1);
    }
  }
  rig.close();
});

test('clockOf() makes ticks of about 4 s and windows of about 1 s at every HZ', () => {
  for (const hz of [100, 250, 300, 1000]) {
    const { tickSeconds, windowSeconds } = clockOf(1e9 / hz);
    assert.ok(tickSeconds > 2.5 && tickSeconds < 6 && windowSeconds > 0.7 && windowSeconds < 1.5, `HZ ${hz}`);
  }
});
