// High availability through the door: roles, planned moves, maintenance, and the word of an elector outside.

import { z } from 'zod';
import { LONGEST_LEASE_MS } from '../../engine/control.ts';
import { InputError, OpError } from '../../model/errors.ts';
import { ROLE_CHOOSERS } from '../../model/ha.ts';
import { ANNOUNCE_AS, type HaStatus, SYNC_PEER_STATES } from '../../model/ha-status.ts';
import { ROLES } from '../../model/protocol.ts';
import { readDuration } from './read-duration.ts';
import { type Route, type RouteContext, route } from './route.ts';

const millis = z.number().nonnegative().describe('milliseconds; a wall clock time counts from 1970');
const text = z.string();
const count = z.number().int().nonnegative();
const duration = z.string().max(32).describe('such as "5s"');

const groupShape = z.strictObject({
  group: text,
  chooser: z.enum(ROLE_CHOOSERS),
  role: z.enum(ROLES),
  epoch: count.describe('counts take-overs; kept over restarts'),
  reason: text.describe('of docs/reference/reasons.md'),
  detail: text,
  sinceMs: millis,
  priority: count,
});

const haShape = z.strictObject({
  maintenance: z.boolean(),
  applied: z.boolean().describe('the configuration stands in the data planes'),
  synced: z.boolean().describe('connections of the peers have been taken over, or are not asked for'),
  sync: z
    .strictObject({
      flows: count.describe('that peers were told of, or told us of'),
      homeless: count.describe('of peers that found no place: not configured here'),
      lookMs: millis,
      followers: count.describe('peers that come to us for flows'),
      backlog: count,
      peers: z.array(z.strictObject({ peer: text, state: z.enum(SYNC_PEER_STATES), received: count })),
    })
    .optional(),
  keepalivedPid: count.optional(),
  rivalAdverts: count,
  frrCommands: count,
  bfd: z.record(text, z.boolean()),
  bgp: z.record(text, text).describe('states of sessions by the name of the peer, as FRR calls them'),
  announced: z
    .array(z.strictObject({ address: text, as: z.enum(ANNOUNCE_AS) }))
    .describe('routes to VIPs that bgpd was told of and took'),
  groups: z.array(groupShape),
  troubles: z.array(text),
});

const moveRequest = z.strictObject({ timeout: duration.optional() });
const maintenanceRequest = z.strictObject({ on: z.boolean(), timeout: duration.optional() });
const leaseRequest = z.strictObject({
  role: z.enum(['active', 'standby']),
  epoch: count.describe('of the elector; an older one than the last is refused'),
  lease: duration.describe('how long it holds without another word, such as "3s"'),
});

const DEFAULT_MOVE_MS = 5000;
const LONGEST_MOVE_MS = 25_000;

function requireHa({ control }: RouteContext): HaStatus {
  const status = control.haStatus();
  if (status === undefined)
    throw new InputError('NOT_FOUND', 'Cannot answer as no group is configured', {
      hint: 'Add ha.groups to the configuration',
    });
  return status;
}

/** What a move changes, for the audit. */
function stateOf(context: RouteContext): object {
  const { maintenance, groups } = requireHa(context);
  return { maintenance, roles: Object.fromEntries(groups.map(({ group, role }) => [group, role])) };
}

/** Does it between the two looks that the audit wants. */
async function told(context: RouteContext, act: () => unknown): Promise<HaStatus> {
  const before = stateOf(context);
  context.tellChange({ before });
  await act();
  context.tellChange({ before, after: stateOf(context) });
  return requireHa(context);
}

function notTaken(op: string, left: readonly string[], timeoutMs: number): OpError {
  return new OpError(
    'TIMEOUT',
    `Cannot hand ${left.map((one) => `"${one}"`).join(', ')} over: no peer took it within ${timeoutMs} ms`,
    { op, target: left.join(', ') },
    { hint: 'See "lbctl ha status" on the peer; this node goes on serving' },
  );
}

function readMs(name: string, given: string | undefined, longest: number, fallback: number): number {
  if (given === undefined) return fallback;
  return readDuration(name, given, { leastMs: 1, mostMs: longest, like: '"500ms" or "5s"' });
}

export const haRoutes: readonly Route[] = [
  route('GET', '/v1/ha', {
    id: 'getHa',
    summary: 'The role of each group on this node, and what high availability knows of itself',
    tag: 'ha',
    reply: haShape,
    handle: (_, context) => requireHa(context),
  }),
  route('POST', '/v1/ha/failover', {
    id: 'failover',
    summary:
      'Hand every group over to the peer. Answers when it has them; where nobody takes them, they stay and it fails',
    tag: 'ha',
    shapes: { body: moveRequest },
    reply: haShape,
    handle: async ({ body }, context) => {
      const { control } = context;
      const before = requireHa(context);
      const timeoutMs = readMs('timeout', body.timeout, LONGEST_MOVE_MS, DEFAULT_MOVE_MS);
      // Nothing to hand over: kept back all the same, this node would leave the active one without a peer.
      if (before.groups.every(({ role }) => role !== 'active')) return told(context, async () => {});
      return told(context, async () => {
        const left = await control.handover(timeoutMs);
        if (left.length > 0) {
          control.setMaintenance(before.maintenance);
          throw notTaken('failover', left, timeoutMs);
        }
        // Who preempts would take its groups back at once.
        const groups = control.intent()?.ha?.groups ?? [];
        if (!before.maintenance && groups.every((group) => !group.preempt)) control.setMaintenance(false);
      });
    },
  }),
  route('PUT', '/v1/ha/maintenance', {
    id: 'setMaintenance',
    summary: 'Keep this node back (its groups move to the peer, if there is one) or let it come again',
    tag: 'ha',
    shapes: { body: maintenanceRequest },
    reply: haShape,
    handle: ({ body }, context) => {
      const { control } = context;
      const timeoutMs = readMs('timeout', body.timeout, LONGEST_MOVE_MS, DEFAULT_MOVE_MS);
      return told(context, async () => {
        if (!body.on) return control.setMaintenance(false);
        const left = await control.handover(timeoutMs);
        // With VRRP a node in maintenance serves on where there is no peer; where nodes watch each other it was not even tried.
        if (left.length > 0 && !requireHa(context).maintenance)
          throw notTaken('maintenance', left, timeoutMs);
      });
    },
  }),
  route('PUT', '/v1/ha/groups/{group}/lease', {
    id: 'grantLease',
    summary: 'Grant or deny the active role to this node, for a group whose chooser is "external"',
    tag: 'ha',
    shapes: { params: z.strictObject({ group: z.string().min(1).max(256) }), body: leaseRequest },
    reply: haShape,
    handle: ({ params, body }, context) => {
      const known = requireHa(context).groups.find((one) => one.group === params.group);
      if (known === undefined) throw new InputError('NOT_FOUND', `Cannot find group "${params.group}"`);
      if (known.chooser !== 'external')
        throw new InputError(
          'CONFLICT',
          `Cannot grant a lease for "${params.group}" as its role is chosen by "${known.chooser}"`,
          { hint: 'Set choose: external on the group' },
        );
      const leaseMs = readMs('lease', body.lease, LONGEST_LEASE_MS, 0);
      const lease = { group: params.group, role: body.role, epoch: body.epoch, leaseMs };
      return told(context, () => context.control.grantLease(lease));
    },
  }),
];
