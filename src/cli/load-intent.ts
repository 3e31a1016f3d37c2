// Loads the configuration for a command, with the objects of the API that belong to it: warnings are told, errors end it with everything that is wrong.
import type { Command } from 'commander';
import type { Diagnostic } from '../model/diagnostic.ts';
import { InputError } from '../model/errors.ts';
import type { Intent } from '../model/intent.ts';
import type { Session } from './session.ts';

/** The configuration has errors; they travel with the error, so that `-o json` can give them as data. */
export class InvalidConfig extends InputError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(path: string, diagnostics: readonly Diagnostic[]) {
    super('CONFIG_INVALID', `The configuration "${path}" has errors`, { details: { diagnostics } });
    this.diagnostics = diagnostics;
  }
}

export async function loadIntent(
  session: Session,
  command: Command,
  secrets: 'needed' | 'wished' = 'wished',
): Promise<Intent> {
  return (await loadValid(session, command, secrets)).intent;
}

/** With its hash, for those who compare it with what is in force, and the files it was read from. */
export async function loadValid(
  session: Session,
  command: Command,
  secrets: 'needed' | 'wished' = 'wished',
): Promise<{
  readonly intent: Intent;
  readonly hash: string | undefined;
  readonly files: readonly string[];
}> {
  const path = session.configPath(command);
  const { intent, hash, files, diagnostics } = await session.toolbox.loadConfig(path, secrets, 'kept');
  if (intent === undefined) throw new InvalidConfig(path, diagnostics);
  await session.warn(diagnostics, command);
  return { intent, hash, files };
}
