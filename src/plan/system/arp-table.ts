// The nftables way to keep a VIP quiet: an arp table that drops questions for it and never names it as the sender.
import { createHash } from 'node:crypto';
import type { InterfaceFact } from './real-server.ts';

export interface ArpTable {
  /** `arp lbctl_realserver` */
  readonly name: string;
  readonly mark: string;
  readonly rules: string;
}

export const ARP_TABLE = 'arp lbctl_realserver';
export const NFT_FILE = '/etc/lbctl/arp-lbctl_realserver.nft';

export function arpTable(vips: readonly string[], interfaces: readonly InterfaceFact[]): ArpTable {
  const four = vips.filter((vip) => !vip.includes(':'));
  const body = `  set vips {
    type ipv4_addr
    elements = { ${four.join(', ')} }
  }
  chain input {
    type filter hook input priority 0; policy accept;
    arp operation request arp daddr ip @vips drop
  }
  chain output {
    type filter hook output priority 0; policy accept;
${senders(interfaces)
  .map(([name, own]) => `    oifname "${name}" arp saddr ip @vips arp saddr ip set ${own}`)
  .join('\n')}
  }
`;
  const mark = `lbctl ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
  // Loaded again, as by a restarted unit, it replaces itself rather than grow.
  const rules = `table ${ARP_TABLE}\ndelete table ${ARP_TABLE}\ntable ${ARP_TABLE} {\n  comment "${mark}"\n${body}}\n`;
  return { name: ARP_TABLE, mark, rules };
}

/** The first IPv4 address of each interface speaks for the machine. */
function senders(interfaces: readonly InterfaceFact[]): readonly (readonly [string, string])[] {
  return interfaces.flatMap(({ name, addresses }) => {
    const own = addresses.find((address) => !address.includes(':'))?.split('/')[0];
    return name === 'lo' || own === undefined ? [] : [[name, own] as const];
  });
}
