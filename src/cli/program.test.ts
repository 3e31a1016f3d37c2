// What every command tells of itself: help, reference and man pages are made of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { toolboxWith } from '../../test/fixtures/cli-toolbox.ts';
import { createProgram } from './program.ts';
import { Session } from './session.ts';

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ ...command.configureOutput(), writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

test('createProgram() has a summary, sentences and an example for every command, and words for all it takes', () => {
  const silent: string[] = [];
  let count = 0;
  const walk = (command: Command, path: string, isShown: boolean): void => {
    count++;
    const shows = isShown || helpOf(command).includes('\nExamples:\n');
    const children = visible(command);
    if (command.summary() === '') silent.push(`${path}: no summary`);
    if (!/[.)]$/.test(command.description())) silent.push(`${path}: no sentences`);
    if (children.length === 0 && !shows) silent.push(`${path}: no example, here or above`);
    for (const argument of command.registeredArguments)
      if (argument.description === '') silent.push(`${path} ${argument.name()}: not described`);
    for (const option of command.options)
      if (!option.hidden && option.description === '') silent.push(`${path} ${option.flags}: not described`);
    for (const one of children) walk(one, `${path} ${one.name()}`, shows);
  };

  const program = createProgram(new Session(toolboxWith({}).toolbox));
  for (const one of visible(program)) walk(one, one.name(), false);

  assert.deepEqual(silent, []);
  assert.ok(count > 60, `${count} commands`);
});
