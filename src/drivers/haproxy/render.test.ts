// The configuration as text: goldens that HAProxy accepts, and words that try to break out of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import { loadTexts } from '../../config/load-text.ts';
import type { HttpRule, RuleMatch } from '../../model/http.ts';
import type { Intent } from '../../model/intent.ts';
import type { World } from '../../model/world.ts';
import { assumedFacts } from '../../plan/assumed-facts.ts';
import { resolve } from '../../plan/resolve.ts';
import { behindOf, desiredItems } from './desired.ts';
import { type Hostile, hostileWords } from './hostile-arbitrary.ts';
import { isListable, writeList } from './lists.ts';
import { certificateListPath, certificatePath, copyPath, standInPath } from './names.ts';
import type { Block } from './record-types.ts';
import { renderGlobal } from './render/global.ts';
import { renderBlock } from './render/render.ts';

const BINARY = process.env.SY_HAPROXY ?? '/usr/sbin/haproxy';
const hasHaproxy = spawnSync(BINARY, ['-v']).status === 0;
const needed = hasHaproxy ? {} : { skip: 'haproxy is not installed: run "make setup"' };
const folder = mkdtempSync(join(tmpdir(), 'sy-render-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function worldOf(intent: Intent): World {
  const world = resolve(intent, assumedFacts(intent, 0), { engine: 'haproxy' });
  assert.deepEqual(world.unplaced, []);
  return world;
}

function blocksOf(world: World, runDir: string): readonly Block[] {
  return [...desiredItems(world, { runDir }).values()].flatMap((one) => {
    const { block, fault } = behindOf(one) ?? {};
    if (fault !== undefined) throw fault;
    return block ?? [];
  });
}

/** What stands in the lists that the configuration names, as comments. */
function listsOf(world: World, runDir: string): string {
  return [...desiredItems(world, { runDir }).values()]
    .flatMap((one) => behindOf(one)?.lists ?? [])
    .map(({ path, entries }) => {
      const lines = [...entries].map(([value, backend]) => `#   ${value} ${backend}`.trimEnd());
      return `\n# ${path}\n${lines.join('\n')}\n`;
    })
    .join('');
}

function configOf(world: World, runDir: string): string {
  const settings = {
    runDir,
    maxConnections: 2000,
    threads: 2,
    user: 'haproxy',
    group: 'haproxy',
    hardStopAfterMs: 300_000,
  };
  const texts = blocksOf(world, runDir).map((block) => renderBlock({ block, members: block.firstMembers }));
  return [renderGlobal(settings, 'lbctl-golden'), ...texts].join('');
}

/** Lays what the configuration refers to, and asks HAProxy about it. */
function check(world: World): { readonly ok: boolean; readonly said: string } {
  const runDir = folder;
  for (const name of ['tls', 'files', 'lists', 'chroot']) mkdirSync(join(runDir, name), { recursive: true });
  const { pem, ca } = testCertificate();
  for (const one of desiredItems(world, { runDir }).values())
    for (const { path, entries } of behindOf(one)?.lists ?? []) writeList(path, entries);
  writeFileSync(standInPath({ runDir }), '');
  for (const block of blocksOf(world, runDir)) {
    if (block.certificateList !== '')
      writeFileSync(certificateListPath({ runDir }, block.certificateList), block.certificateList);
    for (const { kind, name } of block.needs) {
      if (kind === 'certificate') writeFileSync(certificatePath({ runDir }, name), pem);
      else writeFileSync(copyPath({ runDir }, name), /crl/.test(name) ? ca.crl : ca.certificate);
    }
  }
  const file = join(runDir, 'haproxy.cfg');
  writeFileSync(file, configOf(world, runDir));
  chmodSync(runDir, 0o755);
  const ran = spawnSync(BINARY, ['-c', '-f', file], { encoding: 'utf8', timeout: 20_000 });
  return { ok: ran.status === 0, said: `${ran.stdout}${ran.stderr}` };
}

let made:
  | { readonly pem: string; readonly ca: { readonly certificate: string; readonly crl: string } }
  | undefined;

function testCertificate(): NonNullable<typeof made> {
  if (made !== undefined) return made;
  const key = join(folder, 'test.key');
  const certificate = join(folder, 'test.crt');
  const crl = join(folder, 'test.crl');
  const config = join(folder, 'test.cnf');
  const openssl = (...args: string[]) => {
    const ran = spawnSync('openssl', args, { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
  };
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test'];
  openssl('req', '-x509', ...fresh, '-keyout', key, '-out', certificate, '-days', '5');
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(
    config,
    `[ca]\ndefault_ca = own\n[own]\ndatabase = ${folder}/index.txt\ndefault_md = sha256\ndefault_crl_days = 5\n`,
  );
  openssl('ca', '-config', config, '-gencrl', '-keyfile', key, '-cert', certificate, '-out', crl);
  const text = readFileSync(certificate, 'utf8');
  made = { pem: text + readFileSync(key, 'utf8'), ca: { certificate: text, crl: readFileSync(crl, 'utf8') } };
  return made;
}

test('answers are watched only where HTTP is read; elsewhere the listener says why not', () => {
  const behind = (protocol: 'tcp' | 'http', observe: 'connections' | 'answers') => {
    const pool = buildPool('web', [buildMember('10.0.0.1', { port: 80 })], {
      passive: { observe, errors: 5, retryMs: 2000 },
    });
    const intent = buildIntent({
      vips: [buildVip('vip', '192.0.2.10')],
      listeners: [buildListener('web', 'vip', 80, { protocol, mode: 'proxy', scheduler: 'rr' })],
      pools: [pool],
    });
    return behindOf(desiredItems(worldOf(intent), { runDir: '/run' }).get('tcp/192.0.2.10:80')!)!;
  };
  const words = (layer: string) =>
    `check inter 2000ms rise 1 fall 1 observe ${layer} error-limit 5 on-error mark-down`;

  assert.equal(behind('http', 'answers').block!.backend.serverOptions, words('layer7'));
  assert.equal(behind('http', 'connections').block!.backend.serverOptions, words('layer4'));
  assert.equal(behind('tcp', 'connections').block!.backend.serverOptions, words('layer4'));
  assert.match(String(behind('tcp', 'answers').fault), /the listener reads no HTTP/);
});

test('a listener that offers h3 listens over UDP too and tells of it, or says why this HAProxy cannot', () => {
  const listener = buildListener('web', 'vip', 443, {
    protocol: 'https',
    mode: 'proxy',
    scheduler: 'rr',
    tls: {
      certificates: ['shop'],
      minVersion: '1.2',
      maxVersion: '1.3',
      alpn: ['h3', 'h2', 'http/1.1'],
      clientAuth: 'none',
    },
  });
  const intent = buildIntent({
    vips: [buildVip('vip', '2001:db8::10')],
    listeners: [listener],
    pools: [buildPool('web', [buildMember('10.0.0.1', { port: 80 })])],
    certificates: new Map([['shop', { name: 'shop', certificateFile: '/shop.pem' }]]),
  });
  const key = 'tcp/[2001:db8::10]:443';
  const behind = (places: Parameters<typeof desiredItems>[1]) =>
    behindOf(desiredItems(worldOf(intent), places).get(key)!);

  const { frontend } = behind({ runDir: '/run/with' })!.block!;
  assert.match(frontend, /^ {2}bind \[2001:db8::10\]:443 transparent v6only ssl .* alpn 'h2,http\/1\.1'$/m);
  assert.match(
    frontend,
    /^ {2}bind quic6@\[2001:db8::10\]:443 ssl .*-ver TLSv1\.3 ssl-max-ver TLSv1\.3 alpn h3$/m,
  );
  assert.match(frontend, /^ {2}http-after-response set-header alt-svc 'h3=":443"; ma=86400'$/m);
  assert.throws(
    () => {
      throw behind({ runDir: '/run/without', noQuic: 'HAProxy 2.6.12 was built without QUIC' })!.fault;
    },
    {
      code: 'HAPROXY_REFUSED',
      message: `Cannot offer HTTP/3 on "${key}" as HAProxy 2.6.12 was built without QUIC`,
    },
  );
});

const GOLDEN = join(import.meta.dirname, 'golden');

for (const file of globSync('*.in.yaml', { cwd: GOLDEN }).sort()) {
  const name = basename(file, '.in.yaml');
  const world = () => {
    const loaded = loadTexts(
      [{ file, text: readFileSync(join(GOLDEN, file), 'utf8'), role: 'main' }],
      {},
      { hostName: 'lb-a' },
    );
    assert.ok(loaded.intent, JSON.stringify(loaded.diagnostics, null, 1));
    return worldOf(loaded.intent);
  };

  test(`renderBlock() writes ${name} as its golden says`, () => {
    const expected = join(GOLDEN, `${name}.haproxy.cfg`);
    const text = configOf(world(), '/run/lbctl/haproxy') + listsOf(world(), '/run/lbctl/haproxy');

    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(expected, text);
    assert.equal(text, readFileSync(expected, 'utf8'));
  });

  test(`HAProxy accepts ${name}`, needed, () => {
    const { ok, said } = check(world());

    assert.ok(ok, said);
    assert.doesNotMatch(said, /WARNING/);
  });
}

function hostileWorld(words: Hostile): World {
  const match = (type: RuleMatch['type'], more: Partial<RuleMatch> = {}): RuleMatch => ({
    type,
    compare: words.compare,
    value: words.value,
    invert: false,
    ...more,
  });
  const rules: HttpRule[] = [
    {
      name: words.rule,
      matches: [
        match('path'),
        match('host'),
        match('header', { key: "X-'!#$%&*+.^_`|~" }),
        match('cookie', { key: "c'!$" }),
        match('query', { key: words.query }),
        match('file-type'),
        match('method'),
      ],
      action: { kind: 'redirect-url', url: words.url, code: 302 },
    },
    {
      name: words.rule,
      matches: [match('path')],
      action: { kind: 'redirect-prefix', prefix: words.url, code: 301 },
    },
    {
      name: words.rule,
      matches: [match('path', { invert: true })],
      action: { kind: 'pool', pool: words.pool },
    },
    {
      name: words.rule,
      matches: [match('query', { key: words.query })],
      action: { kind: 'reject', code: 451 },
    },
  ];
  const http = {
    rules,
    insertHeaders: [],
    setHeaders: { "X-'%$": words.header },
    removeHeaders: ["X-'%$#"],
    compression: false,
    errorPages: { '503': words.page },
    maintenance: false,
  };
  const listener = buildListener(words.listener, 'vip', 80, {
    pool: 'own',
    mode: 'proxy',
    scheduler: 'header',
    schedulerKey: "X-'",
    protocol: 'http',
    persistence: { kind: 'app-cookie', cookie: "C'$", timeoutMs: 1000 },
    http,
  });
  const options = { verify: true, ca: words.page, sni: words.header, alpn: [] };
  return worldOf(
    buildIntent({
      vips: [buildVip('vip', '192.0.2.10')],
      listeners: [listener],
      pools: [
        buildPool('own', [buildMember('10.0.0.1', { name: words.pool, port: 80 })], { tls: options }),
        buildPool(words.pool, [buildMember('10.0.0.2', { name: words.value, port: 80 })]),
      ],
    }),
  );
}

const HARMLESS: Hostile = {
  listener: 'listener',
  pool: 'pool',
  rule: 'rule',
  header: 'header',
  url: 'url',
  page: '/page',
  query: 'query',
  value: 'value',
  compare: 'equal',
};

/** First words of every line: what HAProxy acts on. */
function skeleton(text: string): readonly string[] {
  return text.split('\n').map((line) => {
    const [first = '', second = ''] = line.trim().split(' ');
    return first === '#' ? '# comment' : `${first} ${second.replace(/^('%\[str\()?(fe_|be_).*/, '$2')}`;
  });
}

test('no word of a user becomes a line, a section or a directive', () => {
  fc.assert(
    fc.property(hostileWords(), (words) => {
      const text = configOf(hostileWorld(words), '/run/lbctl/haproxy');
      // Whether a value can stand in a list decides how its rule is written.
      const { compare } = words;
      const value = isListable(words.value) ? 'value' : 'a value';
      const plain = configOf(hostileWorld({ ...HARMLESS, compare, value }), '/run/lbctl/haproxy');

      assert.deepEqual(skeleton(text), skeleton(plain));
      assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f]/);
    }),
    { numRuns: 100 },
  );
});

test('HAProxy accepts words that try to break out', needed, () => {
  for (const words of [HARMLESS, ...fc.sample(hostileWords(), { numRuns: 12, seed: 7 })]) {
    const { ok, said } = check(hostileWorld(words));

    assert.ok(ok, `${JSON.stringify(words)}\n${said}`);
  }
});
