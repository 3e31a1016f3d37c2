// What the daemon says, as a command was asked to print it: data for programs, a table for people.
import type { Command } from 'commander';
import { type ListFormat, toOutput } from './output.ts';
import { type LiveTable, renderLive } from './render-live.ts';
import type { Session } from './session.ts';

export async function liveText(
  output: ListFormat,
  { data, table }: { readonly data: unknown; readonly table: LiveTable },
  session: Session,
  command: Command,
): Promise<string> {
  if (output === 'json' || output === 'yaml') return toOutput(output, data);
  return renderLive(table, {
    wide: output === 'wide',
    colour: session.colour(command),
    nowMs: session.toolbox.nowMs(),
  });
}
