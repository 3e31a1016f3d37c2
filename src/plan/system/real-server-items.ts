// The items `lbctl realserver` keeps on a backend host: quiet ARP first, then the tunnel, then the VIP on loopback.
import { type Item, itemMap } from '../../model/item.ts';
import { arpTable, NFT_FILE } from './arp-table.ts';
import type { Wanted } from './balancer-items.ts';
import {
  addressItem,
  deviceItem,
  fileItem,
  fouPortItem,
  linkItem,
  moduleItem,
  nftTableItem,
  sysctlItem,
} from './host-items.ts';
import { fileFor, type Lasting } from './persistence-files.ts';
import { choosePersistence, type RealServerFacts, type RealServerRequest } from './real-server.ts';

export const SYSCTL_FILE = '/etc/sysctl.d/91-lbctl-realserver.conf';
export const MODULES_FILE = '/etc/modules-load.d/lbctl-realserver.conf';
const HEADER =
  '# Written by "lbctl realserver apply"; changes are overwritten. "lbctl realserver revert" removes it.\n';

interface TunnelParts {
  readonly modules: readonly string[];
  readonly devices: readonly string[];
  readonly fouPort?: number;
}

const NO_TUNNEL: TunnelParts = { modules: [], devices: [] };

export function realServerItems(request: RealServerRequest, facts: RealServerFacts): Wanted {
  const tunnel = tunnelParts(request);
  const sysctls = sysctlsOf(request, tunnel);
  const four = request.vips.some((vip) => !vip.includes(':'));
  const table = four && request.arp === 'nft' ? arpTable(request.vips, facts.interfaces) : undefined;
  const chosen = choosePersistence(request.persist, facts);
  const lasting: Lasting = {
    header: HEADER,
    vips: request.vips,
    devices: tunnel.devices,
    ...(tunnel.fouPort === undefined ? {} : { fouPort: tunnel.fouPort }),
    loadsTable: table !== undefined,
  };
  const files = chosen.way === 'none' ? [] : lastingFiles(sysctls, tunnel.modules);
  const kept = fileFor(chosen.way, lasting, facts.systemd);
  const items: Item[] = [
    ...tunnel.modules.map(moduleItem),
    ...(tunnel.fouPort === undefined ? [] : [fouPortItem(tunnel.fouPort)]),
    ...tunnel.devices.map(deviceItem),
    ...files,
    ...kept.files.map((file) => fileItem(file.path, file.content, file.mode)),
    ...kept.links.map((link) => linkItem(link.path, link.target)),
    ...Object.entries(sysctls).map(([key, value]) => sysctlItem(key, value)),
    ...(table === undefined
      ? []
      : [fileItem(NFT_FILE, table.rules), nftTableItem(table.name, table.mark, table.rules)]),
    ...request.vips.map((vip) => addressItem(vip, 'lo')),
  ];
  return { items: itemMap(items), notes: [`After a reboot: ${chosen.way} (${chosen.why})`, ...kept.notes] };
}

/** The kernel's fallback devices take packets from any sender: no peer needs to be named. */
function tunnelParts({ mode, tunnel, tunnelPort, vips }: RealServerRequest): TunnelParts {
  if (mode !== 'tunnel') return NO_TUNNEL;
  const four = vips.some((vip) => !vip.includes(':'));
  const six = vips.some((vip) => vip.includes(':'));
  const pick = (v4: string, v6: string) => [...(four ? [v4] : []), ...(six ? [v6] : [])];
  if (tunnel === 'gre') return { modules: pick('ip_gre', 'ip6_gre'), devices: pick('gre0', 'ip6gre0') };
  if (tunnel === 'gue') return { modules: ['fou', 'ipip'], devices: ['tunl0'], fouPort: tunnelPort };
  return { modules: pick('ipip', 'ip6_tunnel'), devices: pick('tunl0', 'ip6tnl0') };
}

function sysctlsOf(request: RealServerRequest, tunnel: TunnelParts): Readonly<Record<string, string>> {
  const four = request.vips.some((vip) => !vip.includes(':'));
  const quiet =
    four && request.arp === 'sysctl'
      ? {
          // Answer only for addresses of the interface asked on, and never speak of another's: lo stays unheard.
          'net.ipv4.conf.all.arp_ignore': '1',
          'net.ipv4.conf.all.arp_announce': '2',
          'net.ipv4.conf.lo.arp_ignore': '1',
          'net.ipv4.conf.lo.arp_announce': '2',
        }
      : {};
  // Unwrapped packets come from a client that is not reached by the tunnel: loose mode accepts that, strict drops it.
  const loose = tunnel.devices
    .filter((device) => !device.startsWith('ip6'))
    .map((device) => [`net.ipv4.conf.${device}.rp_filter`, '2']);
  return { ...quiet, ...Object.fromEntries(loose) };
}

function lastingFiles(sysctls: Readonly<Record<string, string>>, modules: readonly string[]): Item[] {
  const lines = Object.entries(sysctls).map(([key, value]) => `${key} = ${value}`);
  return [
    ...(lines.length === 0 ? [] : [fileItem(SYSCTL_FILE, `${HEADER}${lines.join('\n')}\n`)]),
    ...(modules.length === 0 ? [] : [fileItem(MODULES_FILE, `${HEADER}${modules.join('\n')}\n`)]),
  ];
}
