// Scenario 6: a pair as the guide to Linux Virtual Server builds it, with real servers by direct return and mail.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LvsPair } from '../../lab/lvs-pair.ts';
import { until } from '../../lab/until.ts';

let pair: LvsPair;
before(async () => {
  pair = await LvsPair.build('halvs');
  await pair.a.start(pair.config('lb-a'));
  await pair.a.roleIs('active');
  await pair.b.start(pair.config('lb-b'));
  await pair.b.roleIs('standby');
});
after(() => pair.close());

/** The body of a mail is base64. */
const wordsOf = (text: string): string =>
  Buffer.from(text.split('\r\n\r\n')[1] ?? '', 'base64').toString('utf8');
const mailed = (from: string, pattern: RegExp) =>
  until(`a mail of ${from} that says ${pattern}`, () =>
    pair.mails.some((mail) => mail.from.includes(from) && pattern.test(wordsOf(mail.text))),
  );

test('both real servers answer clients for the VIP, and nobody else says that he has it', async () => {
  const load = pair.load(50);
  await sleep(2000);
  const { ok, failed, byServer } = await load.seen();
  await load.stop();

  assert.equal(failed, 0);
  assert.ok(ok > 50 && (byServer.rs1 ?? 0) > 10 && (byServer.rs2 ?? 0) > 10, JSON.stringify(byServer));
  const neighbours = pair.client.ip('neighbour', 'show', '192.0.2.10');
  const mac = /link\/ether (\S+)/.exec(pair.a.host.ip('link', 'show', 'eth0'))?.[1] ?? 'none';
  assert.ok(neighbours.includes(mac), neighbours);
});

test('a real server that dies gets nothing more, a mail says so, and another when it is back', async () => {
  pair.stopServing(0);
  await mailed('lb-a', /gridftp\/rs1 is down/);
  const load = pair.load(50);
  await sleep(1000);
  const { byServer, failed } = await load.seen();
  await load.stop();
  assert.deepEqual([Object.keys(byServer), failed], [['rs2'], 0]);

  await pair.serve(0);
  await mailed('lb-a', /gridftp\/rs1 is up/);
});

test('a balancer that falls silent is replaced within 350 ms, to which a client adds one retransmission of TCP, and a mail of the other one tells of it', async () => {
  const load = pair.load(100);
  await sleep(500);
  await load.seen();

  pair.cut('a', true);
  await pair.b.roleIs('active');
  await sleep(1500);
  const { longestGapMs, ok } = await load.seen();
  await load.stop();

  assert.ok(ok > 50);
  // A connection that was under way waits for TCP to send again, at first after 200 ms.
  assert.ok(longestGapMs <= 350 + 250, `${longestGapMs} ms`);
  await mailed('lb-b', /Group VI_gridftp is now active \(was standby\)[\s\S]*Epoch \d+; it was standby for/);
  pair.cut('a', false);
  await pair.b.roleIs('standby');
});
