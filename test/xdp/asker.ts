// A client of the namespace tests that asks what it is told: one JSON object a line in, one out with who answered and what broke.
import { createSocket } from 'node:dgram';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { SLOWER } from './pace.ts';
import { summed } from './summed.ts';

export interface Ask {
  readonly ask: 'http' | 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** Makes datagrams of `udp` so much longer. */
  readonly padding: number;
}

interface Tally {
  readonly seen: Set<string>;
  readonly failures: string[];
  met(name: string): void;
}

async function http({ host, port, count }: Ask, { met, seen, failures }: Tally): Promise<void> {
  for (let i = 0; i < count; i++)
    await new Promise<void>((resolve) => {
      const request = get(
        { host, port, timeout: 3000 * SLOWER, agent: new Agent({ keepAlive: false }) },
        (response) => {
          let text = '';
          response.on('data', (data) => {
            text += data;
          });
          response.on('end', () => {
            const { name, from } = JSON.parse(text) as { name: string; from: string };
            met(name);
            seen.add(from);
            resolve();
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => {
        failures.push(error.message);
        resolve();
      });
    });
}

/** Says two things, each of which comes back behind the member's name, and then that it is done: so must the member. */
async function tcp({ host, port, count }: Ask, { met, failures }: Tally): Promise<void> {
  for (let i = 0; i < count; i++)
    await new Promise<void>((resolve) => {
      const socket = connect({ host, port });
      const said = [`first ${i}`, `second ${i}`];
      let answered = 0;
      let text = '';
      const end = (failure?: string) => {
        if (failure !== undefined) failures.push(failure);
        socket.destroy();
        resolve();
      };
      socket.setTimeout(3000 * SLOWER, () => end('timeout'));
      socket.on('connect', () => socket.write(said[0]!));
      socket.on('data', (data) => {
        text += data;
        const from = text.indexOf(' ') + 1;
        if (from === 0 || text.length - from < said[answered]!.length) return;
        if (text.slice(from) !== said[answered]) return end('another answer');
        if (answered++ === 0) met(text.slice(0, from - 1));
        text = '';
        if (answered < said.length) socket.write(said[answered]!);
        else socket.end();
      });
      socket.on('end', () => end(answered === said.length ? undefined : 'cut short'));
      socket.on('error', (error) => end(error.message));
    });
}

/** The kernel draws a socket's port by lot, now and then one that a flow of before still holds: that one takes no turn. */
let udpPort = 20_000;

/** Answers with its whole payload behind the name, or it counts as a failure: both ways in fragments when it is long. */
async function udp({ host, port, count, padding: length }: Ask, { met, failures }: Tally): Promise<void> {
  const padding = 'x'.repeat(length);
  for (let i = 0; i < count; i++) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(udpPort++, () => socket.connect(port, host));
    await new Promise<void>((resolve) => {
      const end = (failure?: string) => {
        clearTimeout(timer);
        if (failure !== undefined) failures.push(failure);
        resolve();
      };
      const timer = setTimeout(() => end('no answer'), 2000 * SLOWER);
      socket.on('connect', () => socket.send(`hello ${i}${padding}`));
      socket.on('message', (data) => {
        const [name = '', ...rest] = String(data).split(' ');
        if (rest.join(' ') !== `hello ${i}${padding}`) return end('another payload');
        met(name);
        end();
      });
      socket.on('error', (error) => end(error.message));
    });
    socket.close();
  }
}

const KINDS = { http, tcp, udp };

process.stdout.write('{}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line) as Ask;
  const names: Record<string, number> = {};
  const seen = new Set<string>();
  const failures: string[] = [];
  const met = (name: string) => {
    names[name] = (names[name] ?? 0) + 1;
  };
  await KINDS[ask.ask](ask, { seen, failures, met });
  process.stdout.write(`${JSON.stringify({ names, seen: [...seen], failures: summed(failures) })}\n`);
}
