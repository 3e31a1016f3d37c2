// What a data plane tells of itself beside its items: where it stands, how full its tables are, what became of packets.

export interface PlaneInterface {
  readonly name: string;
  /** `native`, `generic`; absent while it is not attached. */
  readonly mode?: string;
  /** Why it is not attached. */
  readonly error?: string;
}

export interface PlaneTable {
  readonly name: string;
  readonly used: number;
  readonly capacity: number;
}

export interface PlaneReason {
  readonly reason: string;
  readonly meaning: string;
  readonly packets: bigint;
}

/** As the data plane has it loaded, whatever became of its source. */
export interface PlaneCertificate {
  readonly name: string;
  readonly untilMs: number;
}

export interface DataPlaneState {
  readonly interfaces: readonly PlaneInterface[];
  readonly tables: readonly PlaneTable[];
  /** Every reason the data plane counts, those of no packet yet too. */
  readonly reasons: readonly PlaneReason[];
  /** What an operator should know: limits that wait, interfaces left out. */
  readonly notes: readonly string[];
  readonly certificates?: readonly PlaneCertificate[];
}
