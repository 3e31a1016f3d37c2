// A step as IPVS commands, and what to do when the table is not as the plan saw it: every step is idempotent.
import type { IpvsCommand } from '../../kernel/ports.ts';
import { BugError, type OpError } from '../../model/errors.ts';
import type { Item } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';
import { toDestination, toService } from './fields.ts';
import { parseTarget, toServiceKey } from './service-key.ts';

/** In order. Empty where the step is no matter of the IPVS table, or nothing of the row itself differs. */
export function commandsOf(step: Step): readonly IpvsCommand[] {
  const { item, verb } = step;
  if (item.kind === 'member') return [memberCommand(step, serviceOf(item, item.parent ?? ''))];
  if (item.kind !== 'listener') return [];
  const key = serviceOf(item, item.key);
  if (verb === 'remove') return [{ kind: 'delete-service', key }];
  const service = toService(key, item.fields);
  if (verb === 'add') return [{ kind: 'add-service', service }];
  // Its mark moved, or its rule was lost: the old service goes where it is another one.
  const old = toServiceKey(item.key, String(step.before?.through ?? ''));
  if (verb === 'change' && step.before?.through !== undefined && step.changes.includes('through')) {
    return [
      { kind: 'add-service', service },
      { kind: 'delete-service', key: old! },
    ];
  }
  return step.changes.some((field) => SERVICE_FIELDS.has(field)) ? [{ kind: 'set-service', service }] : [];
}

/** Fields that live in the service row; the others live in nftables. */
const SERVICE_FIELDS = new Set(['scheduler', 'flags', 'persistence', 'persistenceEngine']);

/**
 * After a refusal: the command that does what the step wants all the same, `done` where it is so already, or undefined
 * where the refusal stands. `isOurs` says whether we had made the service before this step.
 */
export function recover(
  command: IpvsCommand,
  error: OpError,
  isOurs: boolean,
): IpvsCommand | 'done' | undefined {
  const { errno } = error.op;
  switch (command.kind) {
    case 'add-service':
      return errno === 'EEXIST' && isOurs ? { ...command, kind: 'set-service' } : undefined;
    case 'set-service':
      return errno === 'ESRCH' ? { ...command, kind: 'add-service' } : undefined;
    case 'add-destination':
      if (errno === 'EEXIST') return { ...command, kind: 'set-destination' };
      // Its service is gone, and comes back in this very pass if its own step is among ours.
      return errno === 'ESRCH' ? command : undefined;
    case 'set-destination':
      return errno === 'ENOENT' || errno === 'ESRCH' ? { ...command, kind: 'add-destination' } : undefined;
    case 'delete-service':
      return errno === 'ESRCH' ? 'done' : undefined;
    case 'delete-destination':
      return errno === 'ENOENT' || errno === 'ESRCH' ? 'done' : undefined;
    default:
      return undefined;
  }
}

function serviceOf(item: Item, listener: string): IpvsServiceKey {
  const key = toServiceKey(listener, String(item.fields.through ?? ''));
  if (key === undefined) throw new BugError(`Cannot find the IPVS service of "${item.key}"`);
  return key;
}

function memberCommand(step: Step, service: IpvsServiceKey): IpvsCommand {
  const { item, verb } = step;
  const endpoint = parseEndpoint(item.key.slice((item.parent ?? '').length + ' > '.length));
  if (verb === 'remove') return { kind: 'delete-destination', service, destination: endpoint };
  const destination = toDestination(endpoint.address, endpoint.port, item.fields);
  return { kind: verb === 'add' ? 'add-destination' : 'set-destination', service, destination };
}

/** `10.0.0.1:80`, `[2001:db8::1]:80`; read like a listener of TCP. */
function parseEndpoint(text: string): { readonly address: string; readonly port: number } {
  const target = parseTarget(`tcp/${text}`);
  if (target === undefined || target.kind === 'mark')
    throw new BugError(`Cannot read the endpoint "${text}"`);
  return { address: target.address, port: target.portFrom };
}
