// What the doctor says of a daemon, by table: each fault has its word, its severity and a cure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HaStatus } from '../../model/ha-status.ts';
import type { Status } from '../../model/status.ts';
import { type DaemonEvidence, diagnoseDaemon } from './daemon-checks.ts';

const DAY = 86_400_000;
const STATUS = { condition: 'ok', configHash: 'abc', errors: [], listeners: [] } as unknown as Status;
const WELL: DaemonEvidence = {
  ownVersion: '1.0.0',
  nowMs: 100 * DAY,
  target: '/run/lbctl/api.sock',
  version: '1.0.0',
  startedMs: 99 * DAY,
  status: STATUS,
  alive: true,
  access: {
    tcp: { wanted: true, address: 'https://192.0.2.1:9443', certificateUntilMs: 200 * DAY },
    auditWaiting: 0,
  },
  audit: { ok: true, entries: 7 },
  diskHash: 'abc',
  heldSteps: 0,
};

test('diagnoseDaemon() finds nothing wrong with a daemon that is well', () => {
  assert.deepEqual(
    diagnoseDaemon(WELL).map((one) => [one.check, one.severity]),
    [
      ['daemon', 'ok'],
      ['daemon-version', 'ok'],
      ['config-in-force', 'ok'],
      ['failing-items', 'ok'],
      ['api-certificate', 'ok'],
      ['audit', 'ok'],
    ],
  );
});

test('diagnoseDaemon() tells what high availability says of itself', () => {
  const group = { group: 'pair', role: 'standby', detail: 'another node is master' } as const;
  const ha = { maintenance: false, groups: [group], troubles: [] } as unknown as HaStatus;
  const findings = (more: Partial<HaStatus>): string[] =>
    diagnoseDaemon({ ...WELL, ha: { ...ha, ...more } })
      .filter(({ check }) => check.startsWith('ha'))
      .map(({ severity, evidence }) => `${severity} ${evidence}`);

  assert.deepEqual(findings({}), ['ok pair is standby']);
  assert.deepEqual(findings({ troubles: ['bgp router: Active'] }), ['error bgp router: Active']);
  assert.deepEqual(findings({ maintenance: true }), ['info maintenance is on']);
  const inFault = {
    ...group,
    role: 'fault',
    detail: 'interface "eth0" is down',
  } as HaStatus['groups'][number];
  assert.deepEqual(findings({ groups: [inFault] }), ['error interface "eth0" is down']);
});

test('diagnoseDaemon() names each fault with a cure', () => {
  const tcp = WELL.access!.tcp;
  const table: [Partial<DaemonEvidence>, string, string][] = [
    [{ alive: false }, 'daemon', 'error'],
    [{ version: '0.9.0' }, 'daemon-version', 'warning'],
    [{ diskHash: 'def' }, 'config-in-force', 'warning'],
    [{ status: { ...STATUS, configError: 'line 3' } }, 'config-refused', 'error'],
    [
      { status: { ...STATUS, troubles: [{ message: 'port 9090', cure: 'free it' }] } },
      'daemon-trouble',
      'error',
    ],
    [
      { status: { ...STATUS, errors: [{ key: 'k', error: { message: 'EBUSY' } }] } as unknown as Status },
      'failing-items',
      'error',
    ],
    [{ heldSteps: 4 }, 'held', 'warning'],
    [{ certificates: [{ name: 'shop', untilMs: WELL.nowMs }] }, 'listener-certificate', 'error'],
    [
      {
        status: {
          ...STATUS,
          listeners: [
            {
              name: 'web',
              condition: 'down',
              reason: 'EngineUnavailable',
              engineReason: 'xdp is not available',
            },
          ],
        } as unknown as Status,
      },
      'listeners-down',
      'error',
    ],
    [
      { access: { tcp: { ...tcp, certificateUntilMs: 110 * DAY }, auditWaiting: 0 } },
      'api-certificate',
      'warning',
    ],
    [
      { access: { tcp: { ...tcp, certificateUntilMs: 99 * DAY }, auditWaiting: 0 } },
      'api-certificate',
      'error',
    ],
    [{ access: { tcp: { wanted: true, trouble: 'no key' }, auditWaiting: 0 } }, 'api-tcp', 'error'],
    [{ access: { tcp, auditWaiting: 3 } }, 'audit-disk', 'error'],
    [
      { audit: { ok: false, entries: 3, fault: { number: 4, why: 'its content does not fit its hash' } } },
      'audit',
      'error',
    ],
  ];
  for (const [change, check, severity] of table) {
    const found = diagnoseDaemon({ ...WELL, ...change }).find((one) => one.check === check);
    assert.equal(found?.severity, severity, check);
    assert.ok((found?.fix ?? '') !== '', check);
  }
  const { status: _, ...early } = WELL;
  assert.equal(diagnoseDaemon(early)[0]?.severity, 'warning');
});
