// MailQueue: patience with the server, over restarts, within bounds, and whatever the disk takes.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../../lib/clock.ts';
import { newMailId } from './mail-message.ts';
import { MailQueue } from './mail-queue.ts';
import { MailRefused } from './smtp-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-mail-'));
after(() => rmSync(folder, { recursive: true }));

const MAIL = {
  from: 'lb-a <lb-a@example.com>',
  to: ['ops@example.com', 'Duty <duty@example.com>'],
  subject: 'web/10.0.0.1:80 is down — überprüfen\r\nBcc: evil@example.com',
  text: '.a line with a dot\nand more\n',
  atMs: Date.UTC(2026, 10, 20, 12, 0, 0),
  id: newMailId('lb-a'),
};

describe('MailQueue', () => {
  const open = (
    clock: FakeClock,
    send: (mail: typeof MAIL) => Promise<readonly string[]>,
    {
      lost = [],
      troubles = [],
      in: place = 'queue',
    }: { lost?: string[]; troubles?: string[]; in?: string } = {},
  ) =>
    new MailQueue({
      folder: join(folder, place),
      clock,
      random: () => 0.5,
      send: send as never,
      onLost: (_mail, why) => lost.push(why),
      onTrouble: (why) => troubles.push(why),
    });

  it('sends what the disk does not take, tells of both once, and ends nothing', async () => {
    const clock = new FakeClock(MAIL.atMs);
    const troubles: string[] = [];
    let isAway = true;
    const sent: string[] = [];
    // A file where the folder should be takes nothing, whoever asks.
    writeFileSync(join(folder, 'full'), '');
    const queue = open(
      clock,
      async (mail) => {
        if (isAway) throw new Error('connect ECONNREFUSED');
        sent.push(mail.subject);
        return [];
      },
      { troubles, in: 'full/mail' },
    );
    queue.add(MAIL);
    await clock.advance(50_000);
    assert.equal(troubles.length, 2, troubles.join('; '));
    assert.match(troubles[0]!, /kept in memory alone: ENOTDIR/);
    assert.match(troubles[1]!, /waits and is tried again for a day: connect ECONNREFUSED$/);
    isAway = false;
    await clock.advance(60_000);
    assert.deepEqual([sent, queue.size], [[MAIL.subject], 0]);
    rmSync(join(folder, 'full'));
    isAway = true;
    queue.add(MAIL);
    await clock.advance(1000);
    assert.equal(readdirSync(join(folder, 'full/mail')).length, 1);
    assert.equal(troubles.length, 3, 'the server was well in between');
    await queue.close();
  });

  it('tries again with growing patience, over a restart too', async () => {
    const clock = new FakeClock(MAIL.atMs);
    const tries: number[] = [];
    const failing = async (): Promise<readonly string[]> => {
      tries.push(clock.nowMs() - MAIL.atMs);
      throw new Error('451 come back later');
    };
    const before = open(clock, failing);
    before.add(MAIL);
    await clock.advance(50_000);
    await before.close();
    assert.deepEqual(tries, [0, 15_000, 45_000]);

    const sent: string[] = [];
    const after = open(clock, async (mail) => {
      sent.push(mail.subject);
      return [];
    });
    await clock.advance(60_000);
    await after.close();

    assert.deepEqual(sent, [MAIL.subject]);
    assert.deepEqual(readdirSync(join(folder, 'queue')), []);
  });

  it('gives up at once on a refusal for good, and after a day on anything else', async () => {
    const clock = new FakeClock(MAIL.atMs);
    const lost: string[] = [];
    const queue = open(
      clock,
      async (mail) => {
        throw mail.subject === 'bad' ? new MailRefused('550 no') : new Error('no answer');
      },
      { lost },
    );
    queue.add({ ...MAIL, subject: 'bad' });
    await clock.advance(1);
    assert.deepEqual(lost, ['550 no']);

    queue.add({ ...MAIL, subject: 'other' });
    await clock.advance(90_000_000);
    await queue.close();

    assert.deepEqual(lost, ['550 no', 'tried for a day: no answer']);
  });

  it('waits while there is nobody to send to, tries at once when there is again, and never again after that', async () => {
    const clock = new FakeClock(MAIL.atMs);
    const troubles: string[] = [];
    const sent: string[] = [];
    let isAway = true;
    const queue = open(
      clock,
      async (mail) => {
        if (isAway) throw new Error('connect ECONNREFUSED');
        sent.push(mail.subject);
        return [];
      },
      { troubles, in: 'paused' },
    );
    queue.add(MAIL);
    await clock.advance(1);
    queue.pause();
    queue.add({ ...MAIL, subject: 'other' });
    isAway = false;
    await clock.advance(600_000);
    assert.deepEqual([sent, troubles.at(-1)], [[], '1 mails wait until there is a mail server again']);
    assert.equal(readdirSync(join(folder, 'paused')).length, 2);

    queue.resume();
    await clock.advance(1);
    await clock.advance(1_000_000);
    assert.deepEqual([sent, readdirSync(join(folder, 'paused'))], [[MAIL.subject, 'other'], []]);
    await queue.close();
  });

  it('lets a mail that is half sent come to its end, however it pauses or closes meanwhile', async () => {
    const clock = new FakeClock(MAIL.atMs);
    let [begun, end] = [0, (): void => undefined];
    const send = (): Promise<readonly string[]> => {
      begun++;
      return new Promise((resolve) => {
        end = () => resolve([]);
      });
    };
    const queue = open(clock, send, { in: 'half' });
    queue.add(MAIL);
    await clock.advance(1);
    queue.pause();
    queue.resume();
    await clock.advance(1000);
    assert.equal(begun, 1, 'one conversation at a time');
    const closed = queue.close();
    end();
    await closed;
    assert.deepEqual(readdirSync(join(folder, 'half')), [], 'the next daemon sends it no more');

    const stuck = open(clock, send, { in: 'half' });
    stuck.add(MAIL);
    await clock.advance(1);
    const left = stuck.close();
    await clock.advance(5000);
    await left;
    assert.equal(readdirSync(join(folder, 'half')).length, 1, 'kept rather than lost');
  });

  it('waits no longer where the clock was set back', async () => {
    const clock = new FakeClock(MAIL.atMs);
    const tries: number[] = [];
    const send = async (): Promise<readonly string[]> => {
      tries.push(clock.nowMs());
      throw new Error('451 come back later');
    };
    const before = open(clock, send, { in: 'back' });
    before.add(MAIL);
    await clock.advance(1);
    await before.close();

    const earlier = new FakeClock(MAIL.atMs - 86_400_000);
    const after = open(earlier, async () => [], { in: 'back' });
    await earlier.advance(1);
    await after.close();
    assert.deepEqual([tries.length, after.size], [1, 0]);
  });

  it('drops what a crash left half written', async () => {
    writeFileSync(join(folder, 'queue', '1.json'), '{"mail":');

    const queue = open(new FakeClock(), async () => []);
    await queue.close();

    assert.equal(queue.size, 0);
  });
});
