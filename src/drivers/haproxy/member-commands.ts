// Member steps as commands of the admin socket. Each may be said twice: what is there is set, what is gone stays gone.
import type { Item } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import { toCommand } from './command-line.ts';
import { backendName } from './names.ts';
import type { Backend } from './record-types.ts';
import { isWatched } from './render/backend.ts';
import { serverArguments, serverPlace } from './render/render.ts';
import type { LiveServer } from './servers.ts';

export interface Command {
  readonly text: string;
  /** Answers that mean it went well; an empty one always does. */
  readonly fine?: RegExp;
}

export function memberCommands(
  step: Step,
  backend: Backend,
  live: LiveServer | undefined,
): readonly Command[] {
  if (step.verb === 'remove') return live === undefined ? [] : goneCommands(serverOf(step.item));
  const commands: Command[] = [];
  if (live === undefined) {
    commands.push({
      text: `add server ${backendName(step.item.parent ?? '')}/${toCommand(serverArguments(step.item, backend))}`,
      fine: /New server registered|Already exists/,
    });
    if (isWatched(backend)) commands.push({ text: `enable health ${serverOf(step.item)}` });
  }
  return [...commands, ...setCommands(step, live)];
}

function setCommands(step: Step, live: LiveServer | undefined): readonly Command[] {
  const { item } = step;
  const { weight, state, maxConnections, resetFlows, address, port } = item.fields;
  const server = serverOf(item);
  const commands: Command[] = [];
  if (live !== undefined && (live.address !== address || live.port !== port))
    commands.push({
      text: `set server ${server} addr ${address}${Number(port) === 0 ? '' : ` port ${port}`}`,
      fine: /changed|no need/,
    });
  commands.push({ text: `set server ${server} weight ${weight}` });
  // Before "ready": a full member must not be flooded in between.
  if (maxConnections !== undefined || step.changes.includes('maxConnections'))
    commands.push({ text: `set maxconn server ${server} ${maxConnections ?? 0}` });
  commands.push({ text: `set server ${server} state ${state}` });
  if (resetFlows === true) commands.push({ text: `shutdown sessions server ${server}` });
  return commands;
}

/** Nothing new reaches it from here on. A server that still serves stays, and `Leaving` follows it to its end. */
export function goneCommands(server: string): readonly Command[] {
  return [
    { text: `set server ${server} state maint`, fine: /No such server/ },
    {
      text: `del server ${server}`,
      fine: /Server deleted|No such server|still has|attached|cannot be deleted|in use/i,
    },
  ];
}

/** `backend/server`. */
export function serverOf(item: Item): string {
  return `${backendName(item.parent ?? '')}/${serverPlace(item).name}`;
}
