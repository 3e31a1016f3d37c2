// From changed blocks to a worker that runs them: ports looked at, configuration validated, culprits parted from the rest,
// one reload, and the old configuration back in place when it fails.
import type { LbError } from '../../model/errors.ts';
import { OpError } from '../../model/errors.ts';
import { endpointKey } from '../../model/keys.ts';
import type { Step } from '../../model/plan.ts';
import { type ApplierPorts, refused, toError } from './apply.ts';
import type { Installed } from './certificates.ts';
import { FilesOfReload, type LaidFile } from './files-of-reload.ts';
import { listeningSockets, placesOfListener, programsOf, socketsOf } from './listening.ts';
import { type FilledList, listText } from './lists.ts';
import { dropUnnamed, layMissing, layNew } from './lists-of-reload.ts';
import { backendName, frontendName } from './names.ts';
import { Record } from './record.ts';
import type { WorkerState } from './worker-state.ts';

/** One step's edit of the record. */
export interface Change {
  readonly step: Step;
  readonly key: string;
  /** What its lists hold from now on. */
  readonly lists?: readonly FilledList[];
  /** A copy of another content, read by the same lines as before. */
  readonly file?: Installed;
  edit(draft: Record): void;
}

type Errors = Map<Step, LbError>;

const NONE: ReadonlySet<string> = new Set();

export class Reloader {
  readonly #ports: ApplierPorts;

  constructor(ports: ApplierPorts) {
    this.#ports = ports;
  }

  /** The record of what runs afterwards: the old one where nothing could be done. */
  async reload(
    changes: readonly Change[],
    record: Record,
    state: WorkerState | undefined,
    errors: Errors,
  ): Promise<Record> {
    const free = withTheirListener(this.#withFreePorts(changes, record, errors), record, errors);
    let left = await this.#validated(free, record, state, errors);
    // Once for what only the binding shows, then the others go on without them.
    for (let round = 0; round < 2 && left.length > 0; round++) {
      const draft = this.#draft(record, left);
      if (state !== undefined && draft.generation === record.generation) return this.#settled(draft);
      try {
        await this.#bringUp(draft, left, record, state);
        return draft;
      } catch (error) {
        const guilty = guiltyOf(left, error);
        for (const { step } of guilty.length === 0 ? left : guilty) errors.set(step, bindError(error, step));
        left = guilty.length === 0 ? [] : left.filter((change) => !guilty.includes(change));
      }
    }
    return record;
  }

  #draft(record: Record, changes: readonly Change[]): Record {
    const draft = new Record(record);
    for (const change of changes) change.edit(draft);
    draft.generation = this.#ports.store.generationFor(draft);
    return draft;
  }

  /** The same words as before: nothing to load again. */
  #settled(draft: Record): Record {
    this.#ports.store.settle(draft);
    return draft;
  }

  async #bringUp(
    draft: Record,
    changes: readonly Change[],
    record: Record,
    state: WorkerState | undefined,
  ): Promise<void> {
    const { process, store, beforeReload, supervisor } = this.#ports;
    const files = new FilesOfReload(changes.flatMap(filesOf));
    // By the file in force, so before another takes its place.
    if (state !== undefined) await process.mendMaster();
    let isPromoted = false;
    try {
      store.writeLists(draft.blocks.values());
      files.lay();
      layMissing(draft.blocks.values(), state);
      store.promote(store.writeCandidate('next', draft), draft);
      isPromoted = true;
      if (state === undefined) {
        if (process.pid() === undefined) await process.start();
        else await process.takeOver(draft.generation);
        supervisor?.expect(true);
      } else {
        await beforeReload();
        await process.reload(draft.generation);
      }
    } catch (error) {
      // Until then the one in force is in place, and what ran before it is no way back.
      if (isPromoted) store.rollBack();
      files.rollBack();
      throw error;
    }
    store.settle(draft);
    dropUnnamed(record, draft);
  }

  /** `haproxy -c` over all of it; when that fails each half alone, and so on, so that one fault stops one listener. */
  async #validated(
    changes: readonly Change[],
    record: Record,
    state: WorkerState | undefined,
    errors: Errors,
  ): Promise<readonly Change[]> {
    const check = (some: readonly Change[]): Promise<string | undefined> => this.#check(some, record, state);
    const refuse = (some: readonly Change[], said: string): void => {
      for (const { step } of some) errors.set(step, refused(step, said, 'HAPROXY_REFUSED'));
    };
    const partGood = async (groups: readonly (readonly Change[])[]): Promise<readonly Change[]> => {
      const all = groups.flat();
      const said = all.length === 0 ? undefined : await check(all);
      if (said === undefined) return all;
      if (groups.length === 1) {
        refuse(all, said);
        return [];
      }
      const middle = groups.length >> 1;
      return [...(await partGood(groups.slice(0, middle))), ...(await partGood(groups.slice(middle)))];
    };
    const good = await partGood(byListener(changes));
    if (good.length === changes.length || good.length === 0) return good;
    const together = await check(good);
    if (together === undefined) return good;
    refuse(good, together);
    return [];
  }

  /** What HAProxy has against it, or undefined. */
  async #check(
    changes: readonly Change[],
    record: Record,
    state: WorkerState | undefined,
  ): Promise<string | undefined> {
    const { process, store } = this.#ports;
    const draft = this.#draft(record, changes);
    store.writeLists(draft.blocks.values());
    layNew(changes.flatMap((change) => change.lists ?? []));
    layMissing(draft.blocks.values(), state);
    const files = new FilesOfReload(changes.flatMap((change) => change.file ?? []));
    const { ok, output } = await this.#withFiles(files, () =>
      process.validate(store.writeCandidate('check', draft)),
    );
    if (ok) return undefined;
    const alerts = output.split('\n').filter((line) => line.includes('ALERT'));
    return (alerts.length > 0 ? alerts : [output]).slice(0, 5).join('\n').trim();
  }

  /** They lie there for the look alone: another change must not fail by what is wrong with them. */
  async #withFiles<T>(files: FilesOfReload, work: () => Promise<T>): Promise<T> {
    try {
      files.lay();
      return await work();
    } finally {
      files.rollBack();
    }
  }

  #withFreePorts(changes: readonly Change[], record: Record, errors: Errors): readonly Change[] {
    const added = changes.filter(
      ({ step }) => step.item.kind === 'listener' && !record.blocks.has(step.item.key),
    );
    if (added.length === 0) return changes;
    const { process } = this.#ports;
    const sockets = listeningSockets(process.pid());
    const ours = new Set([...record.blocks.keys()].flatMap(placesOfListener));
    // One whose directory is gone is on no record of ours, and passes on what it holds.
    const held = record.blocks.size === 0 ? socketsOf(process.family()) : NONE;
    const taken = added.filter(({ step }) => {
      const place = takenPlace(step, sockets, (at, inode) => ours.has(at) || held.has(inode));
      if (place === undefined) return false;
      const inode = sockets.get(place) ?? '';
      errors.set(step, portInUse(step, `${programsOf(new Set([inode]))(inode)} has ${place}`));
      return true;
    });
    if (taken.length === 0) return changes;
    return changes.filter((change) => !taken.includes(change));
  }
}

/** No pool stays behind alone: what keeps its new listener away keeps it away too. */
function withTheirListener(changes: readonly Change[], record: Record, errors: Errors): readonly Change[] {
  const coming = new Set(changes.map(({ key }) => key));
  const failed = new Map([...errors].map(([{ item }, error]) => [item.key, error]));
  return changes.filter(({ step }) => {
    const { parent = '' } = step.item;
    const why = record.blocks.has(parent) || coming.has(parent) ? undefined : failed.get(parent);
    if (why !== undefined) errors.set(step, why);
    return why === undefined;
  });
}

function filesOf({ lists = [], file }: Change): readonly LaidFile[] {
  const laid = lists.map(({ path, entries }) => ({ path, text: listText(entries) }));
  return file === undefined ? laid : [...laid, file];
}

function byListener(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups = new Map<string, Change[]>();
  for (const change of changes) {
    const key = change.step.item.parent ?? change.key;
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups.values()];
}

/** The socket of somebody else that stands in the way: on the very address, or on all addresses of the family. */
function takenPlace(
  step: Step,
  sockets: ReadonlyMap<string, string>,
  isOurs: (place: string, inode: string) => boolean,
): string | undefined {
  for (const own of placesOfListener(step.item.key)) {
    const port = Number(own.slice(own.lastIndexOf(':') + 1));
    const wildcards = own.startsWith('[') ? ['::'] : ['0.0.0.0', '::'];
    for (const place of [own, ...wildcards.map((address) => endpointKey(address, port))])
      if (sockets.has(place) && !isOurs(place, sockets.get(place) ?? '')) return place;
  }
  return undefined;
}

/** HAProxy names the frontends it could not bind. */
function guiltyOf(changes: readonly Change[], error: unknown): readonly Change[] {
  const said = error instanceof Error ? error.message : '';
  return changes.filter(({ step }) => {
    const listener = step.item.parent ?? step.item.key;
    return said.includes(`${frontendName(listener)}:`) || said.includes(`${backendName(step.item.key)}/`);
  });
}

function bindError(error: unknown, step: Step): LbError {
  const said = error instanceof Error ? error.message : '';
  const line = said.split('\n').find((one) => one.includes(frontendName(step.item.parent ?? step.item.key)));
  if (line !== undefined && /Address already in use|cannot bind/.test(line))
    return portInUse(step, line.trim());
  return toError(error, step);
}

function portInUse(step: Step, who: string): OpError {
  return new OpError('PORT_IN_USE', `Cannot listen on "${step.item.key}" as another program does: ${who}`, {
    op: 'bind',
    target: step.item.key,
    errno: 'EADDRINUSE',
  });
}
