// What every listener needs: an address or a mark, a port, a pool; and no two ways of saying one thing.
import type { Listener } from '../../model/listener.ts';
import { poolKeysOf } from '../decode/listener.ts';
import { below } from '../report.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';

/** An engine without ranges gets one service a port. */
const LARGE_RANGE = 1024;

export function checkListenerShape(context: CheckContext): void {
  const { intent, merged, report } = context;
  const marks = new Map<string, Listener>();
  const vips = { noun: 'VIP', names: intent.vips, section: 'vips' } as const;
  const pools = { noun: 'pool', names: intent.pools, section: 'pools' } as const;
  context.open.eachListener((listener) => {
    const doc = docOf(context, listener);
    if (doc === undefined) return;
    const origin = context.at(listener);
    for (const [one, many] of [
      ['vip', 'vips'],
      ['port', 'ports'],
    ] as const)
      if (doc[one] !== undefined && doc[many] !== undefined)
        report.add('one-and-many', below(origin, one), `"${one}" and "${many}" are both set`, {
          what: 'key',
        });
    if (doc.mark === undefined && doc.mark_family !== undefined)
      report.add(
        'family-without-mark',
        below(origin, 'mark_family'),
        'mark_family has no effect without "mark"',
        {
          what: 'key',
        },
      );
    if (doc.mark !== undefined && doc.mark_family === undefined)
      report.add(
        'mark-without-family',
        below(origin, 'mark'),
        'A mark listener must say its address family',
        {
          hint: 'Add "mark_family: 4" or "mark_family: 6"',
        },
      );
    if (doc.pool !== undefined)
      for (const key of poolKeysOf(doc))
        report.add(
          'pool-and-members',
          below(origin, key),
          `The listener names a pool and holds "${key}" itself`,
          { what: 'key', hint: `Move "${key}" to the pool "${doc.pool}"` },
        );
    if (doc.mark_family === 5)
      report.add('not-allowed', below(origin, 'mark_family'), 'Must be 4 or 6: current value is 5');
  });
  for (const listener of intent.listeners.values())
    if (listener.mark !== undefined) {
      const key = `${listener.mark}/${listener.markFamily ?? 4}`;
      const first = marks.get(key);
      if (first !== undefined)
        report.add(
          'duplicate-mark',
          context.at(listener, 'mark'),
          `The listeners "${first.name}" and "${listener.name}" take mark ${listener.mark}`,
          {
            other: context.at(first, 'mark'),
          },
        );
      else marks.set(key, listener);
    }
  context.open.eachListener((listener) => {
    checkPlace(context, listener);
    const written = manyOrOne(context, listener);
    const seen = new Set<string>();
    listener.vips.forEach((vip, index) => {
      const origin = written(index);
      if (seen.has(vip))
        report.add('vip-repeated', origin, `The listener "${listener.name}" names "${vip}" twice`);
      seen.add(vip);
      checkReference(context, origin, vip, vips);
    });
    listener.ports.forEach((range, index) => {
      const count = range.to - range.from + 1;
      if (count > LARGE_RANGE)
        report.add(
          'range-large',
          portPlace(context, listener)(index),
          `The range ${range.from}-${range.to} has ${count} ports`,
        );
    });
    if (context.at(listener).path[0] === 'listeners' && !ownsPool(context, listener))
      checkReference(context, context.at(listener, 'pool'), listener.pool, pools);
    else if (!answersAlone(listener) && !holdsMembers(context, listener))
      report.add(
        'listener-without-pool',
        context.at(listener),
        `The listener "${listener.name}" has neither "pool" nor "members"`,
        {
          what: 'key',
        },
      );
  });
  if (
    intent.listeners.size === 0 &&
    merged.unreadable.listeners.size === 0 &&
    !merged.unreadableBlocks.has('listeners')
  )
    report.add('no-listeners', context.main(), 'The configuration has no listener');
}

function checkPlace(context: CheckContext, listener: Listener): void {
  const { report } = context;
  const at = context.at(listener);
  if (listener.mark !== undefined) {
    if (listener.vips.length > 0 || listener.ports.length > 0)
      report.add(
        'mark-with-address',
        context.at(listener, 'mark'),
        `The listener "${listener.name}" takes a mark and an address or port too`,
      );
    return;
  }
  if (listener.vips.length === 0)
    report.add('listener-without-address', at, `The listener "${listener.name}" has no "vip"`, {
      what: 'key',
      hint: 'Add "vip: 192.0.2.10" or the name of a VIP',
    });
  if (listener.ports.length === 0)
    report.add('listener-without-port', at, `The listener "${listener.name}" has no "port"`, { what: 'key' });
}

/** Where the nth VIP of a listener stands, whichever of the two keys holds it. */
export function manyOrOne(
  context: CheckContext,
  listener: Listener,
): (index: number) => ReturnType<CheckContext['at']> {
  const doc = docOf(context, listener);
  return (index) =>
    doc?.vips === undefined ? context.at(listener, 'vip') : context.at(listener, 'vips', index);
}

/** Where the nth port of a listener stands. */
export function portPlace(
  context: CheckContext,
  listener: Listener,
): (index: number) => ReturnType<CheckContext['at']> {
  const doc = docOf(context, listener);
  return (index) =>
    doc?.ports === undefined ? context.at(listener, 'port') : context.at(listener, 'ports', index);
}

function docOf(context: CheckContext, listener: Listener) {
  return context.docs.get(listener.name);
}

function ownsPool(context: CheckContext, listener: Listener): boolean {
  return docOf(context, listener)?.pool === undefined;
}

function holdsMembers(context: CheckContext, listener: Listener): boolean {
  return docOf(context, listener)?.members !== undefined;
}

/** A listener whose last rule always acts, or that is in maintenance, needs no pool. */
function answersAlone(listener: Listener): boolean {
  const rules = listener.http?.rules ?? [];
  return listener.http?.maintenance === true || rules.some((rule) => rule.matches.length === 0);
}
