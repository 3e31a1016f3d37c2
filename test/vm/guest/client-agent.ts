// The test's side of the client: sends orders to the process in the client's namespace and waits for their reports.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ClientOrder, ClientReport } from './hosts/client.ts';

export type Ask = Pick<ClientOrder, 'address' | 'port'> & Partial<Omit<ClientOrder, 'id'>>;

/** Requests that go on in the background. */
export interface Load {
  readonly report: Promise<ClientReport>;
  /** Until so many more requests were answered, or the load is over: time says nothing on a slow machine. */
  goOn(more: number): Promise<void>;
  /** Asks no more (and closes what is held), then gives the report. */
  finish(): Promise<ClientReport>;
}

export class ClientAgent {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (report: ClientReport) => void>();
  readonly #watching = new Map<number, () => void>();
  #next = 1;

  constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const { id, report } = JSON.parse(line) as { readonly id: number; readonly report?: ClientReport };
      if (report === undefined) {
        this.#watching.get(id)?.();
        return;
      }
      this.#waiting.get(id)?.(report);
      this.#waiting.delete(id);
      this.#watching.delete(id);
    });
  }

  load(ask: Ask): Load {
    const id = this.#next++;
    const order: ClientOrder = {
      protocol: 'tcp',
      count: 12,
      concurrency: 1,
      timeoutMs: 10_000,
      hold: false,
      ...ask,
      id,
    };
    const { promise, resolve } = Promise.withResolvers<ClientReport>();
    this.#waiting.set(id, resolve);
    this.#send(order);
    const finish = () => {
      this.#send({ id, stop: true });
      return promise;
    };
    const goOn = async (more: number) => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      this.#watching.set(id, reach);
      this.#send({ id, more });
      await Promise.race([reached, promise]);
    };
    return { report: promise, goOn, finish };
  }

  #send(value: unknown): void {
    this.#child.stdin!.write(`${JSON.stringify(value)}\n`);
  }
}
