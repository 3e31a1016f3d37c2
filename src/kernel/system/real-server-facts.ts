// Finds out who configures this machine's network and which addresses it has.
import type { Host } from '../../plan/system/host.ts';
import type { InterfaceFact, RealServerFacts } from '../../plan/system/real-server.ts';

export function realServerFacts(host: Host): RealServerFacts {
  const networkManager = networkManagerVersion(host);
  return {
    interfaces: readInterfaces(host),
    // The folder alone tells (it may be empty), as for sd_booted().
    systemd: host.list('/run/systemd').includes('system'),
    // networkd keeps a file for every link it knows, and has one only while it runs.
    networkd: host.list('/run/systemd/netif/links').length > 0,
    ...(networkManager === undefined ? {} : { networkManager }),
    ifupdown: usesIfupdown(host),
  };
}

interface IpLink {
  readonly ifname?: string;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

export function readInterfaces(host: Host): readonly InterfaceFact[] {
  const { code, stdout } = host.run(['ip', '-j', 'address', 'show']);
  if (code !== 0 || stdout.trim() === '') return [];
  return (JSON.parse(stdout) as readonly IpLink[])
    .filter((link) => link.ifname !== undefined)
    .map((link) => ({
      name: link.ifname!,
      addresses: (link.addr_info ?? []).map((info) => `${info.local}/${info.prefixlen}`),
    }));
}

function networkManagerVersion(host: Host): string | undefined {
  if (host.list('/run/NetworkManager').length === 0) return undefined;
  const { stdout } = host.run(['NetworkManager', '--version']);
  return /(\d+\.\d+)/.exec(stdout)?.[1];
}

function usesIfupdown(host: Host): boolean {
  const main = host.readFile('/etc/network/interfaces')?.content ?? '';
  const reads = /^\s*source(-directory)?\s+\/etc\/network\/interfaces\.d/m.test(main);
  return reads && host.run(['ifup', '--version']).code === 0;
}
