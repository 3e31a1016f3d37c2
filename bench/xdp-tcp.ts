// New TCP connections through the XDP data plane beside HAProxy in TCP mode and the kernel's DNAT: the same client, the
// same members, one way after the other, round by round.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../lab/until.ts';
import type { Mode } from '../src/model/protocol.ts';
import { buildMember } from '../test/fixtures/build-intent.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../test/xdp/site.ts';
import { machine, median, publish, row } from './report.ts';

const HAPROXY = '/usr/sbin/haproxy';
const PORT = 8080;
const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = 16;

interface Load {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

interface Way {
  readonly name: string;
  /** Sets it up; what is returned takes it away. */
  start(): Promise<() => Promise<void>>;
}

const folder = mkdtempSync(join(tmpdir(), 'sy-bench-xdp-tcp-'));
const site = new Site('bxt');
try {
  for (const member of site.members) await startHaproxy(member, 'member', memberConfig());
  site.carryVips();
  const ways: readonly Way[] = [xdp('dr'), xdp('nat'), dnat(), haproxy()];
  const figures = new Map<string, Load[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const way of ways) {
      const end = await way.start();
      try {
        figures.get(way.name)!.push(await load());
      } finally {
        await end();
      }
    }
  const of = (name: string, figure: keyof Load) => median(figures.get(name)!.map((one) => one[figure]));
  const proxy = ways.at(-1)!.name;
  publish({
    name: 'xdp-tcp',
    conditions: {
      ...machine(),
      client: `wrk -t1 -c${CONNECTIONS}, Connection: close, ${ROUNDS} rounds of ${SECONDS} s, median`,
      members: 'two HAProxy that answer 200; all on the same cores',
    },
    rows: ways.flatMap(({ name }) => [
      row(
        `connections a second: ${name}`,
        of(name, 'perSecond'),
        '/s',
        '',
        name === proxy ? undefined : of(proxy, 'perSecond'),
      ),
      row(
        `  latency, median: ${name}`,
        of(name, 'medianMs'),
        'ms',
        '',
        name === proxy ? undefined : of(proxy, 'medianMs'),
      ),
      row(
        `  latency, p99: ${name}`,
        of(name, 'p99Ms'),
        'ms',
        '',
        name === proxy ? undefined : of(proxy, 'p99Ms'),
      ),
    ]),
  });
} finally {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
}

function xdp(mode: Mode): Way {
  return {
    name: `XDP ${mode}`,
    async start() {
      const agent: Agent = await site.agent();
      const port = mode === 'nat' ? PORT : 0;
      const members = [ADDRESS.m1[4], ADDRESS.m2[4]].map((address) => buildMember(address, { port }));
      await agent.ask('apply', { world: siteWorld(4, PORT, members, { mode, scheduler: 'rr' }) });
      return async () => {
        await agent.ask('remove');
      };
    },
  };
}

function dnat(): Way {
  const { balancer } = site;
  return {
    name: 'nftables DNAT with conntrack',
    async start() {
      const to = `numgen inc mod 2 map { 0 : ${ADDRESS.m1[4]}, 1 : ${ADDRESS.m2[4]} }`;
      balancer.run(
        'nft',
        `table ip b { chain c { type nat hook prerouting priority dstnat; ip daddr ${ADDRESS.vip[4]} dnat to ${to}; }; }`,
      );
      return async () => {
        balancer.run('nft', 'delete table ip b');
      };
    },
  };
}

function haproxy(): Way {
  return {
    name: 'HAProxy, TCP mode',
    async start() {
      site.balancer.ip('address', 'add', `${ADDRESS.vip[4]}/32`, 'dev', 'lo');
      const end = await startHaproxy(
        site.balancer,
        'proxy',
        `frontend f
  bind ${ADDRESS.vip[4]}:${PORT}
  default_backend b
backend b
  server m1 ${ADDRESS.m1[4]}:${PORT}
  server m2 ${ADDRESS.m2[4]}:${PORT}
`,
      );
      return async () => {
        await end();
        site.balancer.ip('address', 'del', `${ADDRESS.vip[4]}/32`, 'dev', 'lo');
      };
    },
  };
}

function memberConfig(): string {
  return `frontend f
  mode http
  bind 0.0.0.0:${PORT}
  http-request return status 200 content-type text/plain string ok
`;
}

/** In the foreground, as a child of ours; what is returned ends it. */
async function startHaproxy(host: Site['client'], name: string, part: string): Promise<() => Promise<void>> {
  const path = join(folder, `${name}.cfg`);
  writeFileSync(
    path,
    `global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
${part}`,
  );
  const child = host.spawn([HAPROXY, '-db', '-f', path], { stdio: ['ignore', 'ignore', 'inherit'] });
  await until('HAProxy', () => host.run('ss', '-Hltn', `sport = :${PORT}`) !== '');
  return async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };
}

async function load(): Promise<Load> {
  const stdout = await site.client.must([
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${SECONDS}s`,
    '--latency',
    '-H',
    'Connection: close',
    `http://${ADDRESS.vip[4]}:${PORT}/`,
  ]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(perSecond > 0) || /Non-2xx|connect [1-9]|timeout [1-9]/.test(stdout))
    throw new Error(`Cannot read wrk: ${stdout}`);
  return { perSecond, medianMs: percentile(stdout, 50), p99Ms: percentile(stdout, 99) };
}

function percentile(stdout: string, which: number): number {
  const found = new RegExp(`${which}%\\s+([\\d.]+)(us|ms|s)`).exec(stdout);
  if (found === null) throw new Error(`Cannot read wrk: ${stdout}`);
  return Number(found[1]) * { us: 0.001, ms: 1, s: 1000 }[found[2] as 'us' | 'ms' | 's'];
}
