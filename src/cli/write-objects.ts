// What create, set and delete do: read what is there, send the change against it, tell the revision or the plan.
import type { Command } from 'commander';
import { InputError } from '../model/errors.ts';
import { type PlanJson, planFromJson } from '../plan/plan-json.ts';
import { renderPlan } from '../plan/render-plan.ts';
import type { Client, Method } from './client.ts';
import { ROUND_MS, trialText } from './commands/control.ts';
import type { WriteOptions } from './commands/objects.ts';
import { findDaemon } from './find-daemon.ts';
import { birthplaceOf, type ObjectWord, pathOf, readSettings, type Settings } from './object-words.ts';
import { toOutput } from './output.ts';
import type { Session } from './session.ts';

interface Written {
  readonly revision?: number;
  readonly plan?: PlanJson;
  readonly removed?: readonly { readonly kind: string; readonly name: string }[];
}

interface Sending {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
  readonly ifMatch?: string | undefined;
}

const SECTIONS = { vips: 'vip', pools: 'pool', listeners: 'listener', certificates: 'certificate' } as const;

export async function createObject(
  {
    kind,
    name,
    settings,
  }: { kind: ObjectWord | undefined; name: string | undefined; settings: readonly string[] },
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const given = options.file === undefined ? {} : await readSpec(options.file, session);
  const client = await findDaemon(session, command);
  const sections = Object.keys(SECTIONS).filter((section) => Object.hasOwn(given, section));
  if (sections.length > 0) {
    if (kind !== undefined)
      throw new InputError('USAGE', `Cannot create a ${kind} from a file of many objects`, {
        hint: `Run "lbctl create -f ${options.file}" alone`,
      });
    const body = { objects: objectsOf(given, options.project) };
    await send(
      { method: 'POST', path: '/v1/objects', body },
      `${body.objects.length} objects are made`,
      client,
      options,
      session,
      command,
    );
    return;
  }
  const called = name ?? (typeof given.name === 'string' ? given.name : undefined);
  if (kind === undefined || called === undefined)
    throw new InputError('USAGE', 'Cannot create an object without its kind and name', {
      hint: 'For example "lbctl create pool web", or -f with a file of many objects',
    });
  const place = birthplaceOf(kind, called);
  if (kind === 'member' && options.project !== undefined)
    throw new InputError(
      'USAGE',
      'Cannot create a member with --project as it is of the project of its pool',
    );
  const project = options.project === undefined ? {} : { project: options.project };
  const body = { ...given, ...project, ...(await readSettings(settings)), name: place.name };
  await send(
    { method: 'POST', path: place.path, body },
    `${kind} ${called} is made`,
    client,
    options,
    session,
    command,
  );
}

export async function setObject(
  { kind, name, settings }: { kind: ObjectWord; name: string; settings: readonly string[] },
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const body = await readSettings(settings);
  const client = await findDaemon(session, command);
  const path = pathOf(kind, name);
  const { etag } = await client.ask('GET', path);
  await send(
    { method: 'PATCH', path, body, ifMatch: etag },
    `${kind} ${name} is changed`,
    client,
    options,
    session,
    command,
  );
}

export async function deleteObject(
  { kind, name }: { kind: ObjectWord; name: string },
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  if (kind === 'member' && options.cascade === true)
    throw new InputError('USAGE', 'Cannot delete a member with --cascade as nothing refers to a member');
  const client = await findDaemon(session, command);
  const path = pathOf(kind, name);
  const { etag } = await client.ask('GET', path);
  await send(
    { method: 'DELETE', path, ifMatch: etag },
    `${kind} ${name} is gone`,
    client,
    options,
    session,
    command,
  );
}

async function send(
  { method, path, body, ifMatch }: Sending,
  done: string,
  client: Client,
  options: WriteOptions,
  session: Session,
  command: Command,
): Promise<void> {
  const query = {
    dry_run: options.dryRun === true ? 'true' : undefined,
    cascade: options.cascade === true ? 'true' : undefined,
    force: options.force === true ? 'true' : undefined,
    reason: options.reason,
    confirm_within: options.confirmWithin,
  };
  const answer = await client.call<Written>(method, path, {
    query,
    timeoutMs: ROUND_MS,
    ...(body === undefined ? {} : { body }),
    ...(ifMatch === undefined ? {} : { ifMatch }),
  });
  if (options.output !== 'table') {
    session.print(await toOutput(options.output, answer));
    return;
  }
  if (answer.plan !== undefined) {
    const width = session.toolbox.stdout.columns;
    session.print(renderPlan(planFromJson(answer.plan), { colour: session.colour(command), width }));
    session.tell('nothing is changed\n');
    return;
  }
  const others = (answer.removed ?? []).slice(1).map((one) => `${one.kind} ${one.name}`);
  const more = method === 'DELETE' && others.length > 0 ? `, with ${others.join(', ')}` : '';
  session.print(`${done}${more}: revision ${answer.revision}\n${trialText(options)}`);
}

async function readSpec(file: string, session: Session): Promise<Settings> {
  const { parse } = await import('yaml');
  const text = await session.toolbox.readText(file);
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new InputError(
      'USAGE',
      `Cannot read "${file}" as YAML: ${(cause as Error).message.split('\n', 1)[0]}`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Settings;
  throw new InputError('USAGE', `Cannot read "${file}" as an object: it must hold keys with values`);
}

function objectsOf(given: Settings, project: string | undefined): { kind: string; spec: unknown }[] {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(SECTIONS, key) && key !== 'version');
  if (unknown !== undefined)
    throw new InputError('USAGE', `Cannot create "${unknown}" through the API: only objects are made there`, {
      hint: `Known here: ${Object.keys(SECTIONS).join(', ')}`,
    });
  return Object.entries(SECTIONS).flatMap(([section, kind]) => {
    const list = given[section];
    return Array.isArray(list)
      ? list.map((spec: unknown) => ({
          kind,
          spec: project === undefined ? spec : { project, ...(spec as Settings) },
        }))
      : [];
  });
}
