// What never ends by itself ends, quietly, when nobody reads it any more: `lbctl show rates -w | head -1`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { Session } from '../../src/cli/session.ts';
import { toolboxWith } from '../fixtures/cli-toolbox.ts';
import { openDaemons, type RunningDaemon } from './run-daemon.ts';
import { ROOT } from './run-lbctl.ts';

/** Far more than a command takes to start, on any machine; a command that does not end would take for ever. */
const LIMIT_MS = 60_000;
const daemons = openDaemons('pipes');
let daemon: RunningDaemon;

before(async () => {
  daemon = await daemons.start(
    'lb',
    `vips: [{ name: www, address: 192.0.2.10, group: pair }]
ha: { groups: [{ name: pair, choose: external }] }
listeners: [{ name: web, vip: www, port: 80, members: [{ address: 127.0.0.1, port: 9 }] }]`,
  );
});

/** Words of every command that has this option, from the program itself. */
function commandsWith(option: string, of: Command = createProgram(new Session(toolboxWith({}).toolbox))) {
  const found: string[][] = [];
  const walk = (command: Command, words: readonly string[]): void => {
    if (command.options.some((one) => one.long === option)) found.push([...words, ...wordsFor(command)]);
    for (const inner of command.commands) walk(inner, [...words, inner.name()]);
  };
  walk(of, []);
  return found;
}

function wordsFor(command: Command): string[] {
  return command.registeredArguments
    .filter((argument) => argument.required)
    .map((argument) => argument.argChoices?.[0] ?? assert.fail(`${command.name()} needs ${argument.name()}`));
}

/** The code of lbctl itself, not of head; what both of them told. */
async function firstLineOf(words: readonly string[], meanwhile?: () => Promise<unknown>): Promise<string> {
  const script = 'set -o pipefail; "$@" | head -1';
  const child = spawn('bash', ['-c', script, 'bash', `${ROOT}/lbctl`, ...words], {
    env: { PATH: process.env.PATH, LBCTL_SOCKET: daemon.socket, LBCTL_CONFIG: daemon.config },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  const ended = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  let code: number | string | null | undefined;
  while (code === undefined) {
    await meanwhile?.();
    code = await Promise.race([ended, sleep(100, undefined)]);
  }
  clearTimeout(limit);
  assert.equal(code, 0, `lbctl ${words.join(' ')} ended with ${code}: ${text}`);
  return text;
}

test('every command with --watch ends quietly when its reader has seen enough', async () => {
  const commands = commandsWith('--watch');
  assert.ok(commands.length > 5, JSON.stringify(commands));
  for (const words of commands) {
    const text = await firstLineOf([...words, '--watch', '0.1']);
    assert.match(text, /^[^\n]+\n$/, words.join(' '));
  }
});

test('every command with --follow ends quietly at the next thing it has to tell', async () => {
  const commands = commandsWith('--follow');
  assert.ok(commands.length > 0);
  for (const words of commands) {
    const text = await firstLineOf([...words, '--follow'], () => daemon.lbctl('reload'));
    assert.match(text, /^[^\n]+\n$/, words.join(' '));
  }
});
