// Actions that may take long, for callers who do not want to wait: each has a number, a deadline and an end.
import type { LbError } from '../../model/errors.ts';
import { OpError } from '../../model/errors.ts';
import { type Problem, toLbError, toProblem } from './problem.ts';

export const OPERATION_STATES = ['running', 'done', 'failed'] as const;

export interface Operation {
  readonly number: number;
  /** Id of the route. */
  readonly action: string;
  readonly author: string;
  readonly state: (typeof OPERATION_STATES)[number];
  readonly startedMs: number;
  /** Failed with TIMEOUT when nothing has come of it by then; what was begun may still take effect. */
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
  #last = 0;

  constructor(nowMs: () => number, deadlineMs = DEADLINE_MS) {
    this.#nowMs = nowMs;
    this.#deadlineMs = deadlineMs;
  }

  get(number: number): Operation | undefined {
    return this.#kept.get(number);
  }

  /** Newest last. */
  list(): readonly Operation[] {
    return [...this.#kept.values()];
  }

  begin(start: OperationStart, act: () => unknown): Operation {
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
    const timer = setTimeout(
      () => this.#fail(number, timedOut(action, this.#deadlineMs), start),
      this.#deadlineMs,
    );
    timer.unref();
    void Promise.resolve()
      .then(act)
      .then(
        (result) => this.#end(number, { state: 'done', result: result ?? null }),
        (error: unknown) => this.#fail(number, toLbError(error), start),
      )
      .finally(() => clearTimeout(timer));
    return operation;
  }

  #fail(number: number, error: LbError, { url, requestId }: OperationStart): void {
    this.#end(number, { state: 'failed', problem: toProblem(error, { url, id: requestId }) });
  }

  /** The first end counts. */
  #end(number: number, end: Pick<Operation, 'state' | 'result' | 'problem'>): void {
    const operation = this.#kept.get(number);
    if (operation?.state !== 'running') return;
    this.#kept.set(number, { ...operation, ...end, endedMs: this.#nowMs() });
  }
}

function timedOut(action: string, ms: number): LbError {
  return new OpError('TIMEOUT', `Cannot wait longer for "${action}": it has not ended for ${ms} ms`, {
    op: action,
  });
}
