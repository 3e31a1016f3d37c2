// Ways for probes that go to a VIP at a member, as data does in dr and tunnel. A probe is an ordinary connection to the
// member, with a mark of ours: a table of routes sends it to that member's hardware address (or into a tunnel to it), and
// nftables puts the VIP in place of the member's address once the route is chosen, and back on what the VIP answers, before
// the kernel could call a sender that is an address of its own impossible.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface ProbePath {
  readonly mark: number;
  readonly how: 'dr' | 'tunnel';
  readonly member: string;
  readonly vip: string;
}

/** Marks of `dr` begin with the first half, those of `tunnel` with the second; nobody else's packets carry them. */
export const PROBE_MARKS = { dr: 0x6c62_0000, tunnel: 0x6c63_0000 } as const;
export const PROBE_MARK_COUNT = 0x1_0000;
const MARK_MASK = 0xffff_0000;
/** Tables of routes and places of their rules, both out of the way of what distributions use. */
const TABLES = { dr: 27746, tunnel: 27747 } as const;
const NFT_TABLE = 'inet lbctl_probe';
const TUNNEL_DEVICE = 'lbctl-probe';
const TIMEOUT_MS = 20_000;

interface Hop {
  readonly dev: string;
  readonly gateway?: string;
  readonly prefsrc?: string;
}

export class ProbePaths {
  #active = false;

  /** What stands in the way, by mark; a path that is not in it works. Replaces all that was. */
  async set(paths: readonly ProbePath[]): Promise<ReadonlyMap<number, string>> {
    const faults = new Map<number, string>();
    if (paths.length === 0) {
      await this.close();
      return faults;
    }
    this.#active = true;
    const routes = { dr: new Map<string, string>(), tunnel: new Map<string, string>() };
    for (const path of paths) {
      const route = await routeTo(path);
      if ('fault' in route) faults.set(path.mark, route.fault);
      else routes[path.how].set(path.member, route.words);
    }
    try {
      if (routes.tunnel.size > 0) await makeTunnel();
      for (const how of ['dr', 'tunnel'] as const) await setRoutes(how, routes[how]);
      await nft(renderNft(paths));
    } catch (error) {
      const why = (error as Error).message;
      for (const { mark } of paths) if (!faults.has(mark)) faults.set(mark, why);
    }
    return faults;
  }

  async close(): Promise<void> {
    if (!this.#active) return;
    this.#active = false;
    await nft(`table ${NFT_TABLE}\ndelete table ${NFT_TABLE}\n`);
    for (const how of ['dr', 'tunnel'] as const) await setRoutes(how, new Map());
    await run(['ip', 'link', 'del', TUNNEL_DEVICE]).catch(() => '');
  }
}

/** Pure: the whole table, as text that replaces what stood there. */
export function renderNft(paths: readonly ProbePath[]): string {
  const family = (v6: boolean): string => {
    const mine = paths.filter(({ vip }) => vip.includes(':') === v6);
    const [ip, type, name] = v6 ? ['ip6', 'ipv6_addr', '6'] : ['ip', 'ipv4_addr', '4'];
    if (mine.length === 0) return '';
    return `  map vip${name} { type mark : ${type}; elements = { ${mine.map(({ mark, vip }) => `0x${mark.toString(16)} : ${vip}`).join(', ')} } }
  set vips${name} { type ${type}; elements = { ${[...new Set(mine.map(({ vip }) => vip))].join(', ')} } }
  map back${name} { typeof meta l4proto . th sport : ${ip} daddr; size 65535; flags dynamic,timeout; timeout 2m; }
  chain out${name} {
    type filter hook postrouting priority 300;
    meta mark != @marks return
    meta nfproto ipv${name} meta l4proto { tcp, udp } update @back${name} { meta l4proto . th sport : ${ip} daddr }
    meta nfproto ipv${name} ${ip} daddr set meta mark map @vip${name}
    meta nfproto ipv${name} meta mark set 0
  }
  chain in${name} {
    type filter hook prerouting priority -350;
    meta nfproto ipv${name} ${ip} saddr != @vips${name} return
    meta l4proto { tcp, udp } ${ip} saddr set meta l4proto . th dport map @back${name}
  }
`;
  };
  const marks = paths.map(({ mark }) => `0x${mark.toString(16)}`).join(', ');
  return `table ${NFT_TABLE}
delete table ${NFT_TABLE}
table ${NFT_TABLE} {
  set marks { type mark; elements = { ${marks} } }
${family(false)}${family(true)}}
`;
}

/** A gateway on the link itself: the neighbour asked for is the member, whatever address the packet then says. */
async function routeTo({ how, member, vip }: ProbePath): Promise<{ words: string } | { fault: string }> {
  if (member.includes(':') !== vip.includes(':'))
    return { fault: `${vip} is of another family than ${member}` };
  const hop = await hopTo(member);
  if (hop === undefined) return { fault: `No route to ${member}` };
  const bits = member.includes(':') ? 128 : 32;
  const source = hop.prefsrc === undefined ? '' : ` src ${hop.prefsrc}`;
  if (how === 'tunnel') {
    if (bits === 128) return { fault: 'Probes through a tunnel are for IPv4 members only' };
    return { words: `${member}/32 encap ip id 0 dst ${member} dev ${TUNNEL_DEVICE}${source}` };
  }
  if (hop.gateway !== undefined)
    return { fault: `${member} is behind ${hop.gateway}: direct return needs a network in common` };
  return { words: `${member}/${bits} via ${member} dev ${hop.dev} onlink${source}` };
}

async function hopTo(member: string): Promise<Hop | undefined> {
  const said = await run(['ip', '-j', 'route', 'get', member]).catch(() => '[]');
  return (JSON.parse(said) as readonly Hop[])[0];
}

async function makeTunnel(): Promise<void> {
  const device = ['name', TUNNEL_DEVICE, 'type', 'ipip', 'external'];
  await run(['ip', 'link', 'show', TUNNEL_DEVICE]).catch(() => run(['ip', 'link', 'add', ...device]));
  await run(['ip', 'link', 'set', TUNNEL_DEVICE, 'up']);
}

async function setRoutes(how: keyof typeof TABLES, wanted: ReadonlyMap<string, string>): Promise<void> {
  const table = String(TABLES[how]);
  const mark = `0x${PROBE_MARKS[how].toString(16)}/0x${MARK_MASK.toString(16)}`;
  for (const family of ['-4', '-6']) {
    const mine = [...wanted].filter(([member]) => member.includes(':') === (family === '-6'));
    const rules = await run(['ip', family, 'rule', 'show', 'pref', table]);
    if (mine.length > 0 && rules === '')
      await run(['ip', family, 'rule', 'add', 'pref', table, 'fwmark', mark, 'lookup', table]);
    if (mine.length === 0 && rules !== '') {
      await run(['ip', family, 'rule', 'del', 'pref', table]);
      await run(['ip', family, 'route', 'flush', 'table', table]);
    }
    for (const [, words] of mine)
      await run(['ip', family, 'route', 'replace', ...words.split(' '), 'table', table]);
  }
}

/** By file: for "-" nft opens /dev/stdin by name, which fails on the socket that Node makes of a pipe. */
async function nft(text: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lbctl-probe-'));
  try {
    writeFileSync(join(folder, 'rules'), text, { mode: 0o600 });
    await run(['nft', '-f', join(folder, 'rules')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run([file = '', ...args]: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(file, args, { env: ENVIRONMENT, timeout: TIMEOUT_MS });
    return stdout;
  } catch (error) {
    const { stderr, code, message } = error as { stderr?: string; code?: unknown; message: string };
    const said = stderr?.trim().split('\n')[0] || (code === 'ENOENT' ? 'not installed' : message);
    throw new Error(`Cannot run "${[file, ...args.slice(0, 3)].join(' ')} ...": ${said}`);
  }
}

const execute = promisify(execFile);
const ENVIRONMENT = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
