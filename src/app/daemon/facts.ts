// What is known of the world outside the Intent, gathered from who knows it: checks, operators, choosers of roles, probes.
import type { FactsSource } from '../../engine/ports.ts';
import type { Health } from '../../health/health.ts';
import { type BootTime, bootTime } from '../../kernel/boot-time.ts';
import type { EngineFact, Facts, Override, RoleFact } from '../../model/facts.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import { type Deadline, deadlineIn, isOfThisBoot, leftOf } from './deadline.ts';

/** The deadline where the word has an end; an older release kept none. */
export type KeptOverride = readonly [member: string, override: Override, deadline?: Deadline];

export interface NodeFactsOptions {
  readonly nowMs: () => number;
  /** For tests. */
  readonly bootTime?: () => BootTime | undefined;
  readonly health: Pick<Health, 'health'>;
  readonly engines: Readonly<Record<ConcreteEngine, EngineFact>>;
  readonly roles: () => ReadonlyMap<string, RoleFact>;
  /** Of before the restart. */
  readonly overrides?: readonly KeptOverride[];
  /** Since when members with overrides are in no configuration, of before the restart. */
  readonly gone?: readonly (readonly [member: string, sinceMs: number])[];
  /** Throws where they cannot be kept: what an operator asks for does not hold then. */
  readonly keepOverrides: (overrides: readonly KeptOverride[]) => void;
  readonly keepGone: (gone: ReadonlyMap<string, number>) => void;
  /** Of what changes by itself: it holds though it cannot be kept. */
  readonly keepSoon: (write: () => void) => void;
}

/**
 * A word about a member ends with the member. Not at once: a file that was saved too early, a trial or a rollback takes members
 * away that nobody meant to give traffic again.
 */
const FORGET_MS = 3_600_000;
/** Of an end that an older release kept, after a clock was set: the longest that may be asked for. */
const LONGEST_MS = 366 * 86_400_000;
/** Clocks that differ by less were not set: the time the machine is up is told in hundredths. */
const SLACK_MS = 1000;

export class NodeFacts implements FactsSource {
  readonly #options: NodeFactsOptions;
  #overrides: ReadonlyMap<string, Override>;
  /** Of those that have an end. */
  #deadlines: ReadonlyMap<string, Deadline>;
  #gone: ReadonlyMap<string, number>;

  constructor(options: NodeFactsOptions) {
    this.#options = options;
    const kept = options.overrides ?? [];
    this.#overrides = new Map(kept.map(([member, override]) => [member, override]));
    this.#deadlines = new Map(
      kept.flatMap(([member, { untilMs }, deadline]) =>
        untilMs === undefined ? [] : [[member, deadline ?? { untilMs }]],
      ),
    );
    this.#gone = new Map(options.gone);
  }

  read(): Facts {
    const { health, engines, roles } = this.#options;
    const nowMs = this.#options.nowMs();
    this.#followClock(nowMs);
    this.#endOverrides(nowMs);
    return {
      nowMs,
      engines,
      roles: roles(),
      health: health.health(),
      overrides: new Map(this.#overrides),
      quorum: new Map(),
    };
  }

  /** Undefined resets the member to what configuration and checks say. */
  setOverride(member: string, override: Override | undefined): void {
    const next = new Map(this.#overrides);
    if (override === undefined) next.delete(member);
    else next.set(member, override);
    const deadlines = new Map(this.#deadlines);
    deadlines.delete(member);
    if (override?.untilMs !== undefined) {
      const nowMs = this.#options.nowMs();
      deadlines.set(member, deadlineIn(override.untilMs - nowMs, nowMs, this.#bootTime()));
    }
    this.#options.keepOverrides(toKept(next, deadlines));
    [this.#overrides, this.#deadlines] = [next, deadlines];
  }

  /** Those that are configured from now on. Gives the members whose overrides are forgotten. */
  setMembers(members: ReadonlySet<string>): readonly string[] {
    if (this.#overrides.size === 0) return [];
    const now = this.#options.nowMs();
    const since = (member: string): number => this.#gone.get(member) ?? now;
    const all = [...this.#overrides.keys()];
    const forgotten = all.filter((member) => now - since(member) >= FORGET_MS);
    const gone = all.filter((member) => !members.has(member) && !forgotten.includes(member));
    this.#gone = new Map(gone.map((member) => [member, since(member)]));
    if (forgotten.length > 0) {
      this.#overrides = new Map([...this.#overrides].filter(([member]) => !forgotten.includes(member)));
      this.#dropDeadlines();
    }
    this.#keepSoon();
    return forgotten;
  }

  /** Where somebody set the clock, or the machine started anew, a word ends as long after as it would have. */
  #followClock(nowMs: number): void {
    if (this.#deadlines.size === 0) return;
    const up = this.#bootTime();
    const moved = new Map(
      [...this.#deadlines].flatMap(([member, deadline]): [string, Deadline][] => {
        const next = deadlineIn(leftOf(deadline, nowMs, up, LONGEST_MS), nowMs, up);
        const isSame = isOfThisBoot(deadline.until, up) || up === undefined;
        return isSame && Math.abs(next.untilMs - deadline.untilMs) <= SLACK_MS ? [] : [[member, next]];
      }),
    );
    if (moved.size === 0) return;
    this.#deadlines = new Map([...this.#deadlines, ...moved]);
    this.#overrides = new Map(
      [...this.#overrides].map(([member, override]) => {
        const untilMs = moved.get(member)?.untilMs;
        return [member, untilMs === undefined ? override : { ...override, untilMs }];
      }),
    );
    this.#keepSoon();
  }

  /** A word whose time is over is shown no more, and no clock that is set back brings it back. */
  #endOverrides(nowMs: number): void {
    const isOver = ({ untilMs }: Override): boolean => untilMs !== undefined && untilMs <= nowMs;
    if (![...this.#overrides.values()].some(isOver)) return;
    this.#overrides = new Map(
      [...this.#overrides].flatMap(([member, override]) => {
        if (!isOver(override)) return [[member, override]];
        const { untilMs: _, ...rest } = override;
        // Who has drained is down until somebody says otherwise.
        return override.state === 'drain' ? [[member, { ...rest, state: 'down' }]] : [];
      }),
    );
    this.#dropDeadlines();
    this.#keepSoon();
  }

  #dropDeadlines(): void {
    this.#deadlines = new Map(
      [...this.#deadlines].filter(([member]) => this.#overrides.get(member)?.untilMs !== undefined),
    );
  }

  #bootTime(): BootTime | undefined {
    return (this.#options.bootTime ?? bootTime)();
  }

  #keepSoon(): void {
    const { keepOverrides, keepGone, keepSoon } = this.#options;
    keepSoon(() => {
      keepOverrides(toKept(this.#overrides, this.#deadlines));
      keepGone(this.#gone);
    });
  }

  overrides(): ReadonlyMap<string, Override> {
    return this.#overrides;
  }
}

function toKept(
  overrides: ReadonlyMap<string, Override>,
  deadlines: ReadonlyMap<string, Deadline>,
): readonly KeptOverride[] {
  return [...overrides].map(([member, override]) => {
    const deadline = deadlines.get(member);
    return deadline === undefined ? [member, override] : [member, override, deadline];
  });
}
