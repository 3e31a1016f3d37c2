// Which end of a half-open link is the one that still hears.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearing, type SessionSight } from './hearing.ts';

const DEAF = 'control detection time expired';
const up = (packetsIn: number): SessionSight => ({ state: 'up', packetsIn, remoteDiagnostic: 'ok' });
const down = (packetsIn: number, remoteDiagnostic = DEAF): SessionSight => ({
  state: 'down',
  packetsIn,
  remoteDiagnostic,
});
const init = (packetsIn: number): SessionSight => ({ state: 'init', packetsIn, remoteDiagnostic: DEAF });

test('Hearing tells a peer that says it went deaf, since it was first heard to, until the session is up', () => {
  const hearing = new Hearing();
  hearing.see('b', up(100), 0);

  assert.equal(hearing.see('b', down(100, 'ok'), 200), undefined);
  assert.equal(hearing.see('b', down(101), 700), 700);
  assert.equal(hearing.see('b', down(101), 1000), 700);
  assert.equal(hearing.see('b', down(102), 1700), 700);
  assert.equal(hearing.see('b', up(104), 2000), undefined);
});

test('Hearing: the first look after a session that was up counts, as nobody says such a thing while it is', () => {
  const hearing = new Hearing();
  hearing.see('b', up(100), 0);

  assert.equal(hearing.see('b', down(103), 500), 500);
});

test('Hearing: a session that came up and went down again between two looks leaves nothing of what was said before', () => {
  const hearing = new Hearing();
  hearing.see('b', init(101), 500);
  hearing.see('b', down(102), 750);

  hearing.rise('b');

  assert.equal(hearing.see('b', down(105, 'ok'), 1000), undefined);
  assert.equal(hearing.see('b', down(106), 1250), 1250);
});

test('Hearing: a peer that falls silent is heard no more after two and a half seconds', () => {
  const hearing = new Hearing();
  hearing.see('b', up(100), 0);
  hearing.see('b', down(101), 700);

  assert.equal(hearing.see('b', down(101), 3200), 700);
  assert.equal(hearing.see('b', down(101), 3201), undefined);
  assert.equal(hearing.see('b', down(102), 5000), 5000);
});

test('Hearing: what stood when we came, an operator who took the session down, and a bfdd that counts anew say nothing', () => {
  const hearing = new Hearing();

  assert.equal(hearing.see('b', down(50), 0), undefined);
  assert.equal(hearing.see('b', down(50), 250), undefined);
  assert.equal(hearing.see('b', down(51, 'administratively down'), 500), undefined);
  assert.equal(hearing.see('b', down(3), 750), undefined);
});

test('Hearing: bfdd counts nothing while its session waits for an answer, and silence begins when that has an end', () => {
  const hearing = new Hearing();
  hearing.see('b', up(100), 0);
  hearing.see('b', init(101), 500);

  assert.equal(hearing.see('b', init(101), 3500), 500);
  assert.equal(hearing.see('b', down(101), 3750), 500);
  assert.equal(hearing.see('b', down(101), 6000), 500);
  assert.equal(hearing.see('b', down(101), 6001), undefined);
});
