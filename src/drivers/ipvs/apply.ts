// Does the steps of a plan: settings first, nftables before a service comes and after it went, IPVS in one batch between.
import type { IpvsCommand, IpvsPort, NftPort, SysctlPort } from '../../kernel/ports.ts';
import type { Registry } from '../../kernel/registry.ts';
import type { StepResult } from '../../model/driver.ts';
import { BugError, type LbError, OpError } from '../../model/errors.ts';
import type { Step } from '../../model/plan.ts';
import { commandsOf, recover } from './commands.ts';
import { toLbError } from './failure.ts';
import { NftTable } from './nft-table.ts';
import { settingName } from './settings.ts';

export interface Outside {
  readonly ipvs: IpvsPort;
  readonly nft: NftPort;
  readonly sysctl: SysctlPort;
  readonly registry: Registry;
}

/** Tries of one command: add, then set, then add again. Two writers that undo each other must not hold us here. */
const MAX_TRIES = 3;

export async function applySteps(outside: Outside, steps: readonly Step[]): Promise<readonly StepResult[]> {
  const errors = new Map<Step, LbError>();
  const { registry } = outside;
  registry.reload();
  const before = claim(registry, steps);
  for (const step of steps) if (!isRow(step)) attempt(errors, step, () => applySetting(outside, step));

  const table = new NftTable(outside.nft);
  const rows = steps.filter(isRow);
  await table.apply(
    rows.filter((step) => step.verb !== 'remove'),
    errors,
  );
  await applyRows(outside.ipvs, rows, before, errors);
  await table.apply(
    rows.filter((step) => step.verb === 'remove'),
    errors,
  );

  release(registry, steps, before, errors);
  return steps.map((step) => {
    const error = errors.get(step);
    return error === undefined ? { step, ok: true } : { step, ok: false, error };
  });
}

function isRow(step: Step): boolean {
  return step.item.kind === 'listener' || step.item.kind === 'member' || step.item.kind === 'nft';
}

/**
 * Written down before anything is made, so that a crash in the middle leaves no orphan of ours. Gives the keys among these
 * steps that were ours before.
 */
function claim(registry: Registry, steps: readonly Step[]): ReadonlySet<string> {
  const before = new Set<string>();
  const claims = new Map<string, string>();
  for (const { item, verb } of steps) {
    if (item.kind !== 'listener' || verb === 'remove') continue;
    if (registry.claims.has(item.key)) before.add(item.key);
    claims.set(item.key, String(item.fields.through ?? ''));
  }
  if (claims.size > 0) registry.claim(claims);
  return before;
}

/** What is gone, and what could not be made because it is somebody else's. */
function release(
  registry: Registry,
  steps: readonly Step[],
  before: ReadonlySet<string>,
  errors: ReadonlyMap<Step, LbError>,
): void {
  const gone: string[] = [];
  for (const step of steps) {
    if (step.item.kind !== 'listener') continue;
    const failed = errors.has(step);
    if (step.verb === 'remove' ? !failed : failed && !before.has(step.item.key)) gone.push(step.item.key);
  }
  if (gone.length > 0) registry.release(gone);
}

async function applyRows(
  ipvs: IpvsPort,
  steps: readonly Step[],
  before: ReadonlySet<string>,
  errors: Map<Step, LbError>,
): Promise<void> {
  let open: { readonly step: Step; readonly command: IpvsCommand }[] = [];
  for (const step of steps) {
    if (errors.has(step)) continue;
    attempt(errors, step, () => {
      for (const command of commandsOf(step)) open.push({ step, command });
    });
  }
  for (let tries = 1; open.length > 0; tries++) {
    const results = await runAll(ipvs, open);
    const again: typeof open = [];
    results.forEach((error, index) => {
      if (error === undefined) return;
      const { step, command } = open[index]!;
      const isOurs = step.verb !== 'add' || before.has(step.item.key);
      const next = error instanceof OpError ? recover(command, error, isOurs) : undefined;
      if (next === 'done') return;
      if (next === undefined || tries === MAX_TRIES) errors.set(step, toConflict(step, command, error));
      else again.push({ step, command: next });
    });
    open = again;
  }
}

/** A failure of the whole batch (no IPVS, no permission) is the failure of each of its commands. */
async function runAll(
  ipvs: IpvsPort,
  open: readonly { readonly command: IpvsCommand }[],
): Promise<readonly (LbError | undefined)[]> {
  try {
    return await ipvs.execute(open.map(({ command }) => command));
  } catch (error) {
    const failure = toLbError(error, 'IPVS batch');
    return open.map(() => failure);
  }
}

/** Somebody made this very service between our look and our step. */
function toConflict(step: Step, command: IpvsCommand, error: LbError): LbError {
  if (command.kind !== 'add-service' || !(error instanceof OpError) || error.op.errno !== 'EEXIST')
    return error;
  return new OpError(
    'CONFLICT',
    `Cannot add listener "${step.item.key}" as somebody else made an IPVS service on this key`,
    error.op,
    { cause: error, retry: 'on-change' },
  );
}

function applySetting(outside: Outside, step: Step): void {
  const { item, verb } = step;
  if (item.kind === 'timeouts') {
    // Removed means no longer looked after: the last values stay, as connections run by them.
    if (verb === 'remove') return;
    const { tcp, tcpFin, udp } = item.fields;
    outside.ipvs.setTimeouts({
      tcpSeconds: Number(tcp),
      tcpFinSeconds: Number(tcpFin),
      udpSeconds: Number(udp),
    });
    return;
  }
  if (item.kind !== 'setting') throw new BugError(`Cannot apply a step of kind "${item.kind}"`);
  const name = settingName(item.key);
  const { registry, sysctl } = outside;
  if (verb === 'remove') {
    const before = registry.settings.get(name);
    if (before !== undefined && sysctl.get(name) !== undefined) sysctl.set(name, before);
    registry.releaseSetting(name);
    return;
  }
  registry.claimSetting(name, sysctl.get(name) ?? '0');
  sysctl.set(name, String(item.fields.value));
}

function attempt(errors: Map<Step, LbError>, step: Step, run: () => void): void {
  try {
    run();
  } catch (error) {
    errors.set(step, toLbError(error, step.id));
  }
}
