// A configuration on trial: undone when its time is over, unless somebody confirms it before; over restarts too.
import type { Change } from '../../../engine/config-port.ts';
import { type BootTime, bootTime } from '../../../kernel/boot-time.ts';
import { InputError } from '../../../model/errors.ts';
import { deadlineIn, leftOf } from '../deadline.ts';
import type { PinAndTrial } from './pin-and-trial.ts';

const LONGEST_MS = 86_400_000;

export interface TrialClockOptions {
  readonly special: PinAndTrial;
  readonly nowMs: () => number;
  /** For tests. */
  readonly bootTime?: () => BootTime | undefined;
  /** The time is over and nobody has confirmed. */
  readonly onOver: () => void;
}

export class TrialClock {
  readonly #options: TrialClockOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TrialClockOptions) {
    this.#options = options;
  }

  /** Only where the change asks for it. */
  begin(revision: number, previous: number, { confirmWithinMs }: Change): void {
    if (confirmWithinMs === undefined) return;
    const { special, nowMs } = this.#options;
    special.beginTrial({ revision, previous, ...deadlineIn(confirmWithinMs, nowMs(), this.#bootTime()) });
    this.#arm(confirmWithinMs);
  }

  /** One that began before the restart goes on, unless another revision took its place: then it was over, and the disk full. */
  resume(last: number | undefined): void {
    const { special, nowMs } = this.#options;
    if (special.trial !== undefined && last !== undefined && special.trial.revision < last)
      special.dropTrial();
    const { trial } = special;
    if (trial === undefined) return;
    const leftMs = leftOf(trial, nowMs(), this.#bootTime(), LONGEST_MS);
    special.moveTrial(nowMs() + leftMs);
    this.#arm(leftMs);
  }

  /** False where nothing is on trial. */
  confirm(): boolean {
    const { special } = this.#options;
    if (special.trial === undefined) return false;
    special.keepTrial();
    this.close();
    return true;
  }

  requireNone(): void {
    const { trial } = this.#options.special;
    if (trial === undefined) return;
    const until = new Date(trial.untilMs).toISOString();
    throw new InputError(
      'TRIAL_RUNS',
      `Cannot change the configuration as revision ${trial.revision} is on trial until ${until}`,
    );
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #bootTime(): BootTime | undefined {
    return (this.#options.bootTime ?? bootTime)();
  }

  #arm(inMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#options.onOver(), inMs);
  }
}
