// Steps to deeds: one validated configuration and one reload for all that needs it, then members through the socket.

import type { StepResult } from '../../model/driver.ts';
import { BugError, LbError, OpError } from '../../model/errors.ts';
import type { Item } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import { certificateOf, copyOf, type Installed } from './certificates.ts';
import { behindOf } from './desired.ts';
import { changeEntries } from './entries.ts';
import { Leaving } from './leaving.ts';
import { isEntry } from './lists.ts';
import { type Command, goneCommands, memberCommands, serverOf } from './member-commands.ts';
import { backendName, pathOfKey } from './names.ts';
import type { Stray } from './observed-block.ts';
import { cutInOldWorkers, sendPastFailed } from './old-workers.ts';
import type { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import type { NeededFile } from './record-types.ts';
import { type Change, Reloader } from './reload.ts';
import { serverPlace } from './render/render.ts';
import { isUnwritable, removeFile, replaceFile } from './run-files.ts';
import { type ask, askWithPayload } from './sockets.ts';
import type { Store } from './store.ts';
import type { Supervisor } from './supervisor.ts';
import type { WorkerState } from './worker-state.ts';
import type { WorkerWatch } from './worker-watch.ts';

export interface ApplierPorts {
  readonly process: HaproxyProcess;
  readonly store: Store;
  readonly nowMs: () => number;
  readonly ask: typeof ask;
  readonly watch: WorkerWatch;
  /** What the last look found on record nowhere. */
  readonly strays: () => readonly Stray[];
  readonly beforeReload: () => Promise<void>;
  readonly supervisor?: Supervisor;
}

type Errors = Map<Step, LbError>;

export class Applier {
  readonly #ports: ApplierPorts;
  readonly #reloader: Reloader;
  readonly #leaving: Leaving;
  /** Why a file or certificate of the configuration is not in our directory, by key. */
  readonly #notLaid = new Map<string, LbError>();
  /** One apply after another: all of them write the same file. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ports: ApplierPorts) {
    this.#ports = ports;
    this.#reloader = new Reloader(ports);
    this.#leaving = new Leaving({
      ask: ports.ask,
      socket: ports.process.admin,
      nowMs: ports.nowMs,
      cutInOldWorkers: (servers) => cutInOldWorkers(ports.process, servers),
      deleted: (server) => ports.watch.deleted(server),
      exclusive: (work) => this.#enqueue(work),
    });
  }

  /** Members that were taken out finish what they serve. */
  close(): Promise<void> {
    return this.#leaving.close();
  }

  apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    const { supervisor } = this.#ports;
    const run = () => this.#apply(steps);
    return this.#enqueue(() => (supervisor === undefined ? run() : supervisor.during(run)));
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  async #apply(steps: readonly Step[]): Promise<readonly StepResult[]> {
    const errors: Errors = new Map();
    this.#ports.store.prepare();
    const { watch } = this.#ports;
    // Members and entries stand as the look before this plan showed them; their commands say what is wrong with that.
    const isSmall = steps.every(({ item }) => item.kind === 'member' || isEntry(item));
    let state = await (isSmall ? watch.last() : watch.look());
    let record = this.#ports.store.recordOf(state?.generation ?? '');

    const changes = this.#installFiles(steps, record, errors);
    for (const step of steps) this.#remember(step, errors.get(step));
    for (const step of steps)
      if (isBlock(step)) attempt(errors, step, () => changes.push(this.#blockChange(step, record)));
    if (changes.length > 0) {
      record = await this.#reloader.reload(changes, record, state, errors);
      watch.forget();
      state = await watch.look();
    }
    watch.changed(steps.map(({ item }) => backendName(item.parent ?? '')));
    await this.#changeCertificates(steps, record, state, errors);
    await this.#changeMembers(steps, record, state, errors);
    const { ask, process } = this.#ports;
    await changeEntries(
      { ask, socket: process.admin },
      steps.filter(({ item }) => isEntry(item)),
      record,
      state,
      errors,
    );
    await this.#removeStrays(record);
    this.#removeFiles(steps, record, errors);
    return steps.map((step) => {
      const error = errors.get(step);
      return error === undefined ? { step, ok: true } : { step, ok: false, error };
    });
  }

  /** Copies sources; a changed file of the running configuration asks for a reload. */
  #installFiles(steps: readonly Step[], record: Record, errors: Errors): Change[] {
    const { settings } = this.#ports.store;
    const changes: Change[] = [];
    for (const step of steps) {
      const path = behindOf(step.item)?.path;
      if (step.item.kind !== 'file' || step.verb === 'remove') continue;
      attempt(errors, step, () => {
        if (path === undefined)
          throw new BugError(`Cannot apply "${step.id}" as nothing says which file it is`);
        const file = copyOf(settings, path);
        const { key, digest } = file;
        if (step.verb === 'change')
          changes.push({ step, key, file, edit: (draft) => draft.files.set(key, digest) });
        else this.#install(file, record);
      });
    }
    for (const step of steps) {
      if (step.item.kind !== 'certificate' || step.verb === 'remove' || step.verb === 'change') continue;
      attempt(errors, step, () => this.#install(this.#certificateOf(step.item), record));
    }
    return changes;
  }

  #remember({ item: { kind, key } }: Step, error: LbError | undefined): void {
    if (kind !== 'certificate' && kind !== 'file') return;
    if (error === undefined) this.#notLaid.delete(key);
    else this.#notLaid.set(key, error);
  }

  #certificateOf(one: Item): Installed {
    const certificate = behindOf(one)?.certificate;
    if (certificate === undefined)
      throw new OpError('CERTIFICATE_INVALID', `Cannot find "${one.key}" in the configuration`, {
        op: 'read',
        target: one.key,
      });
    return certificateOf(this.#ports.store.settings, certificate, this.#ports.nowMs());
  }

  #install({ path, text, key, digest }: Installed, record: Record): void {
    replaceFile(path, text);
    this.#ports.store.writeFileDigest(record, key, digest);
  }

  #blockChange(step: Step, record: Record): Change {
    const { key } = step.item;
    if (step.verb === 'remove') return { step, key, edit: (draft) => draft.dropBlock(key) };
    const { block, lists = [], fault } = behindOf(step.item) ?? {};
    if (fault !== undefined) throw fault;
    if (block === undefined) throw new BugError(`Cannot apply "${step.id}" as nothing says what to write`);
    for (const { kind, name } of block.needs)
      if (!record.files.has(`${kind} ${name}`)) throw this.#notInstalled(key, kind, name);
    // Members that stand confirmed stay as they are: their own steps change them.
    return { step, key, lists, edit: (draft) => draft.blocks.set(key, block) };
  }

  /** With what was wrong, which its own step met in a phase before. */
  #notInstalled(key: string, kind: NeededFile['kind'], name: string): OpError {
    const cause = this.#notLaid.get(`${kind} ${name}`);
    const why = cause === undefined ? '' : `: ${cause.message}`;
    return new OpError(
      kind === 'certificate' ? 'CERTIFICATE_INVALID' : 'FILE_UNREADABLE',
      `Cannot write "${key}" as ${kind} "${name}" could not be installed${why}`,
      { op: 'install', target: name },
      cause === undefined ? {} : { cause },
    );
  }

  async #changeCertificates(
    steps: readonly Step[],
    record: Record,
    state: WorkerState | undefined,
    errors: Errors,
  ): Promise<void> {
    for (const step of steps) {
      if (step.item.kind !== 'certificate' || step.verb !== 'change') continue;
      await attemptAsync(errors, step, async () => {
        const installed = this.#certificateOf(step.item);
        const { path, text } = installed;
        if (state === undefined) return this.#install(installed, record);
        const { admin } = this.#ports.process;
        const said = await askWithPayload(admin, `set ssl cert ${path}`, text);
        // Laid ready but not loaded by any listener yet.
        if (/Can't replace a certificate which is not referenced/i.test(said))
          return this.#install(installed, record);
        const [committed = ''] = await this.#ports.ask(admin, [`commit ssl cert ${path}`]);
        // Written only now: one that HAProxy does not take would stop its next reload, and its next start.
        if (/Success/.test(committed)) return this.#install(installed, record);
        await this.#ports.ask(admin, [`abort ssl cert ${path}`]);
        throw refused(step, `${said} ${committed}`.trim(), 'CERTIFICATE_INVALID');
      });
    }
  }

  async #changeMembers(
    steps: readonly Step[],
    record: Record,
    state: WorkerState | undefined,
    errors: Errors,
  ): Promise<void> {
    const due = steps.filter((step) => step.item.kind === 'member');
    let commands: { readonly step: Step; readonly command: Command }[] = [];
    let ready: Step[] = [];
    for (const step of due)
      attempt(errors, step, () => {
        const container = step.item.parent ?? '';
        const block = record.blocks.get(container);
        if (block === undefined) {
          // Gone with its listener.
          if (step.verb === 'remove') return;
          throw new OpError('NOT_FOUND', `Cannot apply "${step.id}" as "${container}" is not there`, {
            op: 'apply',
            target: container,
          });
        }
        const name = serverPlace(step.item).name;
        const live = state?.servers.get(backendName(container))?.byName.get(name);
        for (const command of memberCommands(step, block.backend, live)) commands.push({ step, command });
        if (step.verb !== 'remove') this.#leaving.keep(serverOf(step.item));
        ready.push(step);
      });
    if (ready.length === 0) return;
    const unwritten = this.#write(record, ready);
    if (unwritten !== undefined) {
      // Whoever fails must leave, with or without room on the disk: only what comes and goes waits for its place in the file.
      const waiting = ready.filter(({ verb }) => verb !== 'change');
      for (const step of waiting) errors.set(step, unwritten);
      this.#revert(record, waiting);
      commands = commands.filter(({ step }) => step.verb === 'change');
      ready = ready.filter(({ verb }) => verb === 'change');
    }
    let answers: readonly string[];
    try {
      answers = await this.#ports.ask(
        this.#ports.process.admin,
        commands.map(({ command }) => command.text),
      );
    } catch (error) {
      for (const step of ready) errors.set(step, toError(error, step));
      this.#revert(record, ready);
      return;
    }
    answers.forEach((answer, index) => {
      const { step, command } = commands[index]!;
      if (answer !== '' && command.fine?.test(answer) !== true && !errors.has(step))
        errors.set(step, refused(step, answer, 'DRIVER_FAILED'));
    });
    this.#revert(
      record,
      ready.filter((step) => errors.has(step)),
    );
    this.#leaving.add(leftBehind(commands, answers));
    this.#leaving.cut(ready.filter(({ verb }) => verb === 'remove').map(({ item }) => serverOf(item)));
    await this.#tellOldWorkers(ready, record);
    for (const step of unwritten === undefined ? [] : ready)
      if (!errors.has(step)) errors.set(step, unwritten!);
  }

  async #tellOldWorkers(steps: readonly Step[], record: Record): Promise<void> {
    const { process, store } = this.#ports;
    const reset = steps.filter(({ verb, item }) => verb !== 'remove' && item.fields.resetFlows === true);
    try {
      await sendPastFailed(process, store, record, steps);
      await cutInOldWorkers(
        process,
        reset.map(({ item }) => serverOf(item)),
      );
    } catch {
      // A master that does not answer fails the next reload, and is told then.
    }
  }

  /** Servers whose removal another daemon did not see to its end, or whose own step never came. */
  async #removeStrays(record: Record): Promise<void> {
    const strays = this.#ports
      .strays()
      .filter(({ container, server }) => isStray(record, container, server))
      .map(({ backend, server }) => `${backend}/${server}`);
    if (strays.length === 0) return;
    const commands = strays.flatMap(goneCommands).map(({ text }) => text);
    await this.#ports.ask(this.#ports.process.admin, commands);
    this.#leaving.add(strays);
  }

  #write(record: Record, steps: readonly Step[]): LbError | undefined {
    const put = steps.filter((step) => step.verb !== 'remove').map((step) => step.item);
    const gone = steps.filter((step) => step.verb === 'remove').map((step) => step.item);
    return this.#note(record, put, gone);
  }

  /** What failed is as it was: the next plan holds it again. */
  #revert(record: Record, steps: readonly Step[]): void {
    if (steps.length === 0) return;
    const put: Item[] = [];
    const gone: Item[] = [];
    for (const { item, before, verb } of steps) {
      if (verb === 'add' || verb === 'adopt' || before === undefined) gone.push(item);
      else put.push({ ...item, fields: before });
    }
    this.#note(record, put, gone);
  }

  /** Why the files do not say so too: we know it all the same, and the next write tells all of it. */
  #note(record: Record, put: readonly Item[], gone: readonly Item[]): LbError | undefined {
    for (const member of put) record.putMember(member);
    for (const { key, parent = '' } of gone) record.dropMember(key, parent);
    try {
      this.#ports.store.writeMembers(record, put, gone);
      return undefined;
    } catch (error) {
      if (isUnwritable(error)) return error;
      throw error;
    }
  }

  #removeFiles(steps: readonly Step[], record: Record, errors: Errors): void {
    const { store } = this.#ports;
    for (const step of steps) {
      const { kind, key } = step.item;
      if (step.verb !== 'remove' || (kind !== 'certificate' && kind !== 'file')) continue;
      attempt(errors, step, () => {
        const user = userOf(key, record);
        if (user !== undefined) throw stillInUse(step, user);
        removeFile(pathOfKey(store.settings, key));
        store.writeFileDigest(record, key, '');
      });
    }
  }
}

/** The listener or pool of the running configuration that reads it: its own change may have failed. */
function userOf(file: string, record: Record): string | undefined {
  for (const [key, { needs }] of record.blocks)
    if (needs.some(({ kind, name }) => `${kind} ${name}` === file)) return key;
  return undefined;
}

function stillInUse(step: Step, user: string): OpError {
  return new OpError(
    'OBJECT_IN_USE',
    `Cannot remove "${step.item.key}" as "${user}" runs with it until its own change succeeds`,
    { op: 'apply', target: step.item.key },
    { hint: 'Mend what that change fails by ("lbctl status" tells); then this is removed by itself' },
  );
}

/** Servers that could not be deleted as something is still served by them. */
function leftBehind(
  commands: readonly { readonly step: Step; readonly command: Command }[],
  answers: readonly string[],
): readonly string[] {
  return commands.flatMap(({ step, command }, index) =>
    command.text.startsWith('del server') && !/Server deleted|No such/.test(answers[index]!)
      ? [serverOf(step.item)]
      : [],
  );
}

/** Still there, and still on no record. */
function isStray(record: Record, container: string, server: string): boolean {
  const block = record.blocks.get(container);
  if (block === undefined) return false;
  return !record.membersToWrite(block).some((member) => serverPlace(member).name === server);
}

function isBlock({ item }: Step): boolean {
  return item.kind === 'listener' || item.kind === 'pool';
}

export function refused(
  step: Step,
  said: string,
  code: 'DRIVER_FAILED' | 'CERTIFICATE_INVALID' | 'HAPROXY_REFUSED',
): OpError {
  return new OpError(code, `Cannot apply "${step.id}" as HAProxy refused: ${said}`, {
    op: 'apply',
    target: step.item.key,
    kernelMessage: said,
  });
}

export function toError(error: unknown, step: Step): LbError {
  return error instanceof LbError ? error : new BugError(`Cannot apply "${step.id}"`, { cause: error });
}

function attempt(errors: Errors, step: Step, run: () => void): void {
  try {
    run();
  } catch (error) {
    errors.set(step, toError(error, step));
  }
}

async function attemptAsync(errors: Errors, step: Step, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    errors.set(step, toError(error, step));
  }
}
