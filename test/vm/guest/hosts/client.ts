// A client: asks an address many times and prints who answered how often, and what failed. Ends after `count` requests,
// or when its input closes.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

export interface ClientOrder {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  readonly count: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Keeps every TCP connection open until the end. */
  readonly hold?: boolean;
}

export interface ClientReport {
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

const order = JSON.parse(process.argv[2]!) as ClientOrder;
const answers: Record<string, number> = {};
const failures: string[] = [];
const held: { destroy(): void }[] = [];
let left = order.count;

function ask(): Promise<string> {
  return order.protocol === 'tcp' ? askTcp() : askUdp();
}

function askTcp(): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect({ host: order.address, port: order.port });
    const timer = setTimeout(() => {
      socket.destroy();
      fail(new Error('no answer in time'));
    }, order.timeoutMs);
    socket.once('error', fail);
    socket.once('data', (chunk) => {
      clearTimeout(timer);
      if (order.hold === true) held.push(socket);
      else socket.end('bye');
      // Later errors are of no interest: the answer was whole.
      socket.on('error', () => {});
      done(chunk.toString().trim());
    });
    socket.once('close', () => {
      clearTimeout(timer);
      fail(new Error('closed without an answer'));
    });
  });
}

function askUdp(): Promise<string> {
  return new Promise((done, fail) => {
    const socket = createSocket(order.address.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => {
      socket.close();
      fail(new Error('no answer in time'));
    }, order.timeoutMs);
    socket.once('message', (message) => {
      clearTimeout(timer);
      socket.close();
      done(message.toString());
    });
    socket.once('error', fail);
    socket.send('?', order.port, order.address);
  });
}

async function worker(): Promise<void> {
  while (left > 0) {
    left--;
    try {
      const name = await ask();
      answers[name] = (answers[name] ?? 0) + 1;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
}

process.stdin.on('end', () => {
  left = 0;
});
process.stdin.resume();
await Promise.all(Array.from({ length: order.concurrency }, worker));
process.stdout.write(JSON.stringify({ answers, failures: failures.slice(0, 20) } satisfies ClientReport));
for (const one of held) one.destroy();
process.exit(0);
