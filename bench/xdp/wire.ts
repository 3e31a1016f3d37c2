// The veth pair of the cycle: bench0 is where frames are made and counted, bench1 where they are balanced.
import { execFileSync } from 'node:child_process';
import { ip, udp } from '../../test/xdp/packet.ts';
import { frame } from '../../test/xdp/world.ts';
import { FIRST_CLIENT, FIRST_PORT } from './program.ts';

/** Where the kernel's ways send it: behind a neighbour whose MAC address is the sink's. */
export const TARGET = '10.200.0.1';

export class Wire {
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
