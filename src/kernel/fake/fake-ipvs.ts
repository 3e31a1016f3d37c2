// IPVS without a kernel: holds services and destinations, refuses as the kernel refuses, fails on command, prints itself.
import type { OpError } from '../../model/errors.ts';
import type { IpvsInfo, IpvsTimeouts } from '../../wire/netlink/ipvs-control.ts';
import type { IpvsDaemon } from '../../wire/netlink/ipvs-daemon.ts';
import type { IpvsDestinationRow } from '../../wire/netlink/ipvs-destination.ts';
import { SERVICE_FLAG } from '../../wire/netlink/ipvs-numbers.ts';
import type { IpvsServiceKey, IpvsServiceRow } from '../../wire/netlink/ipvs-service.ts';
import { type IpvsStats, NO_STATS } from '../../wire/netlink/ipvs-stats.ts';
import { ERRNO, errnoOf } from '../native/errno.ts';
import { missingIpvs, targetOf, toIpvsError } from '../netlink/ipvs-errors.ts';
import { formatDestination, formatService, formatServiceKey } from '../netlink/ipvs-text.ts';
import { toOpError } from '../op-error.ts';
import type { IpvsCommand, IpvsPort, IpvsTableEntry } from '../ports.ts';
import { formatProc } from './proc-text.ts';

interface Entry {
  service: IpvsServiceRow;
  readonly destinations: Map<string, IpvsDestinationRow>;
}

export class FakeIpvs implements IpvsPort {
  readonly #entries = new Map<string, Entry>();
  readonly #faults = new Map<string, { errno: number; times: number }>();
  readonly #missingSchedulers = new Set<string>();
  readonly #daemons = new Map<IpvsDaemon['role'], IpvsDaemon>();
  #timeouts: IpvsTimeouts = { tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 };
  /** False plays a kernel without ip_vs. */
  present = true;
  /** Every command given, `add-service tcp/192.0.2.10:80`, oldest first. */
  readonly log: string[] = [];

  /** The next `times` commands on this target (`tcp/192.0.2.10:80 > 10.0.0.1:80`, `table`) fail. */
  failOn(target: string, errno: string, times = 1): void {
    this.#faults.set(target, { errno: errnoOf(errno), times });
  }

  /** Plays a kernel without this scheduler's module. */
  withoutScheduler(name: string): void {
    this.#missingSchedulers.add(name);
  }

  /** Plays traffic: counters of a service or, with a destination, of it and its service. */
  count(
    service: IpvsServiceKey,
    destination: string | undefined,
    stats: Partial<IpvsStats>,
    active = 0,
  ): void {
    const entry = this.#entries.get(formatServiceKey(service))!;
    entry.service = { ...entry.service, stats: { ...entry.service.stats, ...stats } };
    const row = destination === undefined ? undefined : entry.destinations.get(destination);
    if (row !== undefined)
      entry.destinations.set(destination!, { ...row, active, stats: { ...row.stats, ...stats } });
  }

  /** What `ipvsadm -Sn` would print, sorted. */
  print(): string {
    const lines = [...this.#entries.values()].map(({ service, destinations }) =>
      [
        formatService(service),
        ...[...destinations.values()].map((row) => formatDestination(service.key, row)).sort(),
      ].join('\n'),
    );
    return lines.sort().join('\n');
  }

  info(): IpvsInfo {
    this.#requirePresent();
    return { version: '1.2.1', connectionTableSize: 4096 };
  }

  async table(withStats: boolean): Promise<readonly IpvsTableEntry[]> {
    this.#requirePresent();
    const errno = this.#takeFault('table');
    if (errno !== 0) throw toOpError({ op: 'IPVS_CMD_GET_SERVICE', errno });
    const strip = <Row extends { readonly stats: IpvsStats }>(row: Row): Row =>
      withStats ? row : { ...row, stats: NO_STATS };
    return [...this.#entries.values()].map(({ service, destinations }) => ({
      service: strip(service),
      destinations: [...destinations.values()].map(strip),
    }));
  }

  procText(): string | undefined {
    const errno = this.#takeFault('table');
    if (errno !== 0) throw toOpError({ op: 'read', target: '/proc/net/ip_vs', errno });
    return this.present ? formatProc([...this.#entries.values()]) : undefined;
  }

  entry(key: IpvsServiceKey): IpvsTableEntry | undefined {
    const entry = this.#entries.get(formatServiceKey(key));
    return entry && { service: entry.service, destinations: [...entry.destinations.values()] };
  }

  async execute(commands: readonly IpvsCommand[]): Promise<readonly (OpError | undefined)[]> {
    this.#requirePresent();
    return commands.map((command) => {
      const target = targetOf(command);
      this.log.push(`${command.kind} ${target}`);
      const errno = this.#takeFault(target) || this.#run(command);
      return errno === 0 ? undefined : toIpvsError(command, { errno });
    });
  }

  timeouts(): IpvsTimeouts {
    this.#requirePresent();
    return this.#timeouts;
  }

  setTimeouts(timeouts: IpvsTimeouts): void {
    this.#requirePresent();
    this.#timeouts = timeouts;
  }

  daemons(): readonly IpvsDaemon[] {
    return [...this.#daemons.values()];
  }

  startDaemon(daemon: IpvsDaemon): void {
    if (this.#daemons.has(daemon.role))
      throw toOpError({ op: 'IPVS_CMD_NEW_DAEMON', target: daemon.role, errno: ERRNO.EEXIST });
    this.#daemons.set(daemon.role, daemon);
  }

  stopDaemon(role: IpvsDaemon['role']): void {
    if (!this.#daemons.delete(role))
      throw toOpError({ op: 'IPVS_CMD_DEL_DAEMON', target: role, errno: ERRNO.ESRCH });
  }

  close(): void {}

  #requirePresent(): void {
    if (!this.present) throw missingIpvs();
  }

  #takeFault(target: string): number {
    const fault = this.#faults.get(target);
    if (fault === undefined) return 0;
    fault.times -= 1;
    if (fault.times <= 0) this.#faults.delete(target);
    return fault.errno;
  }

  /** 0, or the errno the kernel would give (ip_vs_ctl.c). */
  #run(command: IpvsCommand): number {
    if ('destination' in command) return this.#runDestination(command);
    if ('key' in command) {
      const key = formatServiceKey(command.key);
      if (!this.#entries.has(key)) return ERRNO.ESRCH;
      if (command.kind === 'delete-service') this.#entries.delete(key);
      return 0;
    }
    const { service } = command;
    const key = formatServiceKey(service.key);
    const entry = this.#entries.get(key);
    if (command.kind === 'add-service' && entry !== undefined) return ERRNO.EEXIST;
    if (command.kind === 'set-service' && entry === undefined) return ERRNO.ESRCH;
    if (this.#missingSchedulers.has(service.scheduler)) return ERRNO.ENOENT;
    const persistent = (service.flags & SERVICE_FLAG.persistent) !== 0;
    const row: IpvsServiceRow = {
      ...service,
      timeoutSeconds: persistent ? service.timeoutSeconds : 0,
      stats: entry?.service.stats ?? NO_STATS,
    };
    if (entry === undefined) this.#entries.set(key, { service: row, destinations: new Map() });
    else entry.service = row;
    return 0;
  }

  #runDestination(command: Extract<IpvsCommand, { destination: unknown }>): number {
    const entry = this.#entries.get(formatServiceKey(command.service));
    if (entry === undefined) return ERRNO.ESRCH;
    const { address, port } = command.destination;
    const key = `${address.includes(':') ? `[${address}]` : address}:${port}`;
    const row = entry.destinations.get(key);
    if (command.kind === 'delete-destination') return entry.destinations.delete(key) ? 0 : ERRNO.ENOENT;
    if (command.kind === 'add-destination' && row !== undefined) return ERRNO.EEXIST;
    if (command.kind === 'set-destination' && row === undefined) return ERRNO.ENOENT;
    const { destination } = command;
    if (destination.weight > 65_535 || destination.lower > destination.upper) return ERRNO.ERANGE;
    const fresh = { active: 0, inactive: 0, persistent: 0, stats: NO_STATS };
    entry.destinations.set(key, { ...fresh, ...row, ...destination });
    return 0;
  }
}
