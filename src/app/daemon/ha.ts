// High availability in the daemon: what it decides becomes Facts, what the engine finds out is told to it.
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Lease } from '../../engine/control.ts';
import type { EngineEvent } from '../../engine/events.ts';
import { cannotServe } from '../../engine/status.ts';
import { EpochFile } from '../../ha/epoch-store.ts';
import type { HaEvent } from '../../ha/events.ts';
import { Ha } from '../../ha/ha.ts';
import { IpvsKernel } from '../../kernel/netlink/ipvs-kernel.ts';
import { RouteKernel } from '../../kernel/netlink/route-kernel.ts';
import { PacketNeighbours } from '../../kernel/packet.ts';
import { SysctlFiles } from '../../kernel/sysctl-files.ts';
import { systemClock } from '../../lib/clock.ts';
import { InputError, LbError } from '../../model/errors.ts';
import type { RoleFact } from '../../model/facts.ts';
import type { WatchedFlows } from '../../model/flow.ts';
import type { HaStatus } from '../../model/ha-status.ts';
import type { Intent } from '../../model/intent.ts';
import { endpointKey } from '../../model/keys.ts';
import type { Status } from '../../model/status.ts';
import { BackgroundMemory } from './background-memory.ts';
import { LeaseFiles } from './lease-files.ts';
import { NodeSync } from './node-sync.ts';

export interface NodeHaOptions {
  readonly runDir: string;
  readonly stateDir: string;
  readonly logger: Logger;
  /** The connections of the XDP data plane, where it is open. */
  readonly flows: () => WatchedFlows | undefined;
  /** The kernel has IPVS: its connection sync follows the roles. */
  readonly ipvs: boolean;
  /** An operator kept this node back before the restart. */
  readonly maintenance: boolean;
  /** Some group's role is another: the engine must look again. */
  readonly onRole: () => void;
  readonly onEvent: (event: EngineEvent) => void;
  readonly onBfd: (session: string, up: boolean) => void;
}

/** How long the peers have to take over before we stop. */
const HANDOVER_MS = 3000;
/** After high availability could not be set up. */
const RETRY_MS = 5000;

/** Opened only where groups are configured: a single node runs no keepalived and holds no socket for it. */
export class NodeHa {
  readonly #options: NodeHaOptions;
  readonly #sync: NodeSync;
  readonly #leases: LeaseFiles;
  #ha: Ha | undefined;
  #applied = false;
  /** Pools whose quorum was lost or came back. */
  readonly #pools = new Map<string, boolean>();
  #intent: Intent | undefined;
  #refused = '';
  #retry: NodeJS.Timeout | undefined;

  constructor(options: NodeHaOptions) {
    this.#options = options;
    this.#leases = new LeaseFiles({
      onLease: (lease) => this.grantLease(lease),
      onTrouble: (what, detail) => this.#hear({ kind: 'trouble', atMs: Date.now(), what, detail }),
    });
    this.#sync = new NodeSync({
      flows: options.flows,
      groups: () => this.#ha?.status().groups ?? [],
      onSynced: () => this.#tellReady(),
      onPeer: (report) => this.#ha?.tell({ kind: 'peer', ...report }),
      onTrouble: (what, detail) => this.#hear({ kind: 'trouble', atMs: Date.now(), what, detail }),
    });
  }

  setIntent(intent: Intent): void {
    if (intent.ha === undefined && this.#ha === undefined) return;
    const isNew = this.#ha === undefined;
    this.#ha ??= this.#open();
    this.#sync.setIntent(intent);
    this.#intent = intent;
    this.#apply(this.#ha, intent);
    // Groups that come with a reload find a node that serves already.
    if (!isNew) return;
    for (const [pool, healthy] of this.#pools) this.#ha.tell({ kind: 'pool', pool, healthy });
    this.#tellReady();
  }

  /** What is missing, keepalived perhaps, may be there in a moment: until then the node stands back and says why. */
  #apply(ha: Ha, intent: Intent): void {
    clearTimeout(this.#retry);
    const source = 'configuration';
    ha.setIntent(intent).then(
      () => {
        this.#refused = '';
        ha.tell({ kind: 'fault', source });
        // Groups are known from now on: an elector may have spoken before.
        this.#leases.setIntent(intent);
      },
      (error: Error) => {
        const message = error instanceof LbError ? `${error.message}. ${error.hint}` : error.message;
        if (this.#refused !== message)
          this.#hear({ kind: 'trouble', atMs: Date.now(), what: 'set-up', detail: message });
        this.#refused = message;
        ha.tell({ kind: 'fault', source, message });
        if (this.#ha === ha && this.#intent === intent)
          this.#retry = setTimeout(() => this.#apply(ha, intent), RETRY_MS);
      },
    );
  }

  roles(): ReadonlyMap<string, RoleFact> {
    return this.#ha?.roles() ?? new Map();
  }

  status(): HaStatus | undefined {
    const status = this.#ha?.status();
    const sync = this.#sync.status();
    return status === undefined || sync === undefined ? status : { ...status, sync };
  }

  setMaintenance(on: boolean): void {
    this.#ha?.setMaintenance(on);
  }

  async handover(timeoutMs: number): Promise<readonly string[]> {
    // Flows are told to the last one: the peer takes over with them.
    await this.#sync.flush();
    return this.#ha?.handover({ timeoutMs }) ?? [];
  }

  /** Throws where the elector spoke of a later epoch before: a word that was late on its way undoes nothing. */
  grantLease(lease: Lease): void {
    const epoch = this.#ha?.roles().get(lease.group)?.epoch ?? 0;
    if (lease.epoch < epoch)
      throw new InputError(
        'CONFLICT',
        `Cannot obey the elector of "${lease.group}" as it speaks of epoch ${lease.epoch} after ${epoch}`,
        { hint: `Let it count on from ${epoch}; what it said before holds until its lease runs out` },
      );
    this.#ha?.tell({ kind: 'lease', ...lease });
  }

  /** The configuration stands in the data planes: from now on this node may take its addresses, and flows have a place. */
  ready(): void {
    this.#applied = true;
    this.#sync.start();
    this.#tellReady();
  }

  /** After a round: an address is announced only while some listener on it serves. */
  tellServing(status: Status): void {
    const ha = this.#ha;
    if (ha === undefined) return;
    const serving = status.listeners.filter(
      (one) => ['ok', 'degraded', 'standby'].includes(one.condition) && !cannotServe(one),
    );
    for (const { vip, key } of status.addresses) {
      const address = key.slice(0, key.indexOf('/'));
      const canServe = serving.some((listener) => listener.key.includes(`/${endpointKey(address, '')}`));
      ha.tell({ kind: 'vip', vip, canServe });
    }
  }

  heed(event: EngineEvent): void {
    if (event.kind !== 'quorum-changed' || (event.members ?? 'both') !== 'both') return;
    this.#pools.set(event.pool, event.held);
    this.#ha?.tell({ kind: 'pool', pool: event.pool, healthy: event.held });
  }

  /** The peers take over first. Where nobody does, addresses and programs stay: a lone node must not cut its own traffic. */
  async close(): Promise<void> {
    if (this.#ha === undefined) return;
    clearTimeout(this.#retry);
    this.#leases.close();
    const left = await this.handover(HANDOVER_MS);
    if (left.length > 0) this.#ha.setMaintenance(false);
    await this.#ha.close(left.length === 0 ? 'hand-over' : 'leave');
    this.#sync.close();
  }

  #tellReady(): void {
    this.#ha?.tell({ kind: 'ready', applied: this.#applied, synced: this.#sync.synced });
  }

  #onRole(fact: RoleFact): void {
    this.#sync.roleChanged(fact.role);
    this.#options.onRole();
  }

  #open(): Ha {
    const { runDir, stateDir, ipvs, maintenance, logger } = this.#options;
    const epochs = new EpochFile(join(stateDir, 'epochs.json'));
    const memory = new BackgroundMemory(logger);
    const ha = new Ha({
      clock: systemClock,
      runDir,
      route: new RouteKernel(),
      neighbours: new PacketNeighbours(new SysctlFiles()),
      epochs: {
        load: () => epochs.load(),
        save: (all) => memory.keep('epochs', () => epochs.save(all)),
      },
      ...(ipvs ? { ipvs: new IpvsKernel() } : {}),
      onRole: (_group, fact) => this.#onRole(fact),
      onEvent: (event) => this.#hear(event),
      onBfd: this.#options.onBfd,
    });
    if (maintenance) ha.setMaintenance(true);
    return ha;
  }

  #hear(event: HaEvent): void {
    const told = toEngineEvent(event);
    if (told !== undefined) this.#options.onEvent(told);
    else {
      const { kind, atMs: _atMs, ...data } = event;
      this.#options.logger.info(data, `high availability: ${kind}`);
    }
  }
}

/** Undefined for what is only of interest to the log. */
function toEngineEvent(event: HaEvent): EngineEvent | undefined {
  const { atMs } = event;
  if (event.kind === 'split-brain') return event;
  if (event.kind === 'trouble') return { kind: 'ha-trouble', atMs, what: event.what, detail: event.detail };
  if (event.kind === 'program-ended')
    return { kind: 'ha-trouble', atMs, what: event.program, detail: `it ended: ${event.why}` };
  // The reason alone may change, from "Standby" to "Maintenance".
  if (event.kind !== 'role' || event.from === event.fact.role) return undefined;
  const { group, from, detail, lastedMs } = event;
  const { role, epoch, reason } = event.fact;
  return { kind: 'role-changed', atMs, group, from, to: role, epoch, reason, detail, lastedMs };
}
