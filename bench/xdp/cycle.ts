// One core does it all: frames made by a generator go through a veth pair to what is measured and come back to a sink
// that counts them. What arrives is asserted, so nothing is fast by losing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LISTENER_FLAG } from '../../src/drivers/xdp/layout.ts';
import { closeFd } from '../../src/kernel/bpf/libc.ts';
import { createLink } from '../../src/kernel/bpf/link.ts';
import { ip, udp } from '../../test/xdp/packet.ts';
import type { Listener } from '../../test/xdp/rig.ts';
import { frame, MEMBER, VIP } from '../../test/xdp/world.ts';
import { type Row, row } from '../report.ts';
import { CoreTime } from './core-time.ts';
import { ackFrame, datagramFrame, FIRST_CLIENT, FIRST_PORT } from './program.ts';
import { BenchRig, REQUEST } from './rig.ts';

/** Many short runs, of which the tenth quickest counts: on a machine that others use too, long ones measure the others. */
const PACKETS = 131_072;
const RUNS = 40;
const FLOWS = 16_384;
const BATCH = 64;
/** Where the kernel's ways send it: behind a neighbour whose MAC address is the sink's. */
const TARGET = '10.200.0.1';

interface Way {
  readonly name: string;
  readonly program: string;
  readonly listener?: Partial<Listener>;
  readonly frame: Uint8Array;
  readonly flows?: number;
  readonly target?: string;
  /** Mpps of the same way in the study behind the targets, where it was measured. */
  readonly study?: number;
  readonly before?: () => void;
  readonly after?: () => void;
}

export function cycleRows(): readonly Row[] {
  const rig = new BenchRig();
  const wire = new Wire();
  try {
    const ways: readonly Way[] = [
      { name: 'generator alone, dropped', program: 'bench_sink', frame: ackFrame(), study: 19.6 },
      { name: 'generator and sink alone (MAC swap)', program: 'bench_swap', frame: ackFrame(), study: 13.9 },
      ...[1, FLOWS, 524_288].map((flows) => ({
        name: `dr, stateless, ${flows} flows`,
        program: 'steelyard',
        frame: ackFrame(),
        flows,
        listener: { flags: LISTENER_FLAG.hashPort },
        ...(flows === FLOWS ? { target: '>= 7' } : {}),
      })),
      {
        name: `dr, flow hit, ${FLOWS} flows`,
        program: 'steelyard',
        frame: ackFrame(),
        listener: { flags: LISTENER_FLAG.hashPort | LISTENER_FLAG.state },
      },
      {
        name: `tunnel, stateless, ${FLOWS} flows`,
        program: 'steelyard',
        frame: ackFrame(),
        listener: { mode: 'tunnel', flags: LISTENER_FLAG.hashPort },
        target: '>= 5',
      },
      {
        name: `tunnel, flow hit, ${FLOWS} flows`,
        program: 'steelyard',
        frame: ackFrame(),
        listener: { mode: 'tunnel', flags: LISTENER_FLAG.hashPort | LISTENER_FLAG.state },
      },
      {
        name: `nat, ${FLOWS} flows`,
        program: 'steelyard',
        frame: datagramFrame(),
        listener: { mode: 'nat', transport: 'udp' },
        target: '>= 3',
      },
      {
        name: 'kernel: plain forwarding',
        program: 'bench_pass',
        frame: wire.datagramTo(TARGET),
        study: 2.9,
      },
      {
        name: 'kernel: nftables stateless rewrite',
        program: 'bench_pass',
        study: 1.7,
        frame: wire.datagramTo(VIP[4]),
        before: () =>
          wire.nft(
            `table ip b { chain c { type filter hook prerouting priority raw; ip daddr ${VIP[4]} notrack ip daddr set ${TARGET}; }; }`,
          ),
        after: () => wire.nft('delete table ip b'),
      },
      {
        name: 'kernel: nftables DNAT with conntrack',
        program: 'bench_pass',
        study: 1.5,
        frame: wire.datagramTo(VIP[4]),
        before: () =>
          wire.nft(
            `table ip b { chain c { type nat hook prerouting priority dstnat; ip daddr ${VIP[4]} dnat to ${TARGET}; }; }`,
          ),
        after: () => wire.nft('delete table ip b'),
      },
    ];
    const figures = ways.map((way) => ({ way, ...measure(rig, wire, way) }));
    const conntrack = figures.at(-1)!.mpps;
    return figures.map(({ way, mpps, lost }) =>
      row(
        `cycle: ${way.name}${way.study === undefined ? '' : ' (peer: the study)'}${lost > 0 ? ` (${Math.ceil(lost * 100)} % lost)` : ''}`,
        mpps,
        'Mpps',
        way.target ?? '',
        way.study ?? (way.program === 'steelyard' ? conntrack : undefined),
      ),
    );
  } finally {
    rig.close();
    wire.close();
  }
}

/** Delivered a second of the core. The kernel's own ways may lose frames where softirqs are put off; ours may not. */
function measure(rig: BenchRig, wire: Wire, way: Way): { readonly mpps: number; readonly lost: number } {
  rig.clear();
  const hop = {
    destinationMac: wire.sinkMac,
    sourceMac: wire.mac,
    ifindex: wire.ifindex,
    vlan: 0,
    mtu: 1500,
  };
  if (way.listener !== undefined)
    rig.listen({ address: VIP[4], portFrom: 80, ...way.listener }, [{ address: MEMBER[4], hop }]);
  way.before?.();
  const links = [
    createLink(rig.object.program(way.program), wire.ifindex, 'bench1', 'native'),
    createLink(rig.object.program('bench_sink'), wire.sinkIfindex, 'bench0', 'native'),
  ];
  try {
    rig.stream({ frame: way.frame, flows: way.flows ?? FLOWS, ...REQUEST }, wire.sinkIfindex);
    const generator = rig.runner('bench_generate');
    const send = (packets: number) =>
      generator.run(way.frame, { live: true, batch: BATCH, repeat: packets, ifindex: wire.sinkIfindex });
    send(Math.max(way.flows ?? FLOWS, 100_000));
    const core = new CoreTime(coreOf());
    const speeds: number[] = [];
    let lost = 0;
    for (let run = 0; run < RUNS; run++) {
      const before = rig.sunk();
      const start = core.ns();
      send(PACKETS);
      const tookNs = core.ns() - start;
      // A few frames of the kernel's own (router solicitations) may come on top; none may be missing.
      const delivered = Math.min(PACKETS, rig.sunk() - before);
      if (delivered < PACKETS && way.program !== 'bench_pass')
        throw new Error(`${way.name}: ${delivered} of ${PACKETS} arrived, ${JSON.stringify(rig.counts())}`);
      speeds.push((delivered / tookNs) * 1000);
      lost += PACKETS - delivered;
    }
    const mpps = quick(speeds);
    process.stderr.write(`${way.name}: ${mpps.toFixed(2)} Mpps\n`);
    return { mpps, lost: lost / PACKETS / RUNS };
  } finally {
    for (const link of links) closeFd(link);
    way.after?.();
  }
}

/** The one core that this process may use (bench/xdp.ts pins it). */
function coreOf(): number {
  return Number(/^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
}

function quick(speeds: readonly number[]): number {
  return [...speeds].sort((a, b) => b - a)[Math.floor(speeds.length / 10)]!;
}

/** The veth pair: bench0 is where frames are made and counted, bench1 where they are balanced. */
class Wire {
  readonly ifindex: number;
  readonly sinkIfindex: number;
  readonly mac: string;
  readonly sinkMac: string;

  constructor() {
    ipDo('link', 'add', 'bench0', 'type', 'veth', 'peer', 'name', 'bench1');
    for (const device of ['bench0', 'bench1']) {
      ipDo('link', 'set', device, 'addrgenmode', 'none');
      ipDo('link', 'set', device, 'up');
    }
    [this.sinkIfindex, this.sinkMac] = [indexOf('bench0'), macOf('bench0')];
    [this.ifindex, this.mac] = [indexOf('bench1'), macOf('bench1')];
    ipDo('address', 'add', '10.200.0.254/24', 'dev', 'bench1');
    ipDo('neighbour', 'add', TARGET, 'lladdr', this.sinkMac, 'dev', 'bench1');
    for (const [key, value] of [
      ['net.ipv4.ip_forward', '1'],
      ['net.ipv4.conf.all.rp_filter', '0'],
      ['net.ipv4.conf.bench1.rp_filter', '0'],
      ['net.ipv4.conf.all.send_redirects', '0'],
      ['net.ipv4.conf.bench1.send_redirects', '0'],
    ] as const)
      execFileSync('sysctl', ['-q', '-w', `${key}=${value}`]);
    ipDo('route', 'add', '10.128.0.0/9', 'via', TARGET);
  }

  /** A request as the kernel would take it: to this interface's own MAC address. */
  datagramTo(to: string): Uint8Array {
    // Conntrack would verify a checksum, and the generator changes ports.
    const datagram = udp({ from: FIRST_PORT, to: 80, data: new Uint8Array(18), noChecksum: true });
    return frame({ from: this.sinkMac, to: this.mac }, ip({ from: FIRST_CLIENT, to }, datagram));
  }

  nft(command: string): void {
    execFileSync('nft', [command]);
  }

  close(): void {
    ipDo('link', 'del', 'bench0');
  }
}

function ipDo(...args: readonly string[]): void {
  execFileSync('ip', args);
}

function indexOf(device: string): number {
  return (
    JSON.parse(execFileSync('ip', ['-j', 'link', 'show', device], { encoding: 'utf8' })) as {
      ifindex: number;
    }[]
  )[0]!.ifindex;
}

function macOf(device: string): string {
  return (
    JSON.parse(execFileSync('ip', ['-j', 'link', 'show', device], { encoding: 'utf8' })) as {
      address: string;
    }[]
  )[0]!.address;
}
