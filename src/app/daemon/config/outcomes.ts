// What came of each revision: from the rounds that worked for it, until it is applied or a newer one takes its place.
import type { RevisionOutcome } from '../../../engine/config-port.ts';
import type { RoundReport } from '../../../engine/ports.ts';

interface Open {
  readonly revision: number;
  readonly hash: string;
  outcome: RevisionOutcome;
}

export class Outcomes {
  readonly #store: (revision: number, outcome: RevisionOutcome) => void;
  readonly #open: Open[] = [];

  constructor(store: (revision: number, outcome: RevisionOutcome) => void) {
    this.#store = store;
  }

  /** Accepted; a round for it, or for a newer one, follows. */
  begin(revision: number, hash: string): void {
    this.#open.push({ revision, hash, outcome: { state: 'pending' } });
  }

  /** The last of those with this hash is what the round worked for; whatever is older will never have a round. */
  hear(report: RoundReport): void {
    const at = this.#open.findLastIndex(({ hash }) => hash === report.hash);
    if (at === -1) return;
    for (const { revision } of this.#open.splice(0, at)) this.#store(revision, { state: 'replaced' });
    const [current] = this.#open;
    if (current === undefined) return;
    const before = current.outcome;
    current.outcome = outcomeOf(before, report);
    if (report.cut) return;
    // Tried again every round until it is right: told when it changes.
    if (before.state !== current.outcome.state || before.message !== current.outcome.message)
      this.#store(current.revision, current.outcome);
    if (current.outcome.state === 'applied') this.#open.shift();
  }
}

/** A round that was cut short is gone on with: steps add up over both. */
function outcomeOf(before: RevisionOutcome, report: RoundReport): RevisionOutcome {
  const { plan, failed, held, message, cut } = report;
  const state = cut ? 'pending' : failed > 0 ? 'failed' : held > 0 ? 'held' : 'applied';
  return {
    state,
    plan: before.plan ?? countsOf(plan),
    applied: (before.applied ?? 0) + report.applied,
    failed,
    held,
    ...(message === undefined ? {} : { message }),
  };
}

function countsOf({ steps }: RoundReport['plan']): NonNullable<RevisionOutcome['plan']> {
  const counts = { add: 0, change: 0, remove: 0, adopt: 0 };
  for (const { verb } of steps) counts[verb]++;
  return counts;
}
