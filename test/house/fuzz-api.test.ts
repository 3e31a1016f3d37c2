// A real daemon fuzzed with requests made from its own OpenAPI document, through its socket and over TLS: every answer is coded,
// none is a fault of ours, none tells a secret, and the process does not grow. FUZZ_REQUESTS and FUZZ_SEED make it longer or
// play it again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { it } from 'node:test';
import {
  type Got,
  makeRequest,
  operationsOf,
  SeenTags,
  type Sent,
  sendTo,
  type Way,
} from '../fixtures/api-requests.ts';
import { Dice, type Json } from '../fixtures/schema-values.ts';
import { openTlsApi } from '../fixtures/tls-api.ts';
import { start } from './daemon-process.ts';
import { openShop } from './run-lbctl.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 4000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
const SECRETS = ['influx-t0ken-word', 'mail-passw0rd-word', 'hook-s3cret-word'];
/** Of the objects of the configuration, and of those the fuzz makes. */
const NAMES = ['web', 'w1', 'www', 'ci', 'pair', 'abc', '1', '2'];
/** Whatever the number of requests: objects, revisions and operations are kept in bounds. */
const MOST_GROWTH_MB = 150;

const shop = openShop();

it(`answers ${REQUESTS} requests of seed ${SEED} with codes, without faults, secrets or growth`, {
  timeout: 1_200_000,
}, async () => {
  const socketPath = join(shop.folder, 'api.sock');
  const api = await openTlsApi(shop);
  const path = shop.write(
    'config.yaml',
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(shop.folder, 'state')}, run_dir: ${join(shop.folder, 'run')} }
logging: { format: json, level: error }
api: ${api.block}
metrics:
  prometheus: { enabled: false }
  influxdb: { url: "http://127.0.0.1:9", token: ${SECRETS[0]}, org: o, bucket: b, push_interval: 1h }
notifications:
  mail: { from: a@example.com, to: [b@example.com], server: 127.0.0.1, port: 9, tls: none, username: u, password: ${SECRETS[1]} }
  webhooks: [{ url: "http://127.0.0.1:9/", secret: ${SECRETS[2]} }]
vips: [{ name: www, address: 192.0.2.10 }]
listeners: [{ name: web, vip: www, port: 80, members: [{ name: w1, address: 127.0.0.1, port: 8080 }] }]
`,
  );
  const daemon = start(join(shop.folder, path));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const unix: Way = { socketPath, agent };
  const plain = (target: string) => sendTo(unix, { method: 'GET', path: target, headers: {} });
  const rssMb = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${daemonPid()}/status`, 'utf8'))?.[1]) / 1024;
  // The lock names the daemon itself, not the wrapper that started it.
  const daemonPid = (): string => readFileSync(join(shop.folder, 'run/daemon.lock'), 'utf8').trim();
  const counts = new Map<number, number>();
  const judge = (sent: Sent, answer: Got): void => {
    const what = `${JSON.stringify(sent).slice(0, 2000)} -> ${answer.status} ${answer.text.slice(0, 500)}`;
    counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
    assert.ok(answer.status < 500 || answer.status === 503 || answer.status === 504, what);
    for (const secret of SECRETS) assert.ok(!answer.text.includes(secret), `a secret: ${what}`);
    if (answer.status < 400 || sent.method === 'HEAD') return;
    const problem = JSON.parse(answer.text) as { code?: string; status?: number; requestId?: string };
    assert.ok(answer.type.startsWith('application/problem+json'), what);
    assert.deepEqual([problem.status, problem.requestId], [answer.status, answer.id], what);
    assert.match(problem.code ?? '', /^[A-Z_]+$/, what);
  };
  let tls: ReturnType<typeof api.bearing> | undefined;
  try {
    // It says nothing at this level: it answers when it is ready.
    for (let i = 0; i < 500 && (await plain('/readyz').catch(() => undefined))?.status !== 200; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const operations = operationsOf(JSON.parse((await plain('/v1/openapi.json')).text) as Json);
    assert.ok(operations.length > 40, `${operations.length} operations`);
    const dice = new Dice(SEED);
    let left = REQUESTS;
    let warmMb = 0;
    const made = await shop.run(['token', 'create', 'fuzz', '--role', 'admin'], {
      env: { LBCTL_SOCKET: socketPath },
    });
    tls = api.bearing(made.out.trim(), AT_ONCE / 2);
    const tags = new SeenTags();
    const worker = async (way: Way): Promise<void> => {
      while (left-- > 0) {
        if (left === Math.floor(REQUESTS / 2)) warmMb = rssMb();
        const sent = makeRequest(operations, dice, NAMES, tags);
        const answer = await sendTo(way, sent);
        tags.hear(sent, answer);
        judge(sent, answer);
      }
    };
    const workers = Array.from({ length: AT_ONCE }, (_, i) => worker(i % 2 === 0 ? unix : tls!));
    await Promise.all(workers);
    const grownMb = rssMb() - warmMb;
    assert.ok(grownMb < MOST_GROWTH_MB, `it grew by ${grownMb} MB in the second half`);
    assert.equal((await plain('/healthz')).status, 200);
    assert.deepEqual(
      daemon.lines.filter((line) => line.msg === 'a request met a fault'),
      [],
    );
    assert.ok(!SECRETS.some((secret) => JSON.stringify(daemon.lines).includes(secret)));
    // It has reached what it is about: done, refused as wrong, unknown, not allowed.
    for (const status of [200, 400, 404, 405, 412])
      assert.ok((counts.get(status) ?? 0) > REQUESTS / 500, `${status}: ${JSON.stringify([...counts])}`);
    process.stdout.write(
      `# ${JSON.stringify(Object.fromEntries(counts))}, grew by ${grownMb.toFixed(1)} MB\n`,
    );
  } finally {
    agent.destroy();
    tls?.agent.destroy();
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  }
});
