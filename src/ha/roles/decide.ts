// Which role the inputs ask for now. Pure: no memory but the role and epoch that stand.
import type { Role } from '../../model/protocol.ts';
import type { Reason } from '../../model/reason.ts';
import { effectivePriority, type GroupInputs } from './inputs.ts';
import { losesTo } from './split-brain.ts';

export interface Standing {
  readonly role: Role;
  readonly epoch: number;
}

export interface Verdict {
  readonly role: Role;
  readonly reason: Reason;
  readonly detail: string;
  /** The addresses have moved already: nothing is left to delay. */
  readonly done: boolean;
  /** Nobody else carries it if this node does not: flapping or not, it is taken at once. */
  readonly urgent?: boolean;
  /** Given up for a fault, whatever the role is then: it may come again and again. */
  readonly fails?: boolean;
  /** Given by an elector; otherwise the state machine counts. */
  readonly epoch?: number;
  /** When time alone may change the verdict. */
  readonly untilMs?: number;
}

export function decide(inputs: GroupInputs, standing: Standing, nowMs: number): Verdict {
  const { choice, group } = inputs;
  if (group.chooser === 'vrrp') return byVrrp(inputs);
  if (inputs.faults.length > 0) return verdict('fault', 'Fault', inputs.faults.join('; '));
  // A node that was active before a restart of ours goes on: what it served stands in the data planes.
  if (!inputs.applied && standing.role !== 'active')
    return verdict('standby', 'NotReady', 'the configuration is not applied yet');
  if (inputs.maintenance && group.chooser !== 'bgp-ecmp')
    return verdict('standby', 'Maintenance', 'an operator asked for it');
  const lost = lostTo(inputs, standing, nowMs);
  if (lost !== undefined) return lost;

  if (group.chooser === 'static')
    return { ...byName(group.initialRole, 'fixed in the configuration'), urgent: true };
  if (group.chooser === 'bgp-ecmp') return byName('active', 'all nodes are active');
  if (group.chooser === 'external') {
    if (choice?.kind !== 'lease') return byName('standby', 'the elector has not spoken');
    if (choice.untilMs <= nowMs) return byName('standby', 'the lease of the elector ran out');
    return {
      ...byName(choice.role, 'by the elector'),
      urgent: true,
      epoch: choice.epoch,
      untilMs: choice.untilMs,
    };
  }
  return byPeers(inputs, standing, nowMs);
}

function byVrrp(inputs: GroupInputs): Verdict {
  if (inputs.choice?.kind !== 'vrrp') return byName('standby', 'VRRP has not spoken');
  const { role, why = 'VRRP holds it in fault' } = inputs.choice;
  if (role === 'active') return { ...byName(role, 'elected by VRRP'), done: true };
  const back = whyBack(inputs) ?? (role === 'fault' ? ['Fault', why] : ['Standby', 'another node is master']);
  return { ...verdict(role, back[0], back[1]), done: true };
}

/** Why this node asks VRRP not to be chosen, if it does. */
function whyBack(inputs: GroupInputs): readonly [Reason, string] | undefined {
  if (inputs.faults.length > 0) return ['Fault', inputs.faults.join('; ')];
  if (inputs.yieldsTo !== undefined)
    return ['SplitBrain', `${inputs.yieldsTo} carries it too and comes first; VRRP does not hear it`];
  if (inputs.isUnheard) return ['SplitBrain', 'the other master does not hear this node'];
  if (!inputs.applied) return ['NotReady', 'the configuration is not applied yet'];
  if (inputs.maintenance) return ['Maintenance', 'an operator asked for it'];
  if (!inputs.synced) return ['NotReady', 'connections of the peer are still coming in'];
  return undefined;
}

/** Two nodes and a watch between them (BGP preference, BFD). */
function byPeers(inputs: GroupInputs, standing: Standing, nowMs: number): Verdict {
  const alive = inputs.choice?.kind === 'peers' ? inputs.choice.alive : 'none';
  if (alive === 'no') return { ...byName('active', 'no other node is seen'), urgent: true };
  if (alive === 'deaf')
    return {
      ...verdict('standby', 'SplitBrain', 'the other node does not hear this one and carries it'),
      fails: true,
    };
  if (alive === 'unknown')
    return byName(
      standing.role === 'active' ? 'active' : 'standby',
      'the other nodes have not been heard yet',
    );
  const report = inputs.peer !== undefined && inputs.peer.untilMs > nowMs ? inputs.peer : undefined;
  if (!inputs.synced && standing.role !== 'active')
    return verdict('standby', 'NotReady', 'connections of the peer are still coming in');
  if (report !== undefined) return byReport(inputs, standing, report.priority, report.role, report.node);
  // The other one leaves it as soon as it sees this node: it knows nothing of a wait.
  return inputs.preferred
    ? { ...byName('active', 'the preferred node'), urgent: true }
    : byName('standby', 'the preferred node is seen');
}

function byReport(
  inputs: GroupInputs,
  standing: Standing,
  priority: number,
  role: Role,
  node: string,
): Verdict {
  const mine = effectivePriority(inputs);
  if (role === 'fault') return byName('active', `${node} is in fault`);
  if (!inputs.group.preempt && role === 'active' && standing.role !== 'active')
    return byName('standby', `${node} is active and is not preempted`);
  const wins = mine > priority || (mine === priority && inputs.node > node);
  return wins
    ? byName('active', `priority ${mine} is above ${priority} of ${node}`)
    : byName('standby', `priority ${mine} is below ${priority} of ${node}`);
}

function lostTo(inputs: GroupInputs, standing: Standing, nowMs: number): Verdict | undefined {
  const { rival } = inputs;
  if (rival === undefined || rival.untilMs <= nowMs || inputs.group.chooser === 'bgp-ecmp') return undefined;
  const me = { node: inputs.node, priority: effectivePriority(inputs), epoch: standing.epoch };
  if (!losesTo(me, rival)) return undefined;
  const who = rival.node ?? 'another node';
  return {
    ...verdict('standby', 'SplitBrain', `${who} carries it too and comes first`),
    untilMs: rival.untilMs,
  };
}

function byName(role: 'active' | 'standby' | 'fault', detail: string): Verdict {
  return verdict(role, role === 'active' ? 'Active' : role === 'standby' ? 'Standby' : 'Fault', detail);
}

function verdict(role: Role, reason: Reason, detail: string): Verdict {
  return { role, reason, detail, done: false };
}
