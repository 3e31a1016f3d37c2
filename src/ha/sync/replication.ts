// One connection to a peer: agrees on the version, sends everything once, then what changes; applies what the peer tells.
// It knows neither sockets nor maps: bytes go through `send`, flows through the table of the data plane.
import type { FlowEnd, FlowKey, FlowNews, FlowRecord, FlowTable } from '../../model/flow.ts';
import {
  type GroupReport,
  readSync,
  SYNC_VERSION,
  type SyncMessage,
  SyncProtocolError,
  writeSync,
} from './flow-message.ts';

export interface ReplicationOptions {
  readonly node: string;
  readonly table: FlowTable;
  /** Wants the flows of the other side; who does not pull tells its own. One connection carries one direction. */
  readonly pulls: boolean;
  epoch(): number;
  /** False: the peer takes no more for now; `resume` says when it does. */
  send(bytes: Uint8Array): boolean;
  /** Everything the peer had is here. */
  onComplete(flows: number): void;
  /** What the other node says of its groups. */
  onRoles(node: string, groups: readonly GroupReport[]): void;
  /** The connection is of no use: another version, or not this protocol. */
  onRefused(why: string): void;
}

/** Flows a frame: some 18 kB. */
const BATCH = 512;

export class Replication {
  readonly #options: ReplicationOptions;
  #rest: Uint8Array = new Uint8Array(0);
  #agreed = false;
  #peer = '';
  #over = false;
  #received = 0;
  #outgoing: Iterator<FlowRecord> | undefined;
  #sent = 0;
  /** Changes that wait for a peer that takes no more; the newest of each flow. */
  readonly #waiting = new Map<string, FlowRecord | FlowEnd>();
  #blocked = false;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    this.#say({ kind: 'hello', version: SYNC_VERSION, node: options.node, epoch: options.epoch() });
    if (options.pulls) this.#say({ kind: 'pull' });
  }

  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    try {
      const { messages, rest } = readSync(
        this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]),
      );
      this.#rest = rest;
      for (const message of messages) this.#hear(message);
    } catch (error) {
      if (!(error instanceof SyncProtocolError)) throw error;
      this.#refuse(error.message);
    }
  }

  /** Flows that are new, changed or gone, as the data plane finds them. A slow peer gets the newest state of each. */
  tell({ changed, gone }: FlowNews): void {
    for (const one of [...changed, ...gone]) this.#waiting.set(textOf(one.key), one);
    this.#flush();
  }

  /** The peer takes more again. */
  resume(): void {
    this.#blocked = false;
    this.#flush();
  }

  /** Small and soon stale: it is left out while the peer takes no more. */
  tellRoles(groups: readonly GroupReport[]): void {
    if (!this.#blocked && !this.#over) this.#say({ kind: 'roles', groups });
  }

  /** How many changes wait: grows while the peer is slower than the traffic. */
  get backlog(): number {
    return this.#waiting.size;
  }

  #hear(message: SyncMessage): void {
    if (this.#over) return;
    if (message.kind === 'hello') {
      if (message.version !== SYNC_VERSION) {
        const why = `Cannot sync with "${message.node}" as it speaks version ${message.version}, we ${SYNC_VERSION}`;
        this.#say({ kind: 'bye', reason: why });
        this.#refuse(why);
        return;
      }
      this.#agreed = true;
      this.#peer = message.node;
    } else if (message.kind === 'bye') this.#refuse(message.reason);
    else if (!this.#agreed) this.#refuse('Cannot sync with a peer that does not say who it is');
    else this.#work(message);
  }

  #work(message: SyncMessage): void {
    const { table, onComplete } = this.#options;
    if (message.kind === 'pull') {
      this.#outgoing = table.established()[Symbol.iterator]();
      this.#sent = 0;
      this.#flush();
    } else if (message.kind === 'put') {
      const news = message.flows.filter((flow) => isNewer(flow.sequence, table.sequenceOf(flow.key)));
      this.#received += message.flows.length;
      if (news.length > 0) table.put(news);
    } else if (message.kind === 'close') {
      const gone = message.flows.filter(({ key, sequence }) => {
        const known = table.sequenceOf(key);
        return known !== undefined && isNewer(sequence, known);
      });
      if (gone.length > 0) table.remove(gone);
    } else if (message.kind === 'complete') onComplete(this.#received);
    else if (message.kind === 'roles') this.#options.onRoles(this.#peer, message.groups);
  }

  /** Changes first: they are of flows that move now. */
  #flush(): void {
    while (!this.#blocked && !this.#over && this.#waiting.size > 0) {
      const batch: (FlowRecord | FlowEnd)[] = [];
      for (const [id, one] of this.#waiting) {
        batch.push(one);
        this.#waiting.delete(id);
        if (batch.length === BATCH) break;
      }
      const flows = batch.filter((one): one is FlowRecord => 'member' in one);
      const gone = batch.filter((one) => !('member' in one));
      if (flows.length > 0) this.#say({ kind: 'put', flows });
      if (gone.length > 0) this.#say({ kind: 'close', flows: gone });
    }
    while (!this.#blocked && !this.#over && this.#outgoing !== undefined) this.#sendSome(this.#outgoing);
  }

  #sendSome(outgoing: Iterator<FlowRecord>): void {
    const flows: FlowRecord[] = [];
    while (flows.length < BATCH) {
      const next = outgoing.next();
      if (next.done === true) {
        this.#outgoing = undefined;
        break;
      }
      flows.push(next.value);
    }
    this.#sent += flows.length;
    if (flows.length > 0) this.#say({ kind: 'put', flows });
    if (this.#outgoing === undefined) this.#say({ kind: 'complete', count: this.#sent });
  }

  #say(message: SyncMessage): void {
    if (!this.#options.send(writeSync(message))) this.#blocked = true;
  }

  #refuse(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onRefused(why);
  }
}

/** Serial numbers that wrap (RFC 1982): late and doubled messages are not newer. */
export function isNewer(sequence: number, known: number | undefined): boolean {
  if (known === undefined) return true;
  const ahead = (sequence - known) >>> 0;
  return ahead !== 0 && ahead < 0x8000_0000;
}

function textOf(key: FlowKey): string {
  return `${key.protocol}/${key.client}/${key.clientPort}/${key.vip}/${key.vipPort}`;
}
