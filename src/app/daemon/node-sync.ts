// Connection sync in the daemon: opened with the settings in force once the configuration is applied, opened anew with others.
import { readFileSync } from 'node:fs';
import type { GroupReport } from '../../ha/sync/flow-message.ts';
import { FlowSync } from '../../ha/sync/flow-sync.ts';
import type { SyncTls } from '../../ha/sync/sync-server.ts';
import { RouteKernel } from '../../kernel/netlink/route-kernel.ts';
import { systemClock } from '../../lib/clock.ts';
import { stableJson } from '../../lib/stable-json.ts';
import { InputError } from '../../model/errors.ts';
import type { WatchedFlows } from '../../model/flow.ts';
import type { ConnectionSync } from '../../model/ha.ts';
import type { HaSyncStatus } from '../../model/ha-status.ts';
import type { Intent } from '../../model/intent.ts';
import type { Role } from '../../model/protocol.ts';

export interface PeerWord extends GroupReport {
  readonly node: string;
  readonly validMs: number;
}

export interface NodeSyncOptions {
  readonly flows: () => WatchedFlows | undefined;
  readonly groups: () => readonly GroupReport[];
  readonly onSynced: () => void;
  readonly onPeer: (report: PeerWord) => void;
  readonly onTrouble: (what: string, detail: string) => void;
}

const DEFAULT_PORT = 7891;
/** Reports come every second; one that stays out three times is no report any more. */
const REPORT_MS = 3000;
/** A planned move waits so long for the last flows to reach the peer. */
const FLUSH_MS = 2000;

export class NodeSync {
  readonly #options: NodeSyncOptions;
  #intent: Intent | undefined;
  #sync: FlowSync | undefined;
  #settings = '';
  #synced = false;
  #isStarted = false;
  #trouble: string | undefined;

  constructor(options: NodeSyncOptions) {
    this.#options = options;
  }

  /** Nothing is left to wait for: all flows of the peers are here, or there is no sync. */
  get synced(): boolean {
    return this.#sync === undefined || this.#synced;
  }

  setIntent(intent: Intent): void {
    this.#intent = intent;
    if (this.#isStarted) this.#open();
  }

  /** Flows have a place from now on. */
  start(): void {
    this.#isStarted = true;
    this.#open();
  }

  roleChanged(role: Role): void {
    if (this.#sync === undefined) return;
    if (role === 'active') this.#options.flows()?.takeOver();
    this.#sync.announce();
  }

  status(): HaSyncStatus | undefined {
    return this.#sync?.status();
  }

  /** Before a planned move. */
  async flush(): Promise<void> {
    await this.#sync?.flush(FLUSH_MS);
  }

  close(): void {
    this.#sync?.close();
    this.#sync = undefined;
  }

  #open(): void {
    const intent = this.#intent;
    const sync = intent?.ha?.sync;
    const table = this.#options.flows();
    const isWanted = sync?.enabled === true && sync.peers.length > 0 && table !== undefined;
    try {
      const tls = isWanted ? readTls(intent!, sync) : undefined;
      const settings = isWanted
        ? stableJson([sync, intent!.node.name, String(tls!.cert), String(tls!.ca)])
        : '';
      if (settings === this.#settings && this.#trouble === undefined) return;
      this.close();
      this.#settings = settings;
      this.#trouble = undefined;
      if (isWanted) this.#start(intent!, sync, tls!, table);
    } catch (error) {
      this.#trouble = (error as Error).message;
      this.#options.onTrouble('connection sync', this.#trouble);
    }
    this.#options.onSynced();
  }

  #start(intent: Intent, sync: ConnectionSync, tls: SyncTls, table: WatchedFlows): void {
    const { groups, onPeer, onTrouble, onSynced } = this.#options;
    this.#synced = false;
    this.#sync = new FlowSync({
      clock: systemClock,
      node: intent.node.name,
      table,
      tls,
      listen: listenAddress(sync, intent),
      peers: sync.peers.map(toHostPort),
      minAgeMs: sync.minAgeMs,
      epoch: () => Math.max(0, ...groups().map(({ epoch }) => epoch)),
      roles: () => groups().map(({ group, role, epoch, priority }) => ({ group, role, epoch, priority })),
      onRoles: (node, reports) => {
        for (const report of reports) onPeer({ ...report, node, validMs: REPORT_MS });
      },
      onSynced: (synced) => {
        this.#synced = synced;
        onSynced();
      },
      onTrouble,
    });
    this.#sync.start().catch((error: Error) => onTrouble('connection sync', error.message));
  }
}

function readTls({ certificates }: Intent, { certificate = '', ca = '' }: ConnectionSync): SyncTls {
  const found = certificates.get(certificate);
  const cert = found?.certificatePem ?? readPem(found?.certificateFile ?? '');
  const key = found?.keyPem?.reveal() ?? readPem(found?.keyFile ?? found?.certificateFile ?? '');
  return { cert, key, ca: readPem(ca) };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InputError('NOT_FOUND', `Cannot read "${path}": ${(cause as Error).message}`, { cause });
  }
}

/** On the link between the nodes: an address that moves with a group would answer for the wrong one. */
function listenAddress(sync: ConnectionSync, intent: Intent): { host: string; port: number } {
  if (sync.listen !== undefined) return toHostPort(sync.listen);
  const route = new RouteKernel();
  try {
    const index = route.links().find(({ name }) => name === sync.interface)?.index;
    const vips = new Set([...intent.vips.values()].map(({ address }) => address));
    const isSix = sync.peers[0]?.startsWith('[') === true;
    const own = route
      .addresses()
      .find(
        ({ linkIndex, address }) =>
          linkIndex === index &&
          !vips.has(address) &&
          address.includes(':') === isSix &&
          !address.startsWith('fe80'),
      );
    if (own !== undefined) return { host: own.address, port: DEFAULT_PORT };
  } finally {
    route.close();
  }
  throw new InputError('NOT_FOUND', `Cannot find an address on "${sync.interface}" for peers to come to`, {
    hint: 'Set ha.sync.listen',
  });
}

function toHostPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
