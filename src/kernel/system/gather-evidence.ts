// Gathers what the doctor looks at from this machine; what cannot be read is left out, never guessed.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Evidence, FileEvidence, LinkEvidence } from '../../plan/doctor/evidence.ts';
import type { Need } from '../../plan/doctor/need.ts';
import type { Host } from '../../plan/system/host.ts';
import { readCapabilities } from './capabilities.ts';

/** Asks the wire who holds an address; undefined after a silent wait. */
export type ProbeVip = (device: string, address: string) => Promise<string | undefined>;

/** Programs known to write to the kernel's IPVS table. */
const IPVS_TOOLS = [
  'keepalived',
  'kube-proxy',
  'ldirectord',
  'nanny',
  'lvsd',
  'surealived',
  'seesaw_ncc',
  'kube-router',
];
/** /proc/<pid>/comm holds this many bytes of a name. */
const COMM_LENGTH = 15;

export async function gatherEvidence(host: Host, need: Need, probe?: ProbeVip): Promise<Evidence> {
  const links = readLinks(host);
  const conntrack = readConntrack(host);
  const ipvs = readIpvs();
  const clockSynchronized = readClock(host);
  return {
    kernel: readText('/proc/sys/kernel/osrelease').trim(),
    capabilities: readCapabilities(readText('/proc/self/status')),
    modules: Object.fromEntries(need.settings.modules.map((name) => [name, moduleState(host, name)])),
    sysctls: readSysctls(host, need),
    links,
    ...(conntrack === undefined ? {} : { conntrack }),
    ...(ipvs === undefined ? {} : { ipvs }),
    otherHolders: probe === undefined ? [] : await askForVips(need, links, probe),
    ...(clockSynchronized === undefined ? {} : { clockSynchronized }),
    files: [...need.secretFiles.map(({ path }) => path), ...need.configFiles].map(readFileFacts),
    otherTools: findProcesses(IPVS_TOOLS),
    programs: findPrograms(host, [need.haproxyBinary, 'nft', 'keepalived', 'vtysh']),
  };
}

export function moduleState(host: Host, name: string): 'loaded' | 'available' | 'missing' {
  if (host.isModuleLoaded(name)) return 'loaded';
  return host.run(['modprobe', '--dry-run', '--quiet', name]).code === 0 ? 'available' : 'missing';
}

function readSysctls(host: Host, need: Need): Record<string, string> {
  const keys = [
    ...Object.keys(need.settings.sysctls),
    ...['rp_filter', 'arp_ignore', 'arp_announce'].map((name) => `net.ipv4.conf.all.${name}`),
    ...need.interfaces.map((name) => `net.ipv4.conf.${name}.rp_filter`),
  ];
  const found: Record<string, string> = {};
  for (const key of keys) {
    const value = host.readSysctl(sysctlName(key, need.interfaces));
    if (value !== undefined) found[key] = value.split(/\s+/).join(' ');
  }
  return found;
}

/** Interface names may hold dots, which would part them: `eth0.100`. */
function sysctlName(key: string, interfaces: readonly string[]): string {
  const name = interfaces.find((one) => key.startsWith(`net.ipv4.conf.${one}.`));
  return name === undefined ? key : `net/ipv4/conf/${name}/${key.slice(`net.ipv4.conf.${name}.`.length)}`;
}

interface IpLink {
  readonly ifname?: string;
  readonly flags?: readonly string[];
  readonly mtu?: number;
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number }[];
}

function readLinks(host: Host): readonly LinkEvidence[] {
  const { code, stdout } = host.run(['ip', '-j', 'address', 'show']);
  if (code !== 0 || stdout.trim() === '') return [];
  return (JSON.parse(stdout) as readonly IpLink[])
    .filter((link) => link.ifname !== undefined)
    .map((link) => ({
      name: link.ifname!,
      up: link.flags?.includes('UP') ?? false,
      mtu: link.mtu ?? 0,
      addresses: (link.addr_info ?? []).map((info) => `${info.local}/${info.prefixlen}`),
    }));
}

function readConntrack(host: Host): Evidence['conntrack'] {
  const count = host.readSysctl('net.netfilter.nf_conntrack_count');
  const max = host.readSysctl('net.netfilter.nf_conntrack_max');
  return count === undefined || max === undefined ? undefined : { count: Number(count), max: Number(max) };
}

/** `IP Virtual Server version 1.2.1 (size=4096)` */
function readIpvs(): Evidence['ipvs'] {
  const size = /\(size=(\d+)\)/.exec(readText('/proc/net/ip_vs'))?.[1];
  if (size === undefined) return undefined;
  const lines = readText('/proc/net/ip_vs_conn').split('\n').length;
  // The first line is a heading and the last one is empty.
  return { tableSize: Number(size), connections: Math.max(0, lines - 2) };
}

async function askForVips(
  need: Need,
  links: readonly LinkEvidence[],
  probe: ProbeVip,
): Promise<Evidence['otherHolders']> {
  const found: { vip: string; hardwareAddress: string }[] = [];
  for (const vip of need.vips) {
    if (!links.some((link) => link.name === vip.interface && link.up)) continue;
    const hardwareAddress = await probe(vip.interface, vip.address);
    if (hardwareAddress !== undefined) found.push({ vip: vip.address, hardwareAddress });
  }
  return found;
}

function readClock(host: Host): boolean | undefined {
  const { code, stdout } = host.run(['timedatectl', 'show', '--property=NTPSynchronized', '--value']);
  return code === 0 && /^(yes|no)/.test(stdout) ? stdout.startsWith('yes') : undefined;
}

function readFileFacts(path: string): FileEvidence {
  try {
    // What a link leads to: certificates of Let's Encrypt are links, and links have no mode of their own.
    const { mode, uid } = statSync(path);
    return { path, mode: (mode & 0o7777).toString(8).padStart(4, '0'), uid };
  } catch {
    // No such file, or none that we may see: the same to who needs it.
    return { path };
  }
}

function findProcesses(names: readonly string[]): Evidence['otherTools'] {
  const wanted = new Map(names.map((name) => [name.slice(0, COMM_LENGTH), name]));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      const name = wanted.get(readText(`/proc/${pid}/comm`).trim());
      return name === undefined ? [] : [{ name, pid: Number(pid) }];
    });
}

function findPrograms(host: Host, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const result = host.run([name, name.endsWith('haproxy') ? '-v' : '--version']);
    const line = (result.stdout || result.stderr).split('\n')[0]?.trim();
    if (result.code !== 127 && line !== undefined) found[name] = line;
  }
  return found;
}

/** Empty where the file is not there: a process that ended, a table the kernel lacks. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
