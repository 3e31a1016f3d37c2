// Everything the configuration names, in service or not: what a guard must not count as deleted when it leaves the data plane.
import type { Intent } from '../model/intent.ts';
import { endpointKey } from '../model/keys.ts';
import type { World, WorldListener, WorldMember } from '../model/world.ts';
import { toWorldAddress } from './place-addresses.ts';

/** The World with every member given a row, every sorry server in place and every managed address here. */
export function configuredWorld(world: World, intent: Intent): World {
  const managed = [...intent.vips.values()].filter((vip) => vip.manage);
  return {
    ...world,
    addresses: managed.map((vip) => toWorldAddress(vip, intent)),
    listeners: world.listeners.map((listener) => withEveryRow(listener, intent)),
  };
}

function withEveryRow(listener: WorldListener, intent: Intent): WorldListener {
  const rows = listener.members.map(asPresent);
  const sorry = intent.pools.get(listener.pool)?.sorry;
  if (sorry !== undefined && rows.length > 0) {
    const port = sorry.port === 0 && listener.portFrom === listener.portTo ? listener.portFrom : sorry.port;
    const key = endpointKey(sorry.address, port);
    if (!rows.some((row) => row.key === key))
      rows.push({ ...rows[0]!, key, name: 'sorry', address: sorry.address, port, reason: 'SorryServer' });
  }
  const { layer7 } = listener;
  if (layer7 === undefined) return { ...listener, members: rows };
  const rulePools = layer7.rulePools.map((pool) => ({ ...pool, members: pool.members.map(asPresent) }));
  return { ...listener, members: rows, layer7: { ...layer7, rulePools } };
}

function asPresent(member: WorldMember): WorldMember {
  return { ...member, present: true };
}
