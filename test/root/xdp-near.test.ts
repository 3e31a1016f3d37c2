// The rows of vips4 close to the program: a packet is told what the kernel's table holds, whatever is written to it and
// however that ends.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { PROTOCOL_NUMBER, VIP_KIND } from '../../src/drivers/xdp/layout.ts';
import { NearVips, setOf, wholeOf } from '../../src/drivers/xdp/near-vips.ts';
import { PendingWrites, u32 } from '../../src/drivers/xdp/pending-writes.ts';
import { vipKey } from '../../src/drivers/xdp/vip-key.ts';
import type { BpfMap } from '../../src/kernel/bpf/map.ts';
import { onRig } from '../xdp/on-rig.ts';
import { randomFrom } from '../xdp/random.ts';
import { VERDICT } from '../xdp/rig.ts';
import {
  FROM_CLIENT,
  FROM_MEMBER,
  frame,
  MEMBER,
  packet,
  request,
  turned,
  VIP,
  VIP_PORT,
} from '../xdp/world.ts';

const { rig, sent } = onRig();

interface Place {
  readonly address: string;
  readonly port: number;
}

const ADDRESSES = [VIP[4], '192.0.2.11', '198.18.7.7'];

/** Six places to a set, of which it holds four. */
const PLACES = [...crowd(1), ...crowd(2)];

/** All in the set of that port of the first address. */
function crowd(port: number): readonly Place[] {
  const set = setOf(wholeOf(keyOf({ address: ADDRESSES[0]!, port })));
  const found: Place[] = [];
  for (let other = 1; other < 65_536; other++)
    for (const address of ADDRESSES) {
      const place = { address, port: other };
      if (other !== VIP_PORT && setOf(wholeOf(keyOf(place))) === set) found.push(place);
      if (found.length === 6) return found;
    }
  throw new Error('no set is shared by six');
}

function keyOf({ address, port }: Place): Uint8Array {
  return vipKey(address, port, PROTOCOL_NUMBER.tcp, VIP_KIND.listener);
}

function map(name: string): BpfMap {
  return rig.object.map(name);
}

/** What the program makes of a packet there, by the short way. */
function isServed({ address, port }: Place): boolean {
  const { verdict } = sent(frame(FROM_CLIENT, packet('tcp', { ...request(4), to: address, toPort: port })));
  assert.ok(verdict === VERDICT.tx || verdict === VERDICT.pass, `verdict ${verdict}`);
  return verdict === VERDICT.tx;
}

function assertServed(expected: ReadonlySet<Place>): void {
  for (const place of PLACES)
    assert.equal(isServed(place), expected.has(place), `${place.address} ${place.port}`);
}

let listener: number;
let near: NearVips;
let writes: PendingWrites;

beforeEach(() => {
  rig.configure({ hasNat: 0 });
  listener = rig.listen({ address: VIP[4], portFrom: VIP_PORT }, [{ address: MEMBER[4] }]).listener;
  near = new NearVips(map);
  near.rebuild();
  writes = new PendingWrites(map('vips4'), near);
});

test('a thousand rounds of random writes, more than a set holds: packets are told what was written', () => {
  const random = randomFrom(7);
  const served = new Set<Place>();
  for (let round = 0; round < 1000; round++) {
    for (let write = random(6); write >= 0; write--) {
      const place = PLACES[random(PLACES.length)]!;
      if (random(2) === 0) {
        writes.put(keyOf(place), u32(listener));
        served.add(place);
      } else {
        writes.delete(keyOf(place));
        served.delete(place);
      }
    }
    writes.flush();
    // Another process begins: it makes of the kernel's table what it finds.
    if (random(50) === 0) near.rebuild();
    assertServed(served);
  }
});

test('a write that fails half way leaves the answer to the kernel', () => {
  const [added, kept, removed] = PLACES;
  near.around(
    [
      [keyOf(removed!), u32(listener)],
      [keyOf(kept!), u32(listener)],
    ],
    [],
    () => {
      map('vips4').update(keyOf(removed!), u32(listener));
      map('vips4').update(keyOf(kept!), u32(listener));
    },
  );
  assert.throws(() =>
    near.around([[keyOf(added!), u32(listener)]], [keyOf(removed!), keyOf(kept!)], () => {
      map('vips4').update(keyOf(added!), u32(listener));
      map('vips4').delete(keyOf(removed!));
      throw new Error('table full');
    }),
  );
  assertServed(new Set([added!, kept!]));
  near.around([], [keyOf(kept!)], () => map('vips4').delete(keyOf(kept!)));
  assertServed(new Set([added!]));
});

test('what another program wrote to the table counts from the next start on', () => {
  const [place, strange] = [PLACES[0]!, PLACES[6]!];
  writes.put(keyOf(place), u32(listener));
  writes.flush();
  map('vips4').delete(keyOf(place));
  map('vips4').update(keyOf(strange), u32(listener));

  new NearVips(map).rebuild();

  assertServed(new Set([strange]));
});

test('with nothing close by, the kernel is asked', () => {
  for (const name of ['near_vips4', 'strangers4']) new Uint8Array(map(name).memory()).fill(0);
  map('vips4').update(keyOf(PLACES[0]!), u32(listener));

  assertServed(new Set([PLACES[0]!]));
});

test('packets of strangers are passed, those of a member to one are replies', () => {
  rig.configure({ hasNat: 1 });
  rig.listen({ address: '192.0.2.12', portFrom: VIP_PORT, mode: 'nat' }, [{ address: MEMBER[4] }]);
  const asked = { ...request(4), to: '192.0.2.12' };
  const answer = { ...turned(asked), from: MEMBER[4] };

  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', { ...asked, to: '192.0.2.99' }))).verdict, VERDICT.pass);
  assert.equal(sent(frame(FROM_CLIENT, packet('tcp', asked))).verdict, VERDICT.tx);
  assert.equal(sent(frame(FROM_MEMBER, packet('tcp', answer))).verdict, VERDICT.tx);
  assert.equal(
    sent(frame(FROM_MEMBER, packet('tcp', { ...answer, from: '10.0.0.99' }))).verdict,
    VERDICT.pass,
  );
});
