// Runs inside a namespace for netlink.test.ts: the netlink socket and the event listener against the machine's own kernel.
import assert from 'node:assert/strict';
import { IpvsKernel } from '../../src/kernel/netlink/ipvs-kernel.ts';
import { NETLINK, NetlinkSocket, type WriteRequest } from '../../src/kernel/netlink/netlink-socket.ts';
import { RouteKernel } from '../../src/kernel/netlink/route-kernel.ts';
import { watchNetwork } from '../../src/kernel/netlink/watch-network.ts';
import { PacketNeighbours } from '../../src/kernel/packet.ts';
import { SysctlFiles } from '../../src/kernel/sysctl-files.ts';
import { OpError } from '../../src/model/errors.ts';
import { readFamily, writeGetFamily } from '../../src/wire/netlink/family.ts';
import {
  type InterfaceAddress,
  writeAddAddress,
  writeDeleteAddress,
} from '../../src/wire/netlink/route-address.ts';
import { OUR_PROTOCOL, ROUTE_MESSAGE } from '../../src/wire/netlink/route-numbers.ts';

const lo: InterfaceAddress = {
  address: '127.0.9.9',
  prefixLength: 32,
  linkIndex: 1,
  flags: 0,
  protocol: OUR_PROTOCOL,
  label: '',
};

// Generic netlink: a family that every kernel has, and IPVS with the answer of this one.
const generic = new NetlinkSocket('generic', NETLINK.generic);
const [control] = generic.request({ op: 'CTRL_CMD_GETFAMILY' }, (writer, sequence) =>
  writeGetFamily(writer, sequence, 'nlctrl'),
);
assert.equal(readFamily(control!).id, 16);
assert.throws(
  () =>
    generic.request({ op: 'CTRL_CMD_GETFAMILY', target: 'nobody' }, (w, s) => writeGetFamily(w, s, 'nobody')),
  (error) => error instanceof OpError && error.op.errno === 'ENOENT' && error.op.target === 'nobody',
);
generic.close();
const ipvs = new IpvsKernel();
try {
  assert.match(ipvs.info().version, /^1\.\d+\.\d+$/);
} catch (error) {
  assert.ok(
    error instanceof OpError && error.code === 'IPVS_MISSING' && error.retry === 'on-change',
    String(error),
  );
}
ipvs.close();

// Events come for what is changed while listening, with the interface they are about.
const heard: { type: number; linkIndex: number }[] = [];
const listener = await watchNetwork({
  onChange: (event) => heard.push(event),
  onError: (error) => {
    throw error;
  },
  looksAfterMs: 0,
});

const kernel = new RouteKernel();
kernel.addAddress(lo, 'create');
assert.equal(kernel.addresses().find((one) => one.address === lo.address)?.protocol, OUR_PROTOCOL);
assert.throws(
  () => kernel.addAddress(lo, 'create'),
  (error) => error instanceof OpError && error.op.errno === 'EEXIST' && error.op.op === 'RTM_NEWADDR',
);
kernel.addAddress({ ...lo, protocol: 99 }, 'replace');
assert.equal(kernel.addresses().find((one) => one.address === lo.address)?.protocol, 99);
kernel.removeAddress(lo);
assert.throws(() => kernel.removeAddress(lo), /EADDRNOTAVAIL/);
assert.ok(kernel.links().some((link) => link.name === 'lo' && link.index === 1));
assert.ok(kernel.routes().every((route) => route.table > 0));
assert.deepEqual(kernel.neighbours(), []);

// An interface that went since it was listed: nobody is there to be told.
const gone = { ...kernel.links()[0]!, index: 4242, name: 'gone', mac: '02:00:00:00:00:01' };
for (const address of ['192.0.2.1', '2001:db8::1'])
  new PacketNeighbours(new SysctlFiles()).announce(gone, address);

// A batch larger than one send: each refusal lands on its own command, in order, and the rest is done.
const route = new NetlinkSocket('route', NETLINK.route);
const many: WriteRequest[] = [];
for (let i = 0; i < 3000; i++) {
  const one = { ...lo, address: `127.1.${i >> 8}.${i & 255}` };
  many.push((writer, sequence) => writeAddAddress(writer, sequence, one, 'create'));
  if (i % 1000 === 0) many.push((writer, sequence) => writeAddAddress(writer, sequence, one, 'create'));
}
const results = await route.batch(many);
assert.deepEqual(
  results.flatMap((failure, index) => (failure === undefined ? [] : [[index, failure.errno]])),
  [
    [1, 17],
    [1002, 17],
    [2003, 17],
  ],
);
assert.match(results[1]?.kernelMessage ?? '', /already assigned/);
assert.equal(kernel.addresses().filter((one) => one.address.startsWith('127.1.')).length, 3000);
await route.batch(
  Array.from({ length: 3000 }, (_, i): WriteRequest => {
    const one = { ...lo, address: `127.1.${i >> 8}.${i & 255}` };
    return (writer, sequence) => writeDeleteAddress(writer, sequence, one);
  }),
);
assert.equal(kernel.addresses().filter((one) => one.address.startsWith('127.1.')).length, 0);
route.close();
kernel.close();

const end = performance.now() + 5000;
while (heard.length < 2 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
assert.ok(heard.some((event) => event.type === ROUTE_MESSAGE.newAddress && event.linkIndex === 1));
assert.ok(heard.some((event) => event.type === ROUTE_MESSAGE.delAddress));
await listener.close();
process.stdout.write('whole\n');
