// A real daemon fuzzed with requests made from its own OpenAPI document: every answer is coded, none is a fault of ours, none
// tells a secret, and the process does not grow. FUZZ_REQUESTS and FUZZ_SEED make it longer or play it again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { it } from 'node:test';
import { Dice, HARD_WORDS, type Json, makeValue } from '../fixtures/schema-values.ts';
import { start } from './daemon-process.ts';
import { openShop } from './run-lbctl.ts';

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 4000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 8;
const SECRETS = ['influx-t0ken-word', 'mail-passw0rd-word', 'hook-s3cret-word'];
/** Of the objects of the configuration, and of those the fuzz makes. */
const NAMES = ['web', 'w1', 'www', 'ci', 'pair', 'abc', '1', '2'];
const ANSWER_MS = 20_000;
/** Whatever the number of requests: objects, revisions and operations are kept in bounds. */
const MOST_GROWTH_MB = 150;

const shop = openShop();

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly body?: Json;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers: Record<string, string>;
}

function operationsOf(document: Json): Operation[] {
  const paths = document.paths as Record<string, Record<string, Json>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    path === '/v1/events/watch'
      ? []
      : Object.entries(methods).map(([method, one]): Operation => {
          const content = (one.requestBody as Json | undefined)?.content as Record<string, Json> | undefined;
          const body = Object.values(content ?? {})[0]?.schema as Json | undefined;
          return {
            method: method.toUpperCase(),
            path,
            parameters: (one.parameters ?? []) as Operation['parameters'],
            ...(body === undefined ? {} : { body }),
          };
        }),
  );
}

function makeRequest(operations: readonly Operation[], dice: Dice): Sent {
  const { method, path, parameters, body } = dice.pick(operations);
  const spoil = dice.pick([0, 0, 0.05, 0.3]);
  const wordOf = (): string => (dice.chance(0.7) ? dice.pick(NAMES) : dice.pick(HARD_WORDS));
  const real = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(wordOf()));
  const search = parameters
    .filter((one) => one.in === 'query' && dice.chance(0.3))
    .map((one) => `${one.name}=${encodeURIComponent(String(makeValue(one.schema, dice, spoil)))}`);
  if (dice.chance(spoil)) search.push(`${encodeURIComponent(dice.pick(HARD_WORDS))}=1`);
  const headers: Record<string, string> = {};
  if (dice.chance(0.2)) headers['if-none-match'] = dice.pick(['*', '"x"', 'W/"y", "z"', ',,,']);
  if (method !== 'GET' && dice.chance(0.7)) headers['if-match'] = dice.pick(['*', '*', '"x"', 'nonsense']);
  if (dice.chance(0.1)) headers['x-request-id'] = dice.pick(['a', 'x'.repeat(65), '<b>']);
  const text =
    body === undefined && !dice.chance(spoil)
      ? undefined
      : JSON.stringify(makeValue(body ?? {}, dice, spoil));
  if (text !== undefined)
    headers['content-type'] = dice.chance(0.97)
      ? 'application/json'
      : dice.pick(['text/plain', 'application/xml', '']);
  return {
    method: dice.chance(0.03) ? dice.pick(['PATCH', 'PUT', 'DELETE', 'POST', 'OPTIONS', 'HEAD']) : method,
    path: search.length === 0 ? real : `${real}?${search.join('&')}`,
    headers,
    ...(text === undefined ? {} : { body: dice.chance(0.02) ? text.slice(0, -1) : text }),
  };
}

it(`answers ${REQUESTS} requests of seed ${SEED} with codes, without faults, secrets or growth`, {
  timeout: 1_200_000,
}, async () => {
  const socketPath = join(shop.folder, 'api.sock');
  const path = shop.write(
    'config.yaml',
    `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(shop.folder, 'state')}, run_dir: ${join(shop.folder, 'run')} }
logging: { format: json, level: error }
api: { socket: ${socketPath} }
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
  const ask = ({ method, path: target, body, headers }: Sent) =>
    new Promise<{ status: number; id: string; type: string; text: string }>((resolve, reject) => {
      const sent = request(
        {
          socketPath,
          method,
          path: target,
          agent,
          timeout: ANSWER_MS,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('error', reject);
          answer.once('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              id: String(answer.headers['x-request-id']),
              type: String(answer.headers['content-type']),
              text: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
      sent.once('error', reject);
      sent.end(body);
    });
  const plain = (target: string) => ask({ method: 'GET', path: target, headers: {} });
  const rssMb = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${daemonPid()}/status`, 'utf8'))?.[1]) / 1024;
  // The lock names the daemon itself, not the wrapper that started it.
  const daemonPid = (): string => readFileSync(join(shop.folder, 'run/daemon.lock'), 'utf8').trim();
  const counts = new Map<number, number>();
  const judge = (sent: Sent, answer: Awaited<ReturnType<typeof ask>>): void => {
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
  try {
    // It says nothing at this level: it answers when it is ready.
    for (let i = 0; i < 500 && (await plain('/readyz').catch(() => undefined))?.status !== 200; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const operations = operationsOf(JSON.parse((await plain('/v1/openapi.json')).text) as Json);
    assert.ok(operations.length > 40, `${operations.length} operations`);
    const dice = new Dice(SEED);
    let left = REQUESTS;
    let warmMb = 0;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        if (left === Math.floor(REQUESTS / 2)) warmMb = rssMb();
        const sent = makeRequest(operations, dice);
        const answer = await ask(sent).catch((error: Error) =>
          assert.fail(`${error.message}: ${JSON.stringify(sent).slice(0, 2000)}`),
        );
        judge(sent, answer);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const grownMb = rssMb() - warmMb;
    assert.ok(grownMb < MOST_GROWTH_MB, `it grew by ${grownMb} MB in the second half`);
    assert.equal((await plain('/healthz')).status, 200);
    assert.deepEqual(
      daemon.lines.filter((line) => line.msg === 'a request met a fault'),
      [],
    );
    assert.ok(!SECRETS.some((secret) => JSON.stringify(daemon.lines).includes(secret)));
    // It has reached what it is about: done, refused as wrong, unknown, not allowed.
    for (const status of [200, 400, 404, 405])
      assert.ok((counts.get(status) ?? 0) > REQUESTS / 500, `${status}: ${JSON.stringify([...counts])}`);
    process.stdout.write(
      `# ${JSON.stringify(Object.fromEntries(counts))}, grew by ${grownMb.toFixed(1)} MB\n`,
    );
  } finally {
    agent.destroy();
    daemon.child.kill('SIGTERM');
    assert.equal(await daemon.ended, 0);
  }
});
