// The metrics door over real sockets, read as a scraper would, over a real engine on the memory driver.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildGroup,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import { EngineControl } from '../../../test/fixtures/engine-control.ts';
import { type ReadFamily, readExposition } from '../../../test/fixtures/read-exposition.ts';
import type { Intent } from '../../model/intent.ts';
import { METRICS } from './families.ts';
import { MetricsPage } from './metrics-page.ts';
import { type Metrics, openMetrics } from './open-metrics.ts';

const INTENT = buildIntent({
  vips: [buildVip('www', '192.0.2.10', { group: 'g1' }), buildVip('odd "one"\\', '192.0.2.11')],
  listeners: [
    buildListener('web', 'www', 80),
    buildListener('both', 'www', 81, { vips: ['www', 'odd "one"\\'], pool: 'web' }),
  ],
  pools: [
    buildPool('web', [
      buildMember('10.0.0.1', { name: 'w1', port: 80, weight: 3 }),
      buildMember('10.0.0.2', { name: 'w2', port: 80 }),
    ]),
  ],
  // Two groups: with one alone, an address that names none belongs to it.
  groups: [buildGroup('g1', ['www']), buildGroup('g2', [])],
});

const ROLE_CHANGED = {
  kind: 'role-changed',
  atMs: 1,
  group: 'g1',
  from: 'active',
  to: 'standby',
  epoch: 5,
  reason: 'Standby',
  detail: 'a better one is there',
  lastedMs: 1,
} as const;

interface Scraper {
  readonly control: EngineControl;
  readonly metrics: Metrics;
  read(): Promise<ReadonlyMap<string, ReadFamily>>;
}

async function withScraper(
  intent: Intent,
  maxSeries: number,
  run: (scraper: Scraper) => Promise<void>,
): Promise<void> {
  const control = new EngineControl(intent);
  const page = new MetricsPage(control, maxSeries, () => ({
    influx: { pushed: 3, failed: 1 },
    gelfDropped: 2,
    auditWaiting: 0,
    apiRefused: 5,
    apiCertificateUntilMs: 1_800_000_000_000,
  }));
  const metrics = await openMetrics(page, {
    enabled: true,
    bind: '127.0.0.1',
    port: 0,
    path: '/metrics',
    maxSeries,
  });
  assert.ok(metrics !== undefined);
  control.roleFacts.set('g1', { role: 'active', epoch: 4, reason: 'Active' });
  control.engine.start();
  await control.engine.idle();
  try {
    await run({
      control,
      metrics,
      async read() {
        const response = await fetch(metrics.address);
        assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
        return readExposition(await response.text());
      },
    });
  } finally {
    await metrics.close();
    page.close();
    await control.close();
  }
  assert.equal(control.watchers, 0);
}

function seriesOf(
  families: ReadonlyMap<string, ReadFamily>,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  return families
    .get(name)
    ?.samples.find((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))?.value;
}

test('every metric of the list is there, with its type and exactly its labels, and no other of ours', () =>
  withScraper(INTENT, 10_000, async ({ read, control }) => {
    control.tell({ kind: 'config-refused', atMs: 1, error: 'x' });
    const families = await read();

    for (const metric of Object.values(METRICS)) {
      const family = families.get(metric.name);
      assert.equal(family?.type, metric.type, metric.name);
      assert.ok((family?.samples.length ?? 0) > 0, `${metric.name} has a sample`);
      for (const sample of family?.samples ?? []) {
        const { le: _, ...labels } = sample.labels;
        assert.deepEqual(Object.keys(labels), [...metric.labels], metric.name);
      }
    }
    const ours = [...families.keys()].filter((name) => name.startsWith('lbctl_'));
    assert.deepEqual(
      ours.sort(),
      Object.values(METRICS)
        .map((one) => one.name as string)
        .sort(),
    );
    assert.ok(families.has('process_resident_memory_bytes'));
  }));

test('the names operators know tell what is observed', () =>
  withScraper(INTENT, 10_000, async ({ read, control }) => {
    const before = await read();
    control.setOverride('web/w1', { state: 'down', by: 'test' });
    control.healthFacts.set('web/w2', {
      state: 'down',
      factor: 1,
      ramp: 1,
      sinceMs: 0,
      lastError: 'refused',
    });
    control.roleFacts.set('g1', { role: 'standby', epoch: 5, reason: 'Standby' });
    control.tell(ROLE_CHANGED);
    await control.look();
    const after = await read();

    const w1 = { node: 'lb-a', service: 'web', backend: '10.0.0.1:80' };
    const w2 = { node: 'lb-a', service: 'web', backend: '10.0.0.2:80' };
    assert.equal(seriesOf(before, 'lbctl_health_backend_weight', w1), 3);
    assert.equal(seriesOf(after, 'lbctl_health_backend_weight', w1), 0);
    assert.equal(seriesOf(before, 'lbctl_health_backend_healthy', w2), 1);
    assert.equal(seriesOf(after, 'lbctl_health_backend_healthy', w2), 0);
    assert.equal(seriesOf(before, 'lbctl_vip_is_owner', { vip: 'www' }), 1);
    assert.equal(seriesOf(after, 'lbctl_vip_is_owner', { vip: 'www' }), 0);
    assert.equal(seriesOf(after, 'lbctl_vip_is_owner', { vip: 'odd "one"\\' }), 1);
    assert.equal(seriesOf(after, 'lbctl_vip_transitions_total', { vip: 'www', direction: 'release' }), 1);
    assert.equal(
      seriesOf(after, 'lbctl_vip_transitions_total', { vip: 'odd "one"\\', direction: 'acquire' }),
      1,
    );
    assert.equal(seriesOf(after, 'lbctl_reconcile_runs_total', { result: 'success' }), 2);
    assert.ok((seriesOf(after, 'lbctl_reconcile_duration_ms', {}) ?? 0) > 0);
    assert.equal(seriesOf(after, 'lbctl_ha_epoch', { group: 'g1' }), 5);
  }));

test('rounds, reloads and failures are counted once each', () =>
  withScraper(INTENT, 10_000, async ({ read, control }) => {
    control.next = { error: 'broken' };
    await control.reload();
    const refused = await read();
    control.next = buildIntent({ ...INTENT, listeners: [], vips: [], pools: [], groups: [] });
    await control.reload();
    control.tell({ kind: 'steps-failed', atMs: 77, count: 1, message: 'x' });
    control.tell({ kind: 'driver-failed', atMs: 77, driver: 'memory', message: 'x' });
    control.tell({ kind: 'round-failed', atMs: 78, message: 'x' });
    const accepted = await read();

    assert.equal(seriesOf(refused, 'lbctl_config_last_reload_successful', {}), 0);
    assert.equal(seriesOf(refused, 'lbctl_config_reloads_total', { result: 'refused' }), 1);
    assert.equal(seriesOf(accepted, 'lbctl_config_last_reload_successful', {}), 1);
    assert.equal(seriesOf(accepted, 'lbctl_config_reloads_total', { result: 'accepted' }), 2);
    assert.equal(seriesOf(accepted, 'lbctl_reconcile_runs_total', { result: 'failure' }), 2);
    const histogram = accepted.get('lbctl_reconcile_duration_seconds')!.samples;
    assert.equal(histogram.find((one) => one.name.endsWith('_count'))?.value, control.rounds().length);
  }));

test('a full budget leaves members out, never the node, and says how many', () =>
  withScraper(INTENT, 0, async ({ read }) => {
    const none = await read();
    assert.deepEqual(
      [...none.values()]
        .flatMap((family) => family.samples.map((one) => one.name))
        .filter((name) => name.startsWith('lbctl_')),
      ['lbctl_metrics_dropped_series_total'],
    );
    const first = seriesOf(none, 'lbctl_metrics_dropped_series_total', {}) ?? 0;
    assert.ok(first > 50);
    assert.equal(seriesOf(await read(), 'lbctl_metrics_dropped_series_total', {}), first * 2);
  }).then(() =>
    withScraper(INTENT, 170, async ({ read }) => {
      const some = await read();
      assert.equal(seriesOf(some, 'lbctl_vip_is_owner', { vip: 'www' }), 1);
      assert.ok((seriesOf(some, 'lbctl_metrics_dropped_series_total', {}) ?? 0) > 0);
    }),
  ));

test('a data plane that cannot be read leaves the rest, and is counted', () =>
  withScraper(INTENT, 10_000, async ({ read, control }) => {
    control.failure = new Error('netlink is gone');
    const families = await read();

    assert.equal(seriesOf(families, 'lbctl_metrics_errors_total', { source: 'counters' }), 1);
    assert.equal(families.has('lbctl_listener_connections_total'), false);
    assert.equal(seriesOf(families, 'lbctl_health_backend_weight', { service: 'web' }), 3);
  }));

test('besides metrics the door answers / and /health, and only to reads', () =>
  withScraper(INTENT, 10_000, async ({ metrics }) => {
    const base = new URL('/', metrics.address);
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(new URL(path, base), { method });
      return [response.status, await response.text()];
    };

    assert.deepEqual(await get('/health'), [200, 'OK\n']);
    assert.deepEqual(await get('/'), [200, 'lbctl: metrics are at /metrics\n']);
    assert.deepEqual(await get('/metric'), [404, 'not found\n']);
    assert.deepEqual(await get('/metrics', 'POST'), [405, 'only GET and HEAD\n']);
    assert.deepEqual(await get('/metrics?x=1', 'HEAD'), [200, '']);
  }));

test('openMetrics() opens nothing unless asked, and names the port that is taken', async () => {
  const control = await EngineControl.begin(INTENT);
  const page = new MetricsPage(control, 10);
  const settings = { enabled: true, bind: '127.0.0.1', port: 0, path: '/m', maxSeries: 10 };
  try {
    assert.equal(await openMetrics(page, { ...settings, enabled: false }), undefined);
    const first = await openMetrics(page, settings);
    const port = Number(new URL(first!.address).port);
    await assert.rejects(openMetrics(page, { ...settings, port }), {
      code: 'DRIVER_FAILED',
      message: new RegExp(`^Cannot serve metrics on "127.0.0.1" port ${port}: `),
    });
    await first!.close();
    page.close();
    assert.equal(control.watchers, 0);
  } finally {
    await control.close();
  }
});
