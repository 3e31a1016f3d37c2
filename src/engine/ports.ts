// Every interface the engine needs from the rest of the house. app/wiring provides them, tests provide fakes.
import type { Clock } from '../lib/clock.ts';
import type { Driver } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Plan } from '../model/plan.ts';
import type { Drain } from './drains.ts';
import type { EngineEvent } from './events.ts';
import type { RoundRecord } from './history.ts';

export type IntentResult =
  | {
      readonly ok: true;
      readonly intent: Intent;
      readonly hash: string;
      /** False while a door is still filling (a watch not yet synced): nothing is removed on its word. Default true. */
      readonly complete?: boolean;
      /** Why something newer than this is not in force. */
      readonly refused?: string;
    }
  /** The newest configuration is refused; the last good one stays in force. */
  | { readonly ok: false; readonly error: string };

export interface IntentSource {
  /** Called on wake reason `config`. A throw counts as refused. */
  load(): Promise<IntentResult>;
}

export interface FactsSource {
  /** Everything known now; the engine fills `quorum` from its own last round. Pure reading, no waiting. */
  read(intent: Intent): Facts;
}

export interface Random {
  /** In [0, 1). */
  next(): number;
}

export interface EventSink {
  /** Must not throw and must not wait: events are told, not asked. */
  emit(event: EngineEvent): void;
}

export interface HistorySink {
  record(round: RoundRecord): void;
}

/** A round as whoever handed in the Intent hears of it. */
export interface RoundReport {
  /** Of the Intent it worked for. */
  readonly hash: string;
  readonly plan: Plan;
  readonly applied: number;
  readonly failed: number;
  readonly held: number;
  /** The first failures, joined. */
  readonly message?: string;
  /** Something newer cut it short: another round follows at once. */
  readonly cut: boolean;
}

/** What survives a restart of the daemon besides the data plane itself. */
export interface EngineMemory {
  readonly quorum: readonly (readonly [pool: string, held: boolean])[];
  readonly drains: readonly Drain[];
}

export interface EngineStore {
  load(): EngineMemory | undefined;
  /** Called when it changed, after a round. */
  save(memory: EngineMemory): void;
}

export interface EnginePorts {
  readonly drivers: readonly Driver[];
  readonly intents: IntentSource;
  readonly facts: FactsSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventSink;
  readonly history?: HistorySink;
  /** After every round. Must not throw and must not wait. */
  readonly onRound?: (report: RoundReport) => void;
  readonly store?: EngineStore;
}
