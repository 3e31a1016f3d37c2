// What may stand at the place of the last word: commands, options, their values, arguments.
import type { Command, Option } from 'commander';
import type { Session } from '../session.ts';
import { argumentValues, type Candidate, FILES, type Found, NOTHING, type Place } from './argument-values.ts';

/** Words after the program's name; the last one, maybe empty, is being written. */
export async function complete(
  program: Command,
  words: readonly string[],
  session: Session,
): Promise<string> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1).filter((word) => word !== '=');
  const at = walk(program, before);
  const found = await candidatesAt(at, current === '=' ? '' : current, session);
  const prefix = current === '=' ? '' : current;
  const lines = found.candidates
    .filter(({ word }) => word.startsWith(prefix))
    .map(({ word, meaning }) => `${word}\t${meaning}\n`);
  return lines.join('') + (found.files ? ':files\n' : '');
}

function walk(program: Command, words: readonly string[]): Place {
  let chain = [program];
  let given: string[] = [];
  let waiting: Option | undefined;
  let config: string | undefined;
  for (const word of words) {
    const command = chain.at(-1)!;
    const take = (option: Option, value: string): void => {
      if (option.long === '--config') config = value;
      // Which daemon is asked is read from the command, as where it runs.
      const owner = chain.find(({ options }) => options.includes(option));
      owner?.setOptionValue(option.attributeName(), value);
    };
    if (waiting !== undefined) {
      take(waiting, word);
      waiting = undefined;
    } else if (word.startsWith('-')) {
      const [name = '', value] = word.split('=', 2);
      const option = optionsOf(chain).find((one) => one.short === name || one.long === name);
      if (option?.required === true && value === undefined) waiting = option;
      else if (option?.required === true && value !== undefined) take(option, value);
    } else {
      const next = command.commands.find((one) => one.name() === word);
      if (next !== undefined && given.length === 0) {
        chain = [...chain, next];
        given = [];
      } else given = [...given, word];
    }
  }
  return {
    command: chain.at(-1)!,
    chain,
    given,
    ...(waiting === undefined ? {} : { option: waiting }),
    ...(config === undefined ? {} : { config }),
  };
}

function optionsOf(chain: readonly Command[]): Option[] {
  return chain.flatMap((command) => command.options).filter((option) => !option.hidden);
}

async function candidatesAt(place: Place, current: string, session: Session): Promise<Found> {
  if (place.option !== undefined) return valuesOf(place.option);
  if (current.startsWith('--') && current.includes('=')) {
    const [name = ''] = current.split('=', 1);
    const option = optionsOf(place.chain).find((one) => one.long === name);
    if (option === undefined) return NOTHING;
    const values = valuesOf(option);
    return {
      ...values,
      candidates: values.candidates.map((one) => ({ ...one, word: `${name}=${one.word}` })),
    };
  }
  if (current.startsWith('-')) {
    const candidates = optionsOf(place.chain).map((option) => ({
      word: option.long ?? option.short ?? '',
      meaning: option.description,
    }));
    return { candidates: [...candidates, { word: '--help', meaning: 'print this help' }], files: false };
  }
  const { command, given } = place;
  // What follows `help` is a path in the tree.
  const root = command.name() === 'help' ? command.parent : null;
  if (root !== null) {
    const topic = walk(root, given);
    return { candidates: topic.given.length === 0 ? subcommandsOf(topic.command) : [], files: false };
  }
  const commands = given.length === 0 ? subcommandsOf(command) : [];
  if (commands.length > 0) return { candidates: commands, files: false };
  const last = command.registeredArguments.at(-1);
  const argument = command.registeredArguments[given.length] ?? (last?.variadic === true ? last : undefined);
  return argument === undefined ? NOTHING : argumentValues(argument, place, session);
}

function subcommandsOf(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  // `lbctl help` is worth offering, `lbctl import help` is noise.
  const worth = visible.filter((one) => command.parent === null || one.name() !== 'help');
  return worth.map((one) => ({ word: one.name(), meaning: one.summary() || one.description() }));
}

function valuesOf(option: Option): Found {
  if (option.argChoices !== undefined)
    return { candidates: option.argChoices.map((word) => ({ word, meaning: '' })), files: false };
  if (option.long === '--against')
    return { candidates: [{ word: 'memory', meaning: 'an empty machine' }], files: true };
  return /file/.test(option.flags) ? FILES : NOTHING;
}
