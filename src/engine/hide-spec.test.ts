// unhideSpec(): what was read hidden comes back as it was, and never as what belonged to another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Spec } from './config-port.ts';
import { hiddenPlace, hideSpec, unhideSpec } from './hide-spec.ts';

const http = (key: string, path = '/') => ({ type: 'http', path, headers: { 'X-Key': key } });
const script = (...command: string[]) => ({ type: 'script', command });

function writtenBack(before: Spec, change: (shown: { health: Spec[] }) => object): Spec {
  return unhideSpec(change(structuredClone(hideSpec(before)) as { health: Spec[] }), before) as Spec;
}

test('unhideSpec() gives arguments, queries and payloads back where the rest of a check changed', () => {
  const before = {
    health: [
      script('/opt/probe', '--password=hush', '-v'),
      { type: 'http', path: '/?key=hush' },
      { type: 'tcp', send: 'AUTH hush' },
    ],
    quorum: { on_up: '/opt/up hush' },
  };
  assert.doesNotMatch(JSON.stringify(hideSpec(before)), /hush/);
  const after = writtenBack(before, ({ health, ...rest }) => ({
    ...rest,
    health: health.map((check) => ({ ...check, interval: '9s' })),
  }));
  assert.deepEqual(after, {
    ...before,
    health: before.health.map((check) => ({ ...check, interval: '9s' })),
  });
  assert.equal(hiddenPlace(after), undefined);
});

test('unhideSpec() leaves hidden what it cannot tell, and hiddenPlace() names it', () => {
  const before = { health: [script('/opt/probe', 'hush', 'more hush')] };
  for (const command of [
    ['/opt/probe', '[redacted]'],
    ['/opt/other', '[redacted]', '[redacted]'],
    ['/opt/probe', '--new=[redacted]', '[redacted]', '[redacted]'],
  ])
    assert.match(
      hiddenPlace(writtenBack(before, () => ({ health: [script(...command)] }))) ?? '',
      /^health\[0\]\.command\[\d\]$/,
    );
  assert.equal(hiddenPlace({ health: [{ path: '/?[redacted]' }], quorum: {} }), 'health[0].path');
  assert.equal(hiddenPlace({ description: 'what "/x?[redacted]" means' }), undefined);
});

test('unhideSpec() follows checks that changed their places, and guesses nothing', () => {
  const before = { health: [http('one', '/a'), http('two', '/b')] };
  assert.deepEqual(
    writtenBack(before, ({ health }) => ({ health: [health[1]] })),
    {
      health: [before.health[1]],
    },
  );
  assert.deepEqual(
    writtenBack(before, ({ health }) => ({ health: health.toReversed() })),
    {
      health: before.health.toReversed(),
    },
  );
  const cut = writtenBack(before, ({ health }) => ({ health: [{ ...health[1], interval: '9s' }] }));
  assert.equal(hiddenPlace(cut), 'health[0].headers.X-Key');
});
