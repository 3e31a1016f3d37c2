// The support bundle over a real door: whatever secrets a configuration has, none is in it; what is missing is named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toolboxWith } from '../../../test/fixtures/cli-toolbox.ts';
import { openDoor } from '../../../test/fixtures/rest-door.ts';
import { WEB_SITE } from '../../../test/fixtures/web-site.ts';
import { Secret } from '../../lib/secret.ts';
import type { Intent } from '../../model/intent.ts';
import { Client } from '../client.ts';
import { collect } from './collect.ts';

/** Every place of an Intent that can hold a secret, typed or not. */
function withSecrets([influx, mail, hook, bgp, header, variable]: readonly string[]): Intent {
  return {
    ...WEB_SITE,
    metrics: {
      ...WEB_SITE.metrics,
      influx: {
        url: 'http://127.0.0.1:8086',
        token: new Secret(influx!),
        org: 'o',
        bucket: 'b',
        pushIntervalMs: 1000,
      },
    },
    notifications: {
      ...WEB_SITE.notifications,
      mail: {
        from: 'a@b',
        to: ['c@d'],
        server: 'm',
        port: 25,
        connectTimeoutMs: 1,
        tls: 'none',
        username: 'u',
        password: new Secret(mail!),
      },
      webhooks: [
        { url: `https://ops:${hook}@hooks.example.com/`, secret: new Secret(hook!), timeoutMs: 1 },
        { url: 'https://hooks.example.com/services/T0P-K3Y', timeoutMs: 1 },
      ],
    },
    extra: {
      peers: [{ password: new Secret(bgp!) }],
      check: {
        requests: [{ path: '/', headers: { 'X-Whatever': header } }],
        environment: { ANYTHING: variable },
      },
    },
  } as unknown as Intent;
}

test('no secret of any configuration is in a support bundle', async () => {
  const door = await openDoor(WEB_SITE);
  const client = new Client({ to: door.socket });
  const word = fc
    .stringMatching(/^[A-Za-z0-9!"#$%&'()*+,./:;<=>?@[\]^_{|}~\\-]{8,40}$/)
    .filter((text) => text.length >= 8);
  let bundles = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 6, maxLength: 6 }), async (secrets) => {
        const intent = withSecrets(secrets);
        const { toolbox } = toolboxWith({
          env: { LBCTL_TOKEN: secrets[0] },
          loadConfig: async () => ({ intent, diagnostics: [], files: ['/etc/lbctl/config.yaml'], hash: 'h' }),
          // A tool that says what it should not.
          runTool: async ([program]) => `${program} prints ${secrets.slice(0, 4).join(' and ')}\n`,
        });
        const entries = await collect({
          toolbox,
          client,
          configPath: '/etc/lbctl/config.yaml',
          machine: true,
        });
        const text = entries.map(({ name, content }) => `${name}\n${String(content)}`).join('\n');
        for (const secret of secrets) {
          assert.ok(!text.includes(secret), secret);
          assert.ok(!text.includes(JSON.stringify(secret).slice(1, -1)), secret);
        }
        assert.ok(!text.includes('T0P-K3Y'));
        assert.ok(text.includes('192.0.2.10'));
        bundles++;
      }),
      { numRuns: 60 },
    );
    assert.ok(bundles >= 60);
  } finally {
    await door.close();
  }
});

test('a bundle without a daemon, tools or configuration says what it lacks', async () => {
  const { toolbox } = toolboxWith({});
  const client = new Client({ to: '/nonexistent/api.sock' });
  const entries = await collect({ toolbox, client, configPath: '/etc/lbctl/config.yaml', machine: true });
  assert.deepEqual(
    entries.map((entry) => entry.name),
    ['about.json', 'errors.txt'],
  );
  const errors = String(entries[1]?.content);
  for (const part of ['configuration: ', '/v1/status: Cannot reach a daemon', 'nft list ruleset: '])
    assert.ok(errors.includes(part), part);
});
