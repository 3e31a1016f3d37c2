// The command line against a toolbox of the test: colour, errors of every code, and faults of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolboxWith } from '../../test/fixtures/cli-toolbox.ts';
import { BugError, ERROR_CATALOGUE, type ErrorCode, InputError } from '../model/errors.ts';
import { exitCodeOf } from './exit-code.ts';
import { runCli } from './run-cli.ts';
import { wantsColour } from './session.ts';

test('wantsColour() follows the option, then NO_COLOR, then the terminal', () => {
  const table: [Parameters<typeof wantsColour>, boolean][] = [
    [['auto', {}, true], true],
    [['auto', {}, false], false],
    [['auto', { NO_COLOR: '1' }, true], false],
    [['auto', { NO_COLOR: '' }, true], true],
    [['auto', { TERM: 'dumb' }, true], false],
    [['always', { NO_COLOR: '1' }, false], true],
    [['never', {}, true], false],
  ];
  for (const [args, wanted] of table) assert.equal(wantsColour(...args), wanted, JSON.stringify(args));
});

test('runCli() ends with the exit code of every error of the catalogue, as text and as data', async () => {
  for (const code of Object.keys(ERROR_CATALOGUE) as ErrorCode[]) {
    const fail = async () => {
      throw new InputError(code, 'Cannot do it');
    };
    const text = toolboxWith({ readText: fail });
    const data = toolboxWith({ loadConfig: fail });

    assert.equal(await runCli(['fmt', 'x.yaml'], text.toolbox), exitCodeOf(code));
    assert.equal(await runCli(['validate', '-o', 'json'], data.toolbox), exitCodeOf(code));
    assert.equal(text.out.join(''), '');
    assert.equal(text.err.join(''), `error[${code}]: Cannot do it\n  hint: ${ERROR_CATALOGUE[code].cure}\n`);
    const { error } = JSON.parse(data.out.join('')) as { error: { code: string; message: string } };
    assert.deepEqual([error.code, error.message, data.err.join('')], [code, 'Cannot do it', '']);
  }
});

test('runCli() tells a fault of ours in one line, and its stack only when asked', async () => {
  const fail = async () => {
    throw new TypeError('x is not a function\nsecond line', { cause: new Error('deeper') });
  };
  const calm = toolboxWith({ configSchema: fail });
  const debug = toolboxWith({ configSchema: fail, env: { LBCTL_DEBUG: '1' } });

  assert.equal(await runCli(['show', 'schema'], calm.toolbox), 1);
  assert.equal(await runCli(['show', 'schema'], debug.toolbox), 1);
  assert.match(
    calm.err.join(''),
    /^error\[INTERNAL\]: Unexpected: x is not a function\n {2}hint: .*report it.*\n$/,
  );
  assert.match(
    debug.err.join(''),
    /TypeError: x is not a function[\s\S]*at .*run-cli\.test\.ts[\s\S]*caused by: Error: deeper/,
  );
});

test('runCli() says a broken invariant as it is', async () => {
  const { toolbox, err } = toolboxWith({
    configSchema: async () => {
      throw new BugError('Cannot be here');
    },
  });

  assert.equal(await runCli(['show', 'schema'], toolbox), 1);
  assert.match(err.join(''), /^error\[INTERNAL\]: Cannot be here\n/);
});
