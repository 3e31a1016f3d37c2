// Two listeners on one address, port and transport: equal ports, and ranges that overlap. Sorted once, walked once.
import { listenerKey } from '../../model/keys.ts';
import type { Listener } from '../../model/listener.ts';
import { transportOf } from '../../model/protocol.ts';
import type { Vip } from '../../model/vip.ts';
import type { CheckContext } from './context.ts';
import { portPlace } from './listener-shape.ts';

interface Claim {
  readonly listener: Listener;
  /** Which of the listener's ports. */
  readonly index: number;
  readonly order: number;
  readonly from: number;
  readonly to: number;
}

/** Addresses times ports of all listeners; each becomes a row somewhere, and a short file can ask for billions. */
const MOST_PLACES = 500_000;

/** What was last looked at and clear: a write of a pool changes nothing of who takes which port. */
let clear: { readonly listeners: readonly Listener[]; readonly vips: readonly Vip[] } | undefined;

export function checkPorts(context: CheckContext): void {
  const { intent, report } = context;
  if (clear !== undefined && areSame(clear.listeners, intent.listeners) && areSame(clear.vips, intent.vips))
    return;
  const before = report.findings.length;
  lookAtPorts(context);
  if (report.findings.length === before)
    clear = { listeners: [...intent.listeners.values()], vips: [...intent.vips.values()] };
}

function areSame<T>(known: readonly T[], now: ReadonlyMap<string, T>): boolean {
  let i = 0;
  for (const one of now.values()) if (one !== known[i++]) return false;
  return i === known.length;
}

function lookAtPorts(context: CheckContext): void {
  let places = 0;
  for (const listener of context.intent.listeners.values()) {
    places += listener.vips.length * listener.ports.length;
    if (places <= MOST_PLACES) continue;
    context.report.add(
      'places-many',
      context.at(listener, 'name'),
      `Up to the listener "${listener.name}" there are ${places} pairs of address and port: at most ${MOST_PLACES}`,
    );
    return;
  }
  for (const [place, claims] of claimsByPlace(context)) {
    if (claims.length < 2) continue;
    claims.sort((a, b) => a.from - b.from || a.order - b.order);
    let widest = claims[0]!;
    let last = widest;
    for (const claim of claims.slice(1)) {
      if (claim.from <= widest.to) tell(context, place, widest, claim);
      // Inside a wider range two may want the very same as well.
      if (!isSame(last, widest) && isSame(last, claim)) tell(context, place, last, claim);
      if (claim.to > widest.to) widest = claim;
      last = claim;
    }
  }
}

function claimsByPlace(context: CheckContext): Map<string, Claim[]> {
  const places = new Map<string, Claim[]>();
  let order = 0;
  for (const listener of context.intent.listeners.values()) {
    if (!listener.enabled) continue;
    const transport = transportOf(listener.protocol);
    for (const name of new Set(listener.vips)) {
      const place = `${transport} ${context.intent.vips.get(name)?.address ?? name}`;
      const claims = places.get(place) ?? [];
      places.set(place, claims);
      listener.ports.forEach(({ from, to }, index) => {
        claims.push({ listener, index, order: order++, from, to });
      });
    }
  }
  return places;
}

function isSame(a: Claim, b: Claim): boolean {
  return a.from === b.from && a.to === b.to;
}

function tell(context: CheckContext, place: string, a: Claim, b: Claim): void {
  const [first, second] = a.order < b.order ? [a, b] : [b, a];
  const [transport = 'tcp', address = ''] = place.split(' ') as ['tcp' | 'udp' | 'sctp', string];
  const same = isSame(a, b);
  const key = listenerKey(transport, address, b.from, Math.min(a.to, b.to));
  const who =
    first.listener === second.listener
      ? `The listener "${first.listener.name}" takes ${key} twice`
      : `The listeners "${first.listener.name}" and "${second.listener.name}" both take ${key}`;
  context.report.add(
    same ? 'port-clash' : 'port-overlap',
    portPlace(context, second.listener)(second.index),
    who,
    {
      other: portPlace(context, first.listener)(first.index),
    },
  );
}
