// Actions that may take long, for callers who do not want to wait: each has a number, a deadline and an end.
import { InputError, type LbError, OpError } from '../../model/errors.ts';
import { type Problem, toLbError, toProblem } from './problem.ts';
import { Withdrawal } from './withdrawal.ts';

export const OPERATION_STATES = ['running', 'done', 'failed', 'cancelled'] as const;

export interface Operation {
  readonly number: number;
  /** Id of the route. */
  readonly action: string;
  readonly author: string;
  readonly state: (typeof OPERATION_STATES)[number];
  readonly startedMs: number;
  /** Failed with TIMEOUT when nothing has come of it by then: what waits is called off, what has begun may still take effect. */
  readonly deadlineMs: number;
  readonly endedMs?: number;
  readonly result?: unknown;
  readonly problem?: Problem;
}

const DEADLINE_MS = 300_000;
const KEPT = 256;

export interface OperationStart {
  readonly action: string;
  readonly author: string;
  readonly url: string;
  readonly requestId: string;
}

export class Operations {
  readonly #nowMs: () => number;
  readonly #deadlineMs: number;
  readonly #kept = new Map<number, Operation>();
  readonly #waiting = new Map<number, Withdrawal>();
  #last: number;

  /** Numbers go on from the time: who asks after a restart must not be told of an operation of somebody else. */
  constructor(nowMs: () => number, deadlineMs = DEADLINE_MS) {
    this.#nowMs = nowMs;
    this.#deadlineMs = deadlineMs;
    this.#last = Math.floor(nowMs() / 1000);
  }

  get(number: number): Operation | undefined {
    return this.#kept.get(number);
  }

  /** Newest last. */
  list(): readonly Operation[] {
    return [...this.#kept.values()];
  }

  /** The action says with `begin` when it cannot be called off any more. */
  begin(start: OperationStart, act: (begin: () => void) => unknown): Operation {
    const startedMs = this.#nowMs();
    const number = ++this.#last;
    const { action, author } = start;
    const operation: Operation = {
      number,
      action,
      author,
      state: 'running',
      startedMs,
      deadlineMs: startedMs + this.#deadlineMs,
    };
    this.#kept.set(number, operation);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    const withdrawal = new Withdrawal();
    this.#waiting.set(number, withdrawal);
    const timer = setTimeout(
      () => this.#fail(number, timedOut(action, this.#deadlineMs, withdrawal.withdraw()), start),
      this.#deadlineMs,
    );
    timer.unref();
    void Promise.resolve()
      .then(() => act(withdrawal.begin))
      .then(
        (result) => this.#end(number, { state: 'done', result: result ?? null }),
        (error: unknown) => this.#fail(number, toLbError(error), start),
      )
      .finally(() => clearTimeout(timer));
    return operation;
  }

  /** Throws CONFLICT where it has ended, or has begun to take effect. */
  cancel(operation: Operation): Operation {
    const { number, action, state } = operation;
    if (state !== 'running')
      throw new InputError('CONFLICT', `Cannot cancel operation ${number} as it is ${state} already`, {
        hint: `GET /v1/operations/${number} tells what came of it`,
      });
    if (this.#waiting.get(number)?.withdraw() !== true)
      throw new InputError('CONFLICT', `Cannot cancel operation ${number} as its "${action}" has begun`, {
        hint: 'Its revision is stored and being applied: go back with "lbctl rollback" when it has ended',
      });
    this.#end(number, { state: 'cancelled' });
    return this.#kept.get(number) ?? operation;
  }

  #fail(number: number, error: LbError, { url, requestId }: OperationStart): void {
    this.#end(number, { state: 'failed', problem: toProblem(error, { url, id: requestId }) });
  }

  /** The first end counts. */
  #end(number: number, end: Pick<Operation, 'state' | 'result' | 'problem'>): void {
    this.#waiting.delete(number);
    const operation = this.#kept.get(number);
    if (operation?.state !== 'running') return;
    this.#kept.set(number, { ...operation, ...end, endedMs: this.#nowMs() });
  }
}

function timedOut(action: string, ms: number, withdrawn: boolean): LbError {
  return new OpError(
    'TIMEOUT',
    `Cannot wait longer for "${action}": it has not ${withdrawn ? 'begun' : 'ended'} for ${ms} ms`,
    { op: action },
    {
      hint: withdrawn
        ? 'Nothing of it was done, and nothing will be: begin it again'
        : 'It has begun and may still take effect: "lbctl history" tells what came of it',
    },
  );
}
