// Connection sync of this node: looks for flows to tell, serves peers that come for them, and takes over theirs.
import type { Clock } from '../../lib/clock.ts';
import type { WatchedFlows } from '../../model/flow.ts';
import type { HaSyncStatus } from '../../model/ha-status.ts';
import type { GroupReport } from './flow-message.ts';
import { SyncClient } from './sync-client.ts';
import { SyncServer, type SyncTls } from './sync-server.ts';

export interface FlowSyncOptions {
  readonly clock: Clock;
  readonly node: string;
  readonly table: WatchedFlows;
  readonly tls: SyncTls;
  readonly listen: { readonly host: string; readonly port: number };
  readonly peers: readonly { readonly host: string; readonly port: number }[];
  readonly minAgeMs: number;
  epoch(): number;
  roles(): readonly GroupReport[];
  onRoles(node: string, groups: readonly GroupReport[]): void;
  /** True when the flows of every peer that is there have been taken over. */
  onSynced(synced: boolean): void;
  onTrouble(what: string, detail: string): void;
}

/** Between two looks at all flows; longer where a look takes so long that it would cost more than a twentieth. */
const LOOK_MS = 1000;
const LONGEST_LOOK_MS = 10_000;
const LOOK_SHARE = 19;
const ROLES_MS = 1000;
/** A pull that does not end is told and no longer waited for: a node that waits for ever would never serve. */
const DEADLINE_MS = 60_000;

export class FlowSync {
  readonly #options: FlowSyncOptions;
  #server: SyncServer | undefined;
  #clients: readonly SyncClient[] = [];
  #synced = false;
  #late = false;
  #lookMs = 0;
  #looking: Promise<void> = Promise.resolve();
  #cancelLook: () => void = () => {};
  #cancelRoles: () => void = () => {};
  #isClosed = false;

  constructor(options: FlowSyncOptions) {
    this.#options = options;
  }

  /** After the first look: what a peer is told to be everything must be everything. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#isClosed) return;
    const { clock, node, table, tls, peers, listen, onTrouble } = this.#options;
    const link = {
      clock,
      node,
      table,
      epoch: () => this.#options.epoch(),
      onRoles: (from: string, groups: readonly GroupReport[]) => this.#options.onRoles(from, groups),
    };
    try {
      this.#server = await SyncServer.open({ ...listen, tls, link, onTrouble });
    } catch (error) {
      onTrouble('connection sync', `peers cannot come for flows: ${(error as Error).message}`);
    }
    this.#clients = peers.map(
      (peer) => new SyncClient({ ...peer, tls, link, onTrouble, onState: () => this.#judge() }),
    );
    this.#tick();
  }

  /** Roles changed: the peers hear of it at once. */
  announce(): void {
    const groups = this.#options.roles();
    this.#server?.tellRoles(groups);
    for (const client of this.#clients) client.tellRoles(groups);
  }

  status(): HaSyncStatus {
    const { known, homeless } = this.#options.table.counts();
    return {
      flows: known,
      homeless,
      lookMs: Math.round(this.#lookMs),
      followers: this.#server?.links ?? 0,
      backlog: this.#server?.backlog ?? 0,
      peers: this.#clients.map(({ name, state, received }) => ({ peer: name, state, received })),
    };
  }

  /** Before a planned move: tells whatever is established, however young, and waits until the peers have taken it. */
  async flush(withinMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + withinMs;
    if ((this.#server?.links ?? 0) === 0) return;
    await this.#lookNow(0);
    while ((this.#server?.backlog ?? 0) > 0 && clock.monotonicMs() < endMs)
      await new Promise<void>((resolve) => clock.after(5, resolve));
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
    this.#cancelRoles();
    this.#server?.close();
    for (const client of this.#clients) client.close();
  }

  #judge(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const waiting = this.#clients.filter(({ state }) => state !== 'synced' && state !== 'away');
    const overdue = waiting.filter(({ waitingSinceMs }) => nowMs - waitingSinceMs > DEADLINE_MS);
    const late = waiting.length > 0 && waiting.length === overdue.length;
    if (late && !this.#late)
      this.#options.onTrouble(
        'connection sync',
        `flows of ${overdue.map(({ name }) => name).join(', ')} did not come within ${DEADLINE_MS / 1000} s`,
      );
    this.#late = late;
    const synced = waiting.length === 0 || late;
    if (synced === this.#synced) return;
    this.#synced = synced;
    this.#options.onSynced(synced);
  }

  #tick(): void {
    this.announce();
    this.#judge();
    if (!this.#isClosed) this.#cancelRoles = this.#options.clock.after(ROLES_MS, () => this.#tick());
  }

  async #look(): Promise<void> {
    const { clock, minAgeMs } = this.#options;
    const startedMs = clock.monotonicMs();
    await this.#lookNow(minAgeMs);
    this.#lookMs = clock.monotonicMs() - startedMs;
    if (this.#isClosed) return;
    const pauseMs = Math.min(LONGEST_LOOK_MS, Math.max(LOOK_MS, this.#lookMs * LOOK_SHARE));
    this.#cancelLook = clock.after(pauseMs, () => void this.#look());
  }

  /** One look after another: two at once would each take what the other met for gone. */
  #lookNow(minAgeMs: number): Promise<void> {
    this.#looking = this.#looking.then(() => this.#lookThrough(minAgeMs));
    return this.#looking;
  }

  async #lookThrough(minAgeMs: number): Promise<void> {
    const { table, onTrouble } = this.#options;
    try {
      for await (const news of table.scan(minAgeMs)) {
        if (this.#isClosed) return;
        if (news.changed.length + news.gone.length > 0) this.#server?.tell(news);
      }
    } catch (error) {
      onTrouble('connection sync', `flows cannot be read: ${(error as Error).message}`);
    }
  }
}
