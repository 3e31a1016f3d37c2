// Scheduler, persistence and allowed sources of a listener.
import { familyOf } from '../../lib/ip.ts';
import { contains, hasHostBits, networkOf, parsePrefix } from '../../lib/prefix.ts';
import type { Listener } from '../../model/listener.ts';
import type { CheckContext } from './context.ts';
import { candidates } from './engines.ts';

const DAY_MS = 86_400_000;
/** Schedulers that give every member the same share. */
const UNWEIGHTED = new Set(['rr', 'lc', 'lblc', 'lblcr', 'random']);

export function checkBalancing(context: CheckContext): void {
  context.open.eachListener((listener) => {
    checkScheduler(context, listener);
    checkPersistence(context, listener);
    checkSources(context, listener);
  });
}

function checkScheduler(context: CheckContext, listener: Listener): void {
  const { report, intent } = context;
  const { scheduler, schedulerFlags, protocol } = listener;
  for (const flag of schedulerFlags) {
    if (flag === 'one-packet') {
      if (protocol !== 'udp')
        report.add(
          'scheduler-flag',
          context.at(listener, 'scheduler', 'flags'),
          `one-packet needs protocol udp: current protocol is ${protocol}`,
        );
      if (listener.persistence !== undefined)
        report.add(
          'persistence-one-packet',
          context.at(listener, 'scheduler', 'flags'),
          'one-packet schedules every datagram afresh, so clients do not stick',
        );
    } else if (scheduler !== 'sh' && scheduler !== 'mh')
      report.add(
        'scheduler-flag',
        context.at(listener, 'scheduler', 'flags'),
        `The flag ${flag} goes with sh and mh: current scheduler is ${scheduler}`,
      );
  }
  if (scheduler === 'header' && listener.schedulerKey === undefined)
    report.add('scheduler-key', context.at(listener, 'scheduler'), 'Scheduler header must say which header', {
      hint: 'Write { name: header, key: X-User }',
    });
  if (scheduler !== 'header' && listener.schedulerKey !== undefined)
    report.add(
      'without-effect',
      context.at(listener, 'scheduler', 'key'),
      '"key" has no effect without scheduler header',
      { what: 'key' },
    );
  const pool = intent.pools.get(listener.pool);
  const members = pool?.members ?? [];
  const weights = new Set(
    members.filter((member) => member.weight > 0 && !member.backup).map((member) => member.weight),
  );
  // HAProxy has one round robin and one least connections, and both heed weights.
  const heeds = candidates(context, listener, pool).every((engine) => engine === 'haproxy');
  if (UNWEIGHTED.has(scheduler) && weights.size > 1 && !heeds)
    report.add(
      'weights-ignored',
      context.at(listener, 'scheduler'),
      `Scheduler ${scheduler} ignores the different weights of pool "${listener.pool}"`,
      {
        hint: scheduler === 'rr' ? 'Use wrr' : 'Use wlc',
      },
    );
}

function checkPersistence(context: CheckContext, listener: Listener): void {
  const { report } = context;
  const { persistence } = listener;
  const doc = context.docs.get(listener.name)?.persistence;
  if (persistence === undefined) return;
  const { kind } = persistence;
  const cookie = kind === 'insert-cookie' || kind === 'app-cookie';
  if (kind === 'app-cookie' && persistence.cookie === '')
    report.add(
      'persistence-cookie',
      context.at(listener, 'persistence'),
      'Persistence app-cookie must say which cookie',
      {
        hint: 'Add "cookie: SESSIONID"',
      },
    );
  if (!cookie && doc?.cookie !== undefined)
    report.add(
      'without-effect',
      context.at(listener, 'persistence', 'cookie'),
      `"cookie" has no effect with persistence ${kind}`,
      { what: 'key' },
    );
  if (kind !== 'source')
    for (const key of ['granularity', 'granularity6'] as const)
      if (doc?.[key] !== undefined)
        report.add(
          'without-effect',
          context.at(listener, 'persistence', key),
          `"${key}" has no effect with persistence ${kind}`,
          { what: 'key' },
        );
  if (cookie && listener.protocol !== 'http' && listener.protocol !== 'https')
    report.add(
      'cookie-protocol',
      context.at(listener, 'persistence', 'type'),
      `Persistence ${kind} needs protocol http or https: current protocol is ${listener.protocol}`,
    );
  if (kind === 'sip' && listener.protocol !== 'udp')
    report.add(
      'sip-protocol',
      context.at(listener, 'persistence', 'type'),
      `Persistence sip needs protocol udp: current protocol is ${listener.protocol}`,
    );
  if (persistence.timeoutMs > DAY_MS && !cookie)
    report.add(
      'persistence-long',
      context.at(listener, 'persistence', 'timeout'),
      'Clients are remembered for more than a day',
    );
  const pool = context.intent.pools.get(listener.pool);
  if (pool?.drainMs === 0)
    report.add(
      'drain-zero',
      context.at(pool, 'drain'),
      `Clients of listener "${listener.name}" stick to members, and a removed member is cut off at once`,
    );
}

function checkSources(context: CheckContext, listener: Listener): void {
  const { report, intent } = context;
  if (listener.allowedSources.length === 0) return;
  const families = new Set(listener.vips.map((name) => familyOf(intent.vips.get(name)?.address ?? '')));
  const prefixes = listener.allowedSources.map((text) => parsePrefix(text)!);
  const seen = new Set<string>();
  prefixes.forEach((prefix, index) => {
    const origin = context.at(listener, 'allowed_sources', index);
    const text = listener.allowedSources[index]!;
    if (hasHostBits(prefix))
      report.add('source-host-bits', origin, `${text} has bits set outside its prefix`, {
        hint: `Write ${networkOf(prefix)}/${prefix.length}`,
      });
    if (prefix.length === 0) report.add('source-everyone', origin, `${text} lets everybody in`);
    if (listener.mark === undefined && families.size > 0 && !families.has(prefix.family))
      report.add(
        'source-family-unused',
        origin,
        `No VIP of listener "${listener.name}" is IPv${prefix.family}, as ${text} is`,
      );
    const key = `${networkOf(prefix)}/${prefix.length}`;
    if (
      seen.has(key) ||
      (prefixes.length <= 200 &&
        prefixes.some(
          (other) => other.length < prefix.length && other.length > 0 && contains(other, prefix.address),
        ))
    )
      report.add('source-repeated', origin, `${text} is named twice, or lies in another network of the list`);
    seen.add(key);
  });
}
