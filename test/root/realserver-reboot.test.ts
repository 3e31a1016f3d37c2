// What `lbctl realserver apply` writes, read back by the real systemd, systemd-networkd, NetworkManager and ifupdown: after a
// reboot the VIPs are there, nobody heard of them at any moment, and traffic of mode dr arrives.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Host, Lab } from '../../lab/netns.ts';
import { ARP_WAYS, type ArpWay } from '../../src/plan/system/real-server.ts';
import { Machine } from './boot/machine.ts';

const LBCTL = resolve(import.meta.dirname, '../../lbctl');
const VIP4 = '192.0.2.10';
const VIP6 = '2001:db8:ff::10';
const OWN4 = '10.60.0.2';
const OWN6 = '2001:db8:60::2';
const lab = Lab.create('reboot');
const folder = mkdtempSync(join(tmpdir(), 'steelyard-reboot-'));
const machines: Machine[] = [];
after(async () => {
  for (const machine of machines) await machine.close();
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Manager {
  readonly arps: readonly ArpWay[];
  /** What `--persist auto` must find out by itself. */
  readonly way: string;
  readonly services: readonly string[];
  /** Gives eth0 its own addresses, as on a machine that was there before lbctl. */
  readonly files: Readonly<Record<string, string>>;
}

const IFUPDOWN = `auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
    address ${OWN4}/24
iface eth0 inet6 static
    address ${OWN6}/64
    dad-attempts 0

source /etc/network/interfaces.d/*
`;

const MANAGERS: readonly Manager[] = [
  {
    way: 'networkd',
    arps: ARP_WAYS,
    services: ['systemd-networkd.service'],
    files: {
      '/etc/systemd/network/10-eth0.network': `[Match]\nName=eth0\n\n[Network]\nAddress=${OWN4}/24\nAddress=${OWN6}/64\n`,
    },
  },
  {
    way: 'networkmanager',
    arps: ['nft'],
    services: ['dbus.socket', 'NetworkManager.service'],
    files: {
      '/etc/NetworkManager/system-connections/eth0.nmconnection': `[connection]
id=eth0
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=${OWN4}/24

[ipv6]
method=manual
address1=${OWN6}/64
`,
    },
  },
  {
    way: 'ifupdown',
    arps: ['nft'],
    services: ['networking.service'],
    files: { '/etc/network/interfaces': IFUPDOWN },
  },
  {
    way: 'unit',
    arps: ['sysctl'],
    services: ['eth0.service'],
    files: {
      '/etc/systemd/system/eth0.service': `[Unit]
After=network-pre.target
Before=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=ip link set eth0 up
ExecStart=ip address add ${OWN4}/24 dev eth0
ExecStart=ip address add ${OWN6}/64 dev eth0 nodad

[Install]
WantedBy=multi-user.target
`,
    },
  },
];

/** Counts in the client's own kernel what it must never hear: an answer for a VIP, or a question in its name. */
const WATCH = `table arp watch {
  chain in {
    type filter hook input priority 0;
    arp saddr ip ${VIP4} counter
  }
}
table ip6 watch {
  chain in {
    type filter hook input priority 0;
    icmpv6 type nd-neighbor-advert @th,64,128 0x20010db800ff00000000000000000010 counter
  }
}
`;

interface Network {
  readonly client: Host;
  readonly server: Host;
}

let boots = 0;

/** Namespaces of this boot alone: what the kernel knew before is gone, as after a reboot. */
async function boot(machine: Machine): Promise<Network> {
  const client = lab.host(`c${++boots}`);
  const server = lab.host(`s${boots}`);
  server.ip('link', 'set', 'lo', 'down');
  lab.link(
    { host: client, device: 'eth0', addresses: ['10.60.0.1/24', '2001:db8:60::1/64'] },
    { host: server, device: 'eth0' },
  );
  client.route(VIP4, 'dev', 'eth0');
  client.route(VIP6, 'dev', 'eth0');
  client.sysctls({ 'net.ipv4.neigh.eth0.retrans_time_ms': 50, 'net.ipv6.neigh.eth0.retrans_time_ms': 50 });
  await client.must(['nft', '-f', '-'], { input: WATCH });
  // Who has it? Asked over and over, from before the machine runs until it is up.
  for (const vip of [VIP4, VIP6]) client.spawn(['ping', '-q', '-i', '0.05', vip]);
  await machine.boot(server);
  for (const address of [OWN4, OWN6]) await untilHeld(server, address);
  return { client, server };
}

/** Duplicate address detection of the machine's own address takes its second. */
async function untilHeld(server: Host, address: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const line = server.ip('-o', 'address', 'show', 'to', address);
    if (line !== '' && !line.includes('tentative')) return;
    await wait(100);
  }
  throw new Error(`Cannot find "${address}" on the machine: ${server.ip('address', 'show')}`);
}

function heard({ client }: Network): number {
  const counts = [...client.run('nft', 'list', 'ruleset').matchAll(/counter packets (\d+)/g)];
  assert.equal(counts.length, 2);
  return counts.reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** As the balancer of mode dr sends: to the machine's own link address, for the VIP. */
async function askThrough(network: Network): Promise<readonly string[]> {
  const { client, server } = network;
  const code =
    'require("http").createServer((_, answer) => answer.end("here")).listen(80, "::", () => console.log("up"))';
  const child = server.spawn([process.execPath, '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  client.ipAll([
    ['route', 'replace', VIP4, 'via', OWN4],
    ['route', 'replace', VIP6, 'via', OWN6],
  ]);
  // The answer must find its way back without a question in the VIP's name.
  server.ip('neighbour', 'flush', 'all');
  const ask = (vip: string) => client.must(['curl', '-s', '--max-time', '10', `http://${vip}/`]);
  return [await ask(VIP4), await ask(`[${VIP6}]`)];
}

/** The table stands before anybody configures an interface, by the clock of systemd. */
async function assertQuietFirst(machine: Machine, manager: string): Promise<void> {
  const read = async (unit: string, property: string) =>
    Number((await machine.exec(['systemctl', 'show', '--value', '-p', property, unit])).stdout);
  const quiet = await read('lbctl-realserver.service', 'ActiveEnterTimestampMonotonic');
  const begun = await read(manager, 'InactiveExitTimestampMonotonic');
  assert.ok(quiet > 0 && quiet <= begun, `quiet at ${quiet}, ${manager} from ${begun}`);
}

function lbctl(machine: Machine, ...args: readonly string[]) {
  return machine.exec([LBCTL, 'realserver', ...args]);
}

for (const { way, arps, services, files } of MANAGERS)
  for (const arp of arps)
    describe(`${way}, ARP kept quiet by ${arp}`, () => {
      const disk = join(folder, `${way}-${arp}`);
      mkdirSync(disk);
      const machine = new Machine(disk, services);
      // NetworkManager takes no connection that others can read, networkd (not root) none that they cannot.
      for (const [path, content] of Object.entries(files))
        machine.write(path, content, path.endsWith('.nmconnection') ? 0o600 : 0o644);
      machines.push(machine);
      const wanted = ['--vip', `${VIP4},${VIP6}`, '--arp', arp];

      test('apply finds out who configures the network and writes for it', async () => {
        const network = await boot(machine);
        await machine.exec(['ip', 'address', 'add', `${VIP4}/32`, 'dev', 'lo']);
        // The client does hear what it must not hear later on.
        for (let round = 0; round < 200 && heard(network) === 0; round++) await wait(50);
        assert.notEqual(heard(network), 0);
        await machine.exec(['ip', 'address', 'del', `${VIP4}/32`, 'dev', 'lo']);

        const { code, stdout, stderr } = await lbctl(machine, 'apply', ...wanted);

        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, new RegExp(`After a reboot: ${way} \\(`));
        await machine.powerOff();
      });

      test('after a reboot it is as planned, traffic arrives, and nobody ever heard of the VIPs', async () => {
        const network = await boot(machine);
        for (const vip of [VIP4, VIP6]) await untilHeld(network.server, vip);

        const plan = await lbctl(machine, 'plan', ...wanted, '--detailed-exitcode');
        assert.equal(plan.code, 0, plan.stdout + plan.stderr);
        const loopback = network.server.ip('address', 'show', 'dev', 'lo');
        for (const address of ['127.0.0.1/8', '::1/128'])
          assert.ok(loopback.includes(` ${address} `), loopback);
        assert.deepEqual(await askThrough(network), ['here', 'here']);
        assert.equal(heard(network), 0);
        if (arp === 'nft' && way !== 'ifupdown') await assertQuietFirst(machine, services.at(-1)!);
      });

      test('after revert and a power cut nothing is left of it', async () => {
        const reverted = await lbctl(machine, 'revert');
        assert.equal(reverted.code, 0, reverted.stdout + reverted.stderr);

        // Without a word to any service.
        const { server } = await boot(machine);

        assert.doesNotMatch(server.ip('address', 'show'), /192\.0\.2\.10|2001:db8:ff::10/);
        assert.match(server.ip('address', 'show', 'dev', 'eth0'), /10\.60\.0\.2\/24/);
        assert.equal(server.run('nft', 'list', 'tables'), '');
        await machine.powerOff();
      });
    });
