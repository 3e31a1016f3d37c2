// Pools and their members: no duplicates, somebody who can serve, a quorum that can be met.
import { commandWords } from '../../lib/command-words.ts';
import { Note } from '../../lib/note.ts';
import { shownPart } from '../../lib/partly-secret.ts';
import { specialKind } from '../../lib/special-address.ts';
import { endpointKey } from '../../model/keys.ts';
import type { Member, Pool } from '../../model/pool.ts';
import type { Placed } from '../merge.ts';
import { below, type Finding, type Report } from '../report.ts';
import type { PoolDoc } from '../schema/pool.ts';
import type { CheckContext } from './context.ts';
import { isOwned } from './context.ts';

export function checkPools(context: CheckContext): void {
  const { intent, report, merged } = context;
  const addresses = new Set([...intent.vips.values()].map((vip) => vip.address));
  const allRead = merged.unreadable.listeners.size === 0 && !merged.unreadableBlocks.has('listeners');
  if (allRead)
    for (const placed of merged.pools) if (!context.usersOf.has(placed.doc.name)) tellUnused(placed, report);
  context.open.eachPool((pool) => {
    if (pool.members.length === 0) {
      if (!isOwned(context, pool) || context.docs.get(pool.name)?.members !== undefined)
        report.add('pool-empty', context.at(pool, 'members'), `The pool "${pool.name}" has no members`);
      return;
    }
    checkMembers(context, pool, addresses);
    checkShares(context, pool);
    checkQuorum(context, pool);
  });
}

/** Hundreds may wait for their listeners, and each is told with every write. */
const UNUSED = new Note<Placed<PoolDoc>, Finding>();

function tellUnused(placed: Placed<PoolDoc>, report: Report): void {
  const known = UNUSED.get(placed);
  if (known !== undefined) return void report.repeat(known);
  const { doc, origin } = placed;
  const message = `No listener uses the pool "${doc.name}"`;
  UNUSED.set(placed, report.add('pool-unused', below(origin, 'name'), message));
}

/** Beyond this many members a table is cheaper than looking at all before. */
const FEW_MEMBERS = 16;

function checkMembers(context: CheckContext, pool: Pool, vips: ReadonlySet<string>): void {
  const { report } = context;
  const { members } = pool;
  const at = (index: number, key: string) => context.at(pool, 'members', index, key);
  const same = earlierLike(
    members,
    (member) => `${member.address} ${member.port}`,
    (a, b) => a.address === b.address && a.port === b.port,
  );
  const sameName = earlierLike(
    members,
    (member) => member.name,
    (a, b) => a.name === b.name,
  );
  members.forEach((member, index) => {
    const first = same(index);
    const named = sameName(index);
    if (first !== -1)
      report.add(
        'duplicate-member',
        at(index, 'address'),
        `The member ${member.port === 0 ? member.address : endpointKey(member.address, member.port)} stands twice in pool "${pool.name}"`,
        { other: at(first, 'address') },
      );
    else if (named !== -1)
      report.add(
        'duplicate-member-name',
        at(index, 'name'),
        `Two members of pool "${pool.name}" are called "${member.name}"`,
        {
          other: at(named, 'name'),
        },
      );
    const kind = specialKind(member.address);
    if (kind !== undefined)
      report.add(
        'member-special-address',
        at(index, 'address'),
        `A member must be a unicast address: ${member.address} is ${kind}`,
      );
    if (vips.has(member.address))
      report.add(
        'member-is-vip',
        at(index, 'address'),
        `The member ${member.address} has the address of a VIP`,
      );
    if (member.minConnections > 0 && member.maxConnections === 0)
      report.add(
        'min-without-max',
        at(index, 'min_connections'),
        'min_connections has no effect without max_connections',
        { what: 'key' },
      );
    else if (member.minConnections > member.maxConnections)
      report.add(
        'connections-order',
        at(index, 'min_connections'),
        `min_connections must not be above max_connections: ${member.minConnections} is above ${member.maxConnections}`,
      );
  });
  const { sorry } = pool;
  if (sorry === undefined) return;
  const clash = members.some(
    (member) =>
      member.address === sorry.address &&
      (member.port === sorry.port || sorry.port === 0 || member.port === 0),
  );
  if (clash)
    report.add(
      'sorry-is-member',
      context.at(pool, 'sorry', 'address'),
      `The sorry server ${sorry.address} is a member of pool "${pool.name}"`,
    );
}

function checkShares(context: CheckContext, pool: Pool): void {
  const { report } = context;
  const { members } = pool;
  const at = () => context.at(pool, 'members');
  if (members.every((member) => member.weight === 0))
    report.add('all-weights-zero', at(), `All members of pool "${pool.name}" have weight 0`);
  if (members.every((member) => member.backup))
    report.add('backup-only', at(), `All members of pool "${pool.name}" are backups`);
  if (members.every((member) => member.state === 'drain' || member.state === 'down'))
    report.add('all-members-off', at(), `All members of pool "${pool.name}" are drained or down`);
  const checks = pool.checks.length > 0 || members.some((member) => member.checks !== undefined);
  if (pool.slowStartMs > 0 && !checks)
    report.add(
      'slow-start-unchecked',
      context.at(pool, 'slow_start'),
      'slow_start has no effect without "health"',
      { what: 'key' },
    );
  if (pool.maxQueue > 0 && members.every((member) => member.maxConnections === 0))
    report.add(
      'queue-without-limit',
      context.at(pool, 'max_queue'),
      'max_queue has no effect while no member has max_connections',
      { what: 'key' },
    );
  const { maxMembersPerListener } = context.intent.guard;
  if (maxMembersPerListener > 0 && members.length > maxMembersPerListener)
    report.add(
      'guard-members',
      at(),
      `The pool "${pool.name}" has ${members.length} members and the guard permits ${maxMembersPerListener}`,
    );
}

function checkQuorum(context: CheckContext, pool: Pool): void {
  const { weight, hysteresis } = pool.quorum;
  const total = pool.members.reduce((sum, member) => sum + member.weight, 0);
  if (total > 0 && weight + hysteresis > total)
    context.report.add(
      'quorum-over-weight',
      context.at(pool, 'quorum', 'weight'),
      `The quorum of ${hysteresis === 0 ? weight : `${weight} + ${hysteresis}`} can never be met: all members of pool "${pool.name}" together weigh ${total}`,
    );
  for (const [key, line] of [
    ['on_up', pool.quorum.onUp],
    ['on_down', pool.quorum.onDown],
  ] as const) {
    if (line === undefined || commandWords(line)?.[0]?.startsWith('/') === true) continue;
    context.report.add(
      'check-script-path',
      context.at(pool, 'quorum', key),
      `A program is named by its absolute path, and every quote is closed: current value is "${shownPart(key, line)}"`,
    );
  }
  if (hysteresis > 0 && hysteresis >= weight)
    context.report.add(
      'hysteresis-over-quorum',
      context.at(pool, 'quorum', 'hysteresis'),
      `With a hysteresis of ${hysteresis} the quorum of ${weight} is never lost`,
    );
}

/** The index of the first member before this one that is like it, or -1. */
function earlierLike(
  members: readonly Member[],
  keyOf: (member: Member) => string,
  isLike: (a: Member, b: Member) => boolean,
): (index: number) => number {
  if (members.length <= FEW_MEMBERS)
    return (index) => {
      const found = members.findIndex((other) => isLike(other, members[index]!));
      return found < index ? found : -1;
    };
  const firsts = new Map<string, number>();
  members.forEach((member, index) => {
    const key = keyOf(member);
    if (!firsts.has(key)) firsts.set(key, index);
  });
  return (index) => {
    const first = firsts.get(keyOf(members[index]!))!;
    return first < index ? first : -1;
  };
}
