// How packets reach members: ports and families that the mode cannot change, tunnels, sources of fullnat.

import { familyOf } from '../../lib/ip.ts';
import { Note } from '../../lib/note.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import type { CheckContext } from './context.ts';
import { manyOrOne } from './listener-shape.ts';

export function checkDelivery(context: CheckContext): void {
  const { intent, report } = context;
  context.open.eachListener((listener) => {
    const pool = intent.pools.get(listener.pool);
    if (pool !== undefined) {
      checkPortTranslation(context, listener, pool);
      checkFamilies(context, listener, pool);
    }
    if (listener.mode === 'fullnat' && listener.sourceAddresses.length === 0)
      report.add(
        'fullnat-without-source',
        context.at(listener, 'mode'),
        `The listener "${listener.name}" has mode fullnat and no source_addresses`,
        {
          hint: 'Set source_addresses, or use mode onearm for the address of the node',
        },
      );
    const doc = context.docs.get(listener.name);
    if (listener.mode !== 'fullnat' && listener.sourceAddresses.length > 0)
      withoutEffect('source_addresses', 'mode fullnat');
    if (listener.mode !== 'tunnel' && doc?.tunnel !== undefined) withoutEffect('tunnel', 'mode tunnel');
    if (listener.mode !== 'proxy') {
      if (doc?.timeouts !== undefined) withoutEffect('timeouts', 'engine haproxy');
      if (listener.raw.length > 0) withoutEffect('raw', 'engine haproxy');
    }

    function withoutEffect(key: string, needs: string): void {
      report.add('without-effect', context.at(listener, key), `"${key}" has no effect without ${needs}`, {
        what: 'key',
      });
    }
  });
}

function checkPortTranslation(context: CheckContext, listener: Listener, pool: Pool): void {
  const fixed = listener.mode === 'dr' || listener.mode === 'tunnel';
  const range = listener.ports.find((one) => one.from !== one.to);
  if ((!fixed && range === undefined) || listener.mark !== undefined) return;
  pool.members.forEach((member, index) => {
    if (member.port !== 0) tell(member.port, context.at(pool, 'members', index, 'port'));
  });
  if (pool.sorry !== undefined && pool.sorry.port !== 0)
    tell(pool.sorry.port, context.at(pool, 'sorry', 'port'));

  function tell(port: number, origin: ReturnType<CheckContext['at']>): void {
    const other = listener.ports.find((one) => one.from !== port || one.to !== port);
    if (other === undefined) return;
    const from = other.from === other.to ? String(other.from) : `${other.from}-${other.to}`;
    if (fixed)
      context.report.add(
        'port-translation',
        origin,
        `Mode ${listener.mode} cannot change port ${from} of listener "${listener.name}" to ${port}`,
        {
          hint: 'Leave the port out, or use mode nat',
        },
      );
    else if (range !== undefined)
      context.report.add(
        'range-translation',
        origin,
        `The range ${range.from}-${range.to} of listener "${listener.name}" cannot go to port ${port} alone`,
        {
          hint: 'Leave the port out',
        },
      );
  }
}

/** Packet forwarders keep the family; of a pool with both, each VIP takes its own. */
function checkFamilies(context: CheckContext, listener: Listener, pool: Pool): void {
  const { report, intent } = context;
  if (listener.mode === 'tunnel' || listener.mode === 'proxy' || pool.members.length === 0) return;
  const places = manyOrOne(context, listener);
  const memberFamilies = familiesOf(pool);
  const vipFamilies = new Set<4 | 6 | undefined>();
  if (listener.mark !== undefined) vipFamilies.add(listener.markFamily ?? 4);
  listener.vips.forEach((name, index) => {
    const vip = intent.vips.get(name);
    if (vip === undefined) return;
    const family = familyOf(vip.address);
    vipFamilies.add(family);
    if (!memberFamilies.has(family))
      report.add(
        'family-mismatch',
        places(index),
        `The VIP ${vip.address} is IPv${family} and no member of pool "${pool.name}" is: mode ${listener.mode} cannot cross`,
        {
          hint: 'Use mode tunnel or proxy, or add members of that family',
        },
      );
  });
  if (vipFamilies.size === 0) return;
  const some = !memberFamilies.isDisjointFrom(vipFamilies);
  const stray = memberFamilies.isSubsetOf(vipFamilies)
    ? -1
    : pool.members.findIndex((member) => !vipFamilies.has(familyOf(member.address)));
  // Where none fits, the VIP has been reported.
  if (stray !== -1 && some)
    report.add(
      'family-mismatch',
      context.at(pool, 'members', stray, 'address'),
      `The member ${pool.members[stray]!.address} is of a family no VIP of listener "${listener.name}" has: mode ${listener.mode} cannot cross`,
    );
  const sorry = pool.sorry;
  if (sorry !== undefined && !vipFamilies.has(familyOf(sorry.address)))
    report.add(
      'family-mismatch',
      context.at(pool, 'sorry', 'address'),
      `The sorry server ${sorry.address} is of a family no VIP of listener "${listener.name}" has`,
    );
  const sources = new Set(listener.sourceAddresses.map(familyOf));
  if (listener.mode === 'fullnat' && sources.size > 0)
    listener.sourceAddresses.forEach((address, index) => {
      if (!memberFamilies.has(familyOf(address)))
        report.add(
          'source-family',
          context.at(listener, 'source_addresses', index),
          `No member of pool "${pool.name}" is of the family of ${address}`,
        );
    });
}

const FAMILIES = new Note<Pool, ReadonlySet<4 | 6 | undefined>>();

/** A pool that was decoded once stays as it is. */
function familiesOf(pool: Pool): ReadonlySet<4 | 6 | undefined> {
  let families = FAMILIES.get(pool);
  if (families === undefined) {
    families = new Set(pool.members.map((member) => familyOf(member.address)));
    FAMILIES.set(pool, families);
  }
  return families;
}
