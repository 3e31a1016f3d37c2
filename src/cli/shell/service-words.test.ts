// The words of a service in the shell, by table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyServiceLine, type Spec } from './service-words.ts';

const after = (spec: Spec, ...lines: string[]): Spec =>
  lines.reduce((one, line) => applyServiceLine(one, line.split(' ')), spec);

test('applyServiceLine() turns the words of LibraFlux into a spec', () => {
  const spec = after(
    { name: 'dns' },
    'protocol udp',
    'vip www',
    'ports 53',
    'scheduler rr',
    'backend 10.0.0.1',
    'backend 10.0.0.2 5',
    'backend 10.0.0.3:5353',
    'backend [2001:db8::1]:53',
    'backend 10.0.0.1 9',
    'no backend 10.0.0.3',
    'health tcp port 53 interval 2000 timeout 500ms fail-after 2 recover-after 1',
  );
  assert.deepEqual(spec, {
    name: 'dns',
    protocol: 'udp',
    vip: 'www',
    port: 53,
    scheduler: 'rr',
    members: [
      { address: '10.0.0.1', port: 53, weight: 9 },
      { address: '10.0.0.2', port: 53, weight: 5 },
      { address: '2001:db8::1', port: 53 },
    ],
    health: { type: 'tcp', port: 53, interval: '2000ms', timeout: '500ms', fall: 2, rise: 1 },
  });
  assert.deepEqual(after(spec, 'no health', 'port-range 8000-8010').ports, ['8000-8010']);
  assert.deepEqual(after({}, 'ports 80,443').ports, [80, 443]);
});

test('applyServiceLine() says what is wrong, and changes nothing then', () => {
  for (const line of [
    'protocol ftp',
    'ports',
    'ports 0',
    'ports 80,x',
    'port-range 9-1',
    'backend',
    'backend 10.0.0.1 x',
    'backend 10.0.0.1 1 2',
    'no',
    'no thing',
    'health',
    'health tcp interval',
    'health tcp speed 9',
    'vip a b',
    'what',
  ])
    assert.throws(() => after({ name: 'x' }, line), { code: 'USAGE' }, line);
  assert.throws(() => after({ members: [] }, 'no backend 10.0.0.1'), { code: 'NOT_FOUND' });
  assert.throws(() => after({ pool: 'web' }, 'backend 10.0.0.1'), { code: 'CONFLICT' });
});
