import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from '../../../lab/process.ts';
import { BEAT, never, soon } from '../../../test/fixtures/checks.ts';
import { Secret } from '../../lib/secret.ts';
import type { CheckOf } from './checker.ts';
import { checkFile } from './file.ts';
import { checkIcmp } from './icmp.ts';
import { checkScript } from './script.ts';

const TARGET = { address: '192.0.2.1', port: 80 };
const folder = mkdtempSync(join(tmpdir(), 'lbctl-script-check-'));
after(() => rmSync(folder, { recursive: true }));

function script(text: string, more: Partial<CheckOf<'script'>> = {}): CheckOf<'script'> {
  return {
    ...BEAT,
    type: 'script',
    command: ['/bin/sh', '-c', text],
    environment: {},
    dynamicWeight: false,
    ...more,
  };
}

describe('checkScript()', () => {
  it('reads the exit code: 0 up, 1 down, others a weight where asked', async () => {
    assert.deepEqual(await checkScript(script('exit 0'), TARGET, soon()), { ok: true });
    assert.deepEqual(await checkScript(script('echo no disk >&2; exit 1'), TARGET, soon()), {
      ok: false,
      error: 'The script ended with code 1: no disk',
    });
    assert.deepEqual(await checkScript(script('exit 52', { dynamicWeight: true }), TARGET, soon()), {
      ok: true,
      weight: 50,
    });
    assert.deepEqual(await checkScript(script('exit 52'), TARGET, soon()), {
      ok: false,
      error: 'The script ended with code 52',
    });
  });

  it('tells the script its target and nothing else of our environment', async () => {
    process.env.LBCTL_TEST_LEAK = 'leaked';
    const check = script('test "$LBCTL_ADDRESS $LBCTL_PORT $TOKEN$LBCTL_TEST_LEAK" = "192.0.2.1 80 t0p"', {
      environment: { TOKEN: new Secret('t0p') },
    });

    assert.deepEqual(await checkScript(check, TARGET, soon()), { ok: true });
  });

  it('kills the whole group of a script that forks and never ends', async () => {
    const pidFile = join(folder, 'pid');
    const check = script(`sleep 60 & echo $! > ${pidFile}; sleep 60`);

    const outcome = await checkScript(check, TARGET, never());

    assert.deepEqual(outcome, { ok: false, error: 'Timed out; the script and all it started were killed' });
    assert.ok(existsSync(pidFile));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    for (let i = 0; i < 1000 && isRunning(pid); i++) await sleep(10);
    assert.equal(isRunning(pid), false);
  });

  it('is not held up by a child that keeps the pipes open', async () => {
    // Held up, it would time out.
    assert.deepEqual(await checkScript(script('sleep 300 & exit 0'), TARGET, soon()), { ok: true });
  });

  it('runs as another user', async () => {
    const outcome = await checkScript(
      script(`test "$(id -un) $(id -g)" = "nobody $(id -g nobody)"`, { user: 'nobody' }),
      TARGET,
      soon(),
    );

    assert.deepEqual(outcome, { ok: true });
  });

  it('names a program that is not there', async () => {
    const outcome = await checkScript({ ...script(''), command: ['/no/such/check'] }, TARGET, soon());

    assert.deepEqual(outcome, { ok: false, error: 'Cannot run "/no/such/check": there is no such file' });
  });
});

describe('checkFile()', () => {
  it('reads a value, a weight, and says what is wrong with a file', async () => {
    const path = join(folder, 'value');
    const check: CheckOf<'file'> = { ...BEAT, type: 'file', path, dynamicWeight: false };
    const answer = (text: string, dynamicWeight = false) => {
      writeFileSync(path, text);
      return checkFile({ ...check, dynamicWeight }, TARGET, soon());
    };

    assert.deepEqual(await answer('0\n'), { ok: true });
    assert.deepEqual(await answer('70', true), { ok: true, weight: 70 });
    assert.deepEqual(await answer('-1'), { ok: false, error: `${path} says -1` });
    assert.deepEqual(await answer('up'), { ok: false, error: `${path} holds no number` });
    assert.deepEqual(await checkFile({ ...check, path: `${path}.gone` }, TARGET, soon()), {
      ok: false,
      error: `Cannot read ${path}.gone: there is no such file`,
    });
  });
});

describe('checkIcmp()', () => {
  const ICMP: CheckOf<'icmp'> = { ...BEAT, type: 'icmp', payloadBytes: 56 };

  it('is answered by this very host over both families', async () => {
    assert.deepEqual(await checkIcmp(ICMP, { address: '127.0.0.1', port: 0 }, soon()), { ok: true });
    assert.deepEqual(await checkIcmp(ICMP, { address: '::1', port: 0 }, soon()), { ok: true });
  });

  it('keeps many checks at once apart', async () => {
    const addresses = Array.from({ length: 200 }, (_, i) => `127.0.1.${i}`);

    const outcomes = await Promise.all(
      addresses.map((address) => checkIcmp(ICMP, { address, port: 0 }, soon())),
    );

    assert.deepEqual(
      outcomes,
      addresses.map(() => ({ ok: true })),
    );
  });
});
