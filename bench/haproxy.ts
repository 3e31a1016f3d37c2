// The HAProxy driver beside a hand-written haproxy.cfg: requests and latency, changes through the socket, generation, diff.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../lab/process.ts';
import { HaproxyDriver } from '../src/drivers/haproxy/haproxy-driver.ts';
import { HaproxyProcess, pause } from '../src/drivers/haproxy/process.ts';
import { changeLarge, writeLarge } from './haproxy/large.ts';
import { CLIENT_CPU, type Compared, compare, PROXY_CPU } from './haproxy/load.ts';
import { apply, LISTENERS, MEMBERS, RULES, small, VIP } from './haproxy/worlds.ts';
import { machine, median, publish, type Row, row } from './report.ts';

const BINARY = '/usr/sbin/haproxy';
const SECONDS = 1;
/** A block is four seconds: both loads together take less than three minutes. */
const BLOCKS = 20;
const MEMBER_PORT = 8090;

async function main(): Promise<void> {
  // In memory, as a run directory is.
  const folder = mkdtempSync('/dev/shm/sy-bench-haproxy-');
  const member = new HaproxyProcess({ binary: BINARY, runDir: join(folder, 'member') });
  writeMember(join(folder, 'member'));
  try {
    await member.start();
    await pin(member, CLIENT_CPU);
    const { plain, rules } = await loads(folder, MEMBER_PORT);
    const { generateMs, firstDiffMs, diffMs, bytes } = writeLarge(join(folder, 'text'));
    const { trusting, whole, busy } = await changeLarge(join(folder, 'large'));
    const ok = publish({
      name: 'haproxy',
      conditions: {
        ...machine(),
        listeners: LISTENERS,
        members: MEMBERS,
        load: `wrk -t1 -c32, ${SECONDS} s, ${BLOCKS} blocks A B B A each, proxies on a processor of their own`,
      },
      rows: [
        ...comparedRows('forwarded headers', plain),
        ...comparedRows(`${RULES} host rules`, rules),
        row('member weight among 1,000 x 10: World to the worker', median(trusting), 'ms', '< 20'),
        row('  slowest', Math.max(...trusting), 'ms'),
        row('  processor time of it, ours and the worker', median(busy), 'ms'),
        row('  of the one with most', Math.max(...busy), 'ms'),
        row('  after a whole look at the worker', median(whole), 'ms'),
        row('World to haproxy.cfg, 1,000 x 10', Math.min(...generateMs), 'ms', '< 300'),
        row('  median', median(generateMs), 'ms'),
        row('  size', bytes / 1e6, 'MB'),
        row('diff for one changed member', Math.min(...diffMs), 'ms', '< 10'),
        row('  median', median(diffMs), 'ms'),
        row('diff from nothing', firstDiffMs, 'ms'),
      ],
    });
    process.exitCode = ok ? 0 : 1;
  } finally {
    await member.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function comparedRows(what: string, { ours, hand, rps, p99, cost }: Compared): readonly Row[] {
  return [
    row(`requests a second, ${what}`, ours.rps, 'req/s', '', hand.rps),
    row('  ours over the hand-written one, median of blocks', rps.middle, '', '>= 0.97'),
    row('  95 % of it: from', rps.low, ''),
    row('  to', rps.high, ''),
    row(`processor time a request, ${what}`, ours.cost, 'us', '', hand.cost),
    row('  ours over the hand-written one, median of blocks', cost.middle, '', '<= 1.03'),
    row('  95 % of it: from', cost.low, ''),
    row('  to', cost.high, ''),
    row(`p99, ${what}`, ours.p99, 'ms', '', hand.p99),
    row('  ours over the hand-written one, median of blocks', p99.middle, '', '<= 1.03'),
    row('  95 % of it: from', p99.low, ''),
    row('  to', p99.high, ''),
  ];
}

async function loads(folder: string, port: number) {
  const [ours, byHand] = ['ours', 'hand'].map((name) => join(folder, name)) as [string, string];
  const driver = new HaproxyDriver({ binary: BINARY, runDir: ours, maxConnections: 4000, threads: 1 });
  const hand = new HaproxyProcess({ binary: BINARY, runDir: byHand });
  writeHand(byHand, port);
  try {
    await apply(driver, small(port, RULES));
    await hand.start();
    const ourPid = await pin(new HaproxyProcess({ binary: BINARY, runDir: ours }), PROXY_CPU);
    const handPid = await pin(hand, PROXY_CPU);
    await pause(500);
    const side = (at: number, host?: string) => ({
      pid: at % 2 === 0 ? ourPid : handPid,
      url: `http://${VIP}:${at}/`,
      ...(host === undefined ? {} : { header: `Host: ${host}` }),
    });
    const plain = await compare(side(8080), side(8081), BLOCKS, SECONDS);
    const shop = `shop${RULES - 1}.example`;
    const rules = await compare(side(8082, shop), side(8083, shop), BLOCKS, SECONDS);
    return { plain, rules };
  } finally {
    await driver.close();
    await hand.stop();
    await new HaproxyProcess({ binary: BINARY, runDir: ours }).stop();
  }
}

/** Its worker runs on that processor alone. */
async function pin(process: HaproxyProcess, cpu: string): Promise<number> {
  const [pid = 0] = await process.workers();
  await exec(['taskset', '-a', '-p', '-c', cpu, String(pid)]);
  return pid;
}

const GLOBAL = (folder: string) => `global
  maxconn 4000
  nbthread 1
  user haproxy
  group haproxy
  chroot /var/lib/haproxy
  stats socket ${folder}/admin.sock mode 600 level admin
`;
const DEFAULTS = `defaults
  mode http
  option redispatch
  timeout client 50s
  timeout connect 5s
  timeout server 50s
  timeout http-request 10s
  timeout http-keep-alive 15s
`;

/** The member answers from memory: whatever it costs more is taken from the client, and the proxies would wait. */
function writeMember(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const answer = 'http-request return status 200 content-type text/plain string ok';
  const frontend = `frontend web\n  bind 127.0.0.1:${MEMBER_PORT}\n  ${answer}\n`;
  writeFileSync(join(folder, 'haproxy.cfg'), `${GLOBAL(folder)}${DEFAULTS}${frontend}`);
}

/** What an operator would write for the same: forwarded headers, the same timeouts, one member; hosts to pools by a map. */
function writeHand(folder: string, port: number): void {
  mkdirSync(folder, { recursive: true });
  const map = Array.from({ length: RULES }, (_, i) => `shop${i}.example ${i % 2 === 0 ? 'even' : 'odd'}\n`);
  writeFileSync(join(folder, 'hosts.map'), map.join(''));
  writeFileSync(
    join(folder, 'haproxy.cfg'),
    `${GLOBAL(folder)}  description hand
${DEFAULTS}frontend web
  bind ${VIP}:8081
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  default_backend web
frontend shops
  bind ${VIP}:8083
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  use_backend %[req.hdr(host),lower,map(${folder}/hosts.map,web)]
${['web', 'even', 'odd'].map((name) => `backend ${name}\n  balance roundrobin\n  server one 127.0.0.1:${port}\n`).join('')}`,
  );
}

await main();
