// One connection as nodes tell each other of it, and what a data plane must offer for that.

export interface FlowKey {
  readonly protocol: number;
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly vipPort: number;
}

export interface FlowRecord {
  readonly key: FlowKey;
  readonly member: string;
  /** As configured: 0 where the member keeps the listener's. */
  readonly memberPort: number;
  /** Address and port we speak to the member from; empty where the client's own are kept. */
  readonly source: string;
  readonly sourcePort: number;
  /** State in the low 4 bits; above it how long it was silent, in units of 4 seconds. */
  readonly flags: number;
  /** Counts changes of this flow: a lower one than known is late and ignored. */
  readonly sequence: number;
}

export interface FlowEnd {
  readonly key: FlowKey;
  readonly sequence: number;
}

export interface FlowNews {
  readonly changed: readonly FlowRecord[];
  readonly gone: readonly FlowEnd[];
}

/** The flows of one data plane, as replication needs them. */
export interface FlowTable {
  /** Flows old enough to be told of. */
  established(): Iterable<FlowRecord>;
  /** Sequence of a flow that is known; undefined for others. */
  sequenceOf(key: FlowKey): number | undefined;
  put(flows: readonly FlowRecord[]): void;
  remove(ends: readonly FlowEnd[]): void;
}

/** A table that finds out by itself what changed, by looking through it. */
export interface WatchedFlows extends FlowTable {
  /** Looks through all flows once, in bites; what is younger than the age given is not told yet. */
  scan(minAgeMs: number): AsyncIterable<FlowNews>;
  /** This node carries the addresses from now on: new flows must not want what taken-over ones have. */
  takeOver(): void;
  /** Told flows; of the peers' those that found no place here (another configuration). */
  counts(): { readonly known: number; readonly homeless: number };
}
