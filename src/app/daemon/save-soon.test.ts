import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaveSoon } from './save-soon.ts';

test('SaveSoon writes soon after a change, once for all that came meanwhile, and now and then', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let saved = 0;
  const memory = new SaveSoon(() => saved++);

  memory.changed();
  memory.changed();
  assert.equal(saved, 0);
  t.mock.timers.tick(100);
  assert.equal(saved, 1);
  t.mock.timers.tick(4900);
  assert.equal(saved, 2, 'five seconds after the start');

  memory.changed();
  memory.close();
  t.mock.timers.tick(20_000);
  assert.equal(saved, 3, 'closed: written once more, and never again');
});
