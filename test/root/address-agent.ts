// Runs inside a namespace for address.test.ts: drives the real address driver, or listens to what is said on a wire.
import { connect } from 'node:net';
import { AddressDriver } from '../../src/drivers/address/address-driver.ts';
import { MemoryJournal } from '../../src/kernel/journal.ts';
import { ERRNO } from '../../src/kernel/native/errno.ts';
import { AF, NativeSocket, SOCK } from '../../src/kernel/native/socket.ts';
import { RouteKernel } from '../../src/kernel/netlink/route-kernel.ts';
import { PacketNeighbours } from '../../src/kernel/packet.ts';
import { Registry } from '../../src/kernel/registry.ts';
import { SysctlFiles } from '../../src/kernel/sysctl-files.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { fromBytes } from '../../src/lib/ip.ts';
import { addressKey } from '../../src/model/keys.ts';
import { orderSteps } from '../../src/plan/order.ts';
import { readArp } from '../../src/wire/arp.ts';
import { readNeighbourAdvertisement } from '../../src/wire/ndp.ts';
import { toMac } from '../../src/wire/netlink/route-link.ts';

const [mode, device = '', ...rest] = process.argv.slice(2);
if (mode === 'apply') await applyAddresses(rest);
else if (mode === 'listen') await hear(Number(rest[0]));
else if (mode === 'reach') reach(device);
else if (mode === 'prefer') prefer(rest[0] ?? '');

/** Lets the kernel start connections from an address of ours. */
function prefer(address: string): void {
  const route = new RouteKernel();
  const row = route.addresses().find((one) => one.address === address)!;
  const { preferredSeconds: _, ...preferred } = row;
  route.addAddress(preferred, 'replace');
  route.close();
}

/** Brings the interface to exactly these `address/prefix`, prints what came of it. */
async function applyAddresses(wanted: readonly string[]): Promise<void> {
  const route = new RouteKernel();
  const driver = new AddressDriver({
    route,
    neighbours: new PacketNeighbours(new SysctlFiles()),
    registry: new Registry(new MemoryJournal(), 'agent'),
    clock: systemClock,
  });
  const addresses = wanted.map((text) => {
    const [address, length] = text.split('/') as [string, string];
    const prefixLength = Number(length);
    return {
      key: addressKey(address, prefixLength, device),
      vip: address,
      address,
      prefixLength,
      interface: device,
    };
  });
  const desired = driver.desired({ addresses, listeners: [], certificates: [], unplaced: [] });
  const plan = driver.plan(desired, await driver.observe());
  const started = performance.now();
  const results = await driver.apply(orderSteps(plan.steps));
  const tookMs = performance.now() - started;
  const after = driver.plan(desired, await driver.observe());
  await driver.close();
  const report = {
    results: results.map((result) => ({
      id: result.step.id,
      ok: result.ok,
      ...(result.ok ? {} : { code: result.error.code, message: result.error.message }),
    })),
    conflicts: plan.conflicts.map((conflict) => conflict.wanted.key),
    left: after.steps.map((step) => step.id),
    tookMs,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Prints `ready`, then each ARP packet and neighbour advertisement until the time is over. */
async function hear(forMs: number): Promise<void> {
  const route = new RouteKernel();
  const link = route.links().find((one) => one.name === device)!;
  route.close();
  const socket = new NativeSocket('packet/agent', AF.packet, SOCK.raw, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF.packet, true);
  // ETH_P_ALL
  view.setUint16(2, 0x0003, false);
  view.setInt32(4, link.index, true);
  socket.bind(address);
  process.stdout.write('ready\n');
  const buffer = new Uint8Array(2048);
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const length = socket.receive(buffer, false);
    if (length === -ERRNO.EAGAIN) await new Promise((resolve) => setTimeout(resolve, 5));
    else if (length > 0) print(buffer.subarray(0, length));
  }
  socket.close();
}

/** Prints how a connection attempt ends. */
function reach(host: string): void {
  const socket = connect({ host, port: 9, timeout: 3000 });
  const end = (word: string) => {
    process.stdout.write(`${word}\n`);
    socket.destroy();
  };
  socket.on('connect', () => end('connected'));
  socket.on('timeout', () => end('ETIMEDOUT'));
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'unknown'));
}

function print(frame: Uint8Array): void {
  const arp = readArp(frame);
  const advertisement = readNeighbourAdvertisement(frame);
  if (arp !== undefined) {
    const { operation, senderAddress, targetAddress } = arp;
    process.stdout.write(`arp ${operation} ${senderAddress} ${toMac(arp.senderMac)} for ${targetAddress}\n`);
  }
  if (advertisement !== undefined)
    process.stdout.write(`na ${fromBytes(advertisement.target)} ${toMac(advertisement.linkAddress)}\n`);
}
