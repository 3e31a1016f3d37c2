import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpError } from '../model/errors.ts';
import type { Status } from '../model/status.ts';
import { renderStatus } from './render-status.ts';

const REFUSED = new OpError(
  'HAPROXY_REFUSED',
  'Cannot offer HTTP/3',
  { op: 'apply', target: 'web' },
  { hint: 'Leave h3 out' },
);

function statusOf(errors: Status['errors']): Status {
  return { node: 'lb', condition: 'degraded', configHash: 'c0ffee', listeners: [], addresses: [], errors };
}

function told(error: Pick<Status['errors'][number], 'attempts' | 'nextTryMs'>): string {
  const status = statusOf([{ key: 'web', step: 'add web', error: REFUSED.toJSON(), ...error }]);
  return renderStatus(status, { wide: false, colour: false, nowMs: 0, planes: {} });
}

test('renderStatus() tells the cure of what fails, and whether it is tried again', () => {
  assert.match(
    told({ attempts: 1 }),
    /^failing add web: Cannot offer HTTP\/3 \(tried once, and again once something of it changes\)\n {2}hint: Leave h3 out$/m,
  );
  assert.match(told({ attempts: 2, nextTryMs: 1 }), /\(tried 2 times\)\n {2}hint: Leave h3 out$/m);
});
