// The kernel's own connection sync: which daemons should run for the roles of this node, and making it so.
import type { IpvsPort } from '../../kernel/ports.ts';
import type { ConnectionSync } from '../../model/ha.ts';
import type { Role } from '../../model/protocol.ts';
import type { IpvsDaemon } from '../../wire/netlink/ipvs-daemon.ts';

/** Active nodes send, all others listen; a node that is both (two groups) does both. */
export function wantedDaemons(
  sync: ConnectionSync | undefined,
  roles: readonly Role[],
): readonly IpvsDaemon[] {
  if (sync === undefined || !sync.enabled || sync.interface === undefined || roles.length === 0) return [];
  const base = {
    interface: sync.interface,
    syncId: sync.syncId,
    maxBytes: sync.maxBytes,
    group: sync.multicastGroup,
    port: sync.port,
    ttl: sync.ttl,
  };
  return [
    ...(roles.includes('active') ? [{ role: 'master', ...base } as const] : []),
    ...(roles.some((role) => role !== 'active') ? [{ role: 'backup', ...base } as const] : []),
  ];
}

export interface DaemonChanges {
  readonly stop: readonly IpvsDaemon['role'][];
  readonly start: readonly IpvsDaemon[];
}

/** A daemon cannot be changed, only stopped and started. The listener starts first, so that nothing said is missed. */
export function daemonChanges(running: readonly IpvsDaemon[], wanted: readonly IpvsDaemon[]): DaemonChanges {
  const stop = running.filter((one) => !wanted.some((other) => same(one, other))).map((one) => one.role);
  const start = wanted.filter((one) => !running.some((other) => same(one, other)));
  return { stop, start: [...start].sort((a) => (a.role === 'backup' ? -1 : 1)) };
}

export function applyDaemons(ipvs: IpvsPort, wanted: readonly IpvsDaemon[]): void {
  const { stop, start } = daemonChanges(ipvs.daemons(), wanted);
  for (const role of stop) ipvs.stopDaemon(role);
  for (const daemon of start) ipvs.startDaemon(daemon);
}

/** The kernel may round the length to what its interface carries: not a difference of ours. */
function same(a: IpvsDaemon, b: IpvsDaemon): boolean {
  return a.role === b.role && a.interface === b.interface && a.syncId === b.syncId && a.port === b.port;
}
