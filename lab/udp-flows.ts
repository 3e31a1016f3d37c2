// Flows of datagrams, to see which node answers each: "serve ADDRESS PORT NAME" answers with its name; "ask ADDRESS PORT COUNT"
// keeps COUNT flows asking every 20 ms, and tells of each as JSON for every line it reads, since the last one.
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FlowReport {
  /** Who answered, in order, without repeats. */
  readonly nodes: readonly string[];
  readonly lost: number;
  /** The longest time between two answers. */
  readonly longestMs: number;
}

const EVERY_MS = 20;
/** Nothing is asked for so long before a report: an answer that is late on a busy machine is not lost. */
const LATE_MS = 500;
const [what = '', address = '', port = '', last = ''] = process.argv.slice(2);

function serve(): void {
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => socket.send(last, from.port, from.address));
  // What cannot be answered while a link is down is the client's to count.
  socket.on('error', () => {});
  socket.bind(Number(port), address, () => process.stdout.write('ready\n'));
}

class Flow {
  readonly #socket = createSocket('udp4');
  #nodes: string[] = [];
  #sent = 0;
  #answered = 0;
  #longestMs = 0;
  #heardMs = performance.now();

  constructor() {
    this.#socket.on('error', () => {});
    this.#socket.on('message', (text) => this.#hear(text.toString()));
    this.#socket.bind();
  }

  ask(): void {
    this.#sent++;
    this.#socket.send('?', Number(port), address);
  }

  /** A silence that lasts counts too. */
  pause(): void {
    this.#longestMs = Math.max(this.#longestMs, performance.now() - this.#heardMs);
  }

  report(): FlowReport {
    const lost = Math.max(0, this.#sent - this.#answered);
    const report = { nodes: this.#nodes, lost, longestMs: Math.round(this.#longestMs) };
    this.#nodes = this.#nodes.slice(-1);
    this.#sent = this.#answered = this.#longestMs = 0;
    this.#heardMs = performance.now();
    return report;
  }

  #hear(node: string): void {
    const now = performance.now();
    this.#answered++;
    this.#longestMs = Math.max(this.#longestMs, now - this.#heardMs);
    this.#heardMs = now;
    if (this.#nodes.at(-1) !== node) this.#nodes.push(node);
  }
}

async function ask(): Promise<void> {
  const flows = Array.from({ length: Number(last) }, () => new Flow());
  let isPaused = false;
  setInterval(() => {
    if (!isPaused) for (const flow of flows) flow.ask();
  }, EVERY_MS);
  process.stdout.write('ready\n');
  for await (const _ of createInterface({ input: process.stdin })) {
    for (const flow of flows) flow.pause();
    isPaused = true;
    await sleep(LATE_MS);
    process.stdout.write(`${JSON.stringify(flows.map((flow) => flow.report()))}\n`);
    isPaused = false;
  }
  process.exit(0);
}

if (what === 'serve') serve();
else await ask();
