// A client that takes orders as lines of JSON and answers each with a line: who answered how often, and what failed.
import { createSocket } from 'node:dgram';
import { flushCompileCache } from 'node:module';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export interface ClientOrder {
  readonly id: number;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Requests in all; a later `stop` of the same id ends it sooner. */
  readonly count: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Keeps every TCP connection open until `stop`. */
  readonly hold: boolean;
}

export interface StopOrder {
  readonly id: number;
  readonly stop: true;
}

/** Asks for a word as soon as the job had so many answers more than it has now. */
export interface WatchOrder {
  readonly id: number;
  readonly more: number;
}

export interface ClientReport {
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** Ports move on with the clock, so that a client of a test file before this one has used others. */
const FIRST_PORT = 10_000;
const PORT_COUNT = 50_000;
const MS_PER_PORT = 10;
let portsUsed = Math.floor(Date.now() / MS_PER_PORT);

/** Never one from before: the kernel remembers a connection for minutes and would send a new one the same way, past the scheduler. */
function nextPort(): number {
  portsUsed++;
  return FIRST_PORT + (portsUsed % PORT_COUNT);
}

/** Enough to see what is wrong. */
const ENOUGH_FAILURES = 3;

class Job {
  readonly #order: ClientOrder;
  readonly #answers: Record<string, number> = {};
  readonly #failures: string[] = [];
  readonly #held: Socket[] = [];
  #left: number;
  #answered = 0;
  #watch = { at: Number.POSITIVE_INFINITY, reached: () => {} };

  constructor(order: ClientOrder) {
    this.#order = order;
    this.#left = order.count;
  }

  async run(): Promise<ClientReport> {
    await Promise.all(Array.from({ length: this.#order.concurrency }, () => this.#work()));
    return { answers: this.#answers, failures: this.#failures };
  }

  watch(more: number, reached: () => void): void {
    this.#watch = { at: this.#answered + more, reached };
  }

  stop(): void {
    this.#left = 0;
    for (const socket of this.#held) socket.destroy();
  }

  async #work(): Promise<void> {
    while (this.#left > 0) {
      this.#left--;
      try {
        const name = this.#order.protocol === 'tcp' ? await this.#askTcp() : await askUdp(this.#order);
        this.#answers[name] = (this.#answers[name] ?? 0) + 1;
        this.#answered++;
        if (this.#answered === this.#watch.at) this.#watch.reached();
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
        // Waiting for each of many answers that do not come would take the time of all other tests.
        if (this.#failures.length >= ENOUGH_FAILURES) this.#left = 0;
      }
    }
  }

  #askTcp(): Promise<string> {
    const { address, port, timeoutMs, hold } = this.#order;
    return new Promise((done, fail) => {
      const socket = connect({ host: address, port, localPort: nextPort() });
      const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), timeoutMs);
      // Stays for good: once the answer was whole, a later error is of no interest.
      socket.on('error', fail);
      socket.once('data', (chunk) => {
        clearTimeout(timer);
        if (hold) this.#held.push(socket);
        else socket.end('bye');
        done(chunk.toString().trim());
      });
      socket.once('close', () => {
        clearTimeout(timer);
        fail(new Error('closed without an answer'));
      });
    });
  }
}

function askUdp({ address, port, timeoutMs }: ClientOrder): Promise<string> {
  return new Promise((done, fail) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const end = (finish: () => void) => {
      clearTimeout(timer);
      socket.close();
      finish();
    };
    const timer = setTimeout(() => end(() => fail(new Error('no answer in time'))), timeoutMs);
    socket.once('message', (message) => end(() => done(message.toString())));
    socket.once('error', (error) => end(() => fail(error)));
    socket.bind(nextPort(), () => socket.send('?', port, address));
  });
}

// Killed in the end, so what the next one can use is kept now.
flushCompileCache();
const jobs = new Map<number, Job>();

createInterface({ input: process.stdin }).on('line', async (line) => {
  const order = JSON.parse(line) as ClientOrder | StopOrder | WatchOrder;
  if ('stop' in order) {
    jobs.get(order.id)?.stop();
    return;
  }
  if ('more' in order) {
    const { id } = order;
    jobs.get(id)?.watch(order.more, () => process.stdout.write(`${JSON.stringify({ id, reached: true })}\n`));
    return;
  }
  const job = new Job(order);
  jobs.set(order.id, job);
  const report = await job.run();
  process.stdout.write(`${JSON.stringify({ id: order.id, report })}\n`);
});
