// A client of the namespace tests. Prints one JSON object at its end: what it asked, who answered, what broke.
import { createSocket } from 'node:dgram';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [kind, host, portText, countText, paddingText] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string?,
];
const [port, count] = [Number(portText), Number(countText)];
const names: Record<string, number> = {};
const seen = new Set<string>();
const failures: string[] = [];

function met(name: string): void {
  names[name] = (names[name] ?? 0) + 1;
}

async function http(): Promise<void> {
  for (let i = 0; i < count; i++)
    await new Promise<void>((resolve) => {
      const request = get(
        { host, port, timeout: 3000, agent: new Agent({ keepAlive: false }) },
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

/** Answers with its whole payload behind the name, or it counts as a failure: both ways in fragments when it is long. */
async function udp(): Promise<void> {
  const padding = 'x'.repeat(Number(paddingText ?? 0));
  for (let i = 0; i < count; i++) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.connect(port, host);
    await new Promise<void>((resolve) => {
      socket.on('connect', () => socket.send(`hello ${i}${padding}`));
      socket.on('message', (data) => {
        const [name = '', ...rest] = String(data).split(' ');
        if (rest.join(' ') === `hello ${i}${padding}`) met(name);
        else failures.push('another payload');
        resolve();
      });
      socket.on('error', (error) => {
        failures.push(error.message);
        resolve();
      });
      setTimeout(() => {
        failures.push('no answer');
        resolve();
      }, 2000).unref();
    });
    socket.close();
  }
}

/** Opens `count` connections and speaks on all of them in turn; once its input ends, on each of them once more. */
async function hold(): Promise<void> {
  const sockets: Socket[] = [];
  const waiting = new Map<Socket, (text: string) => void>();
  const open = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ host, port });
      const owner: { name?: string } = {};
      socket.setTimeout(20_000, () => socket.destroy(new Error('timeout')));
      socket.once('connect', () => {
        sockets.push(socket);
        resolve();
      });
      socket.on('data', (data) => {
        const name = String(data).split(' ')[0]!;
        // The member that answered first answers for ever, or the connection was moved.
        if (owner.name !== undefined && owner.name !== name)
          failures.push(`moved from ${owner.name} to ${name}`);
        if (owner.name === undefined) met(name);
        owner.name = name;
        waiting.get(socket)?.(name);
      });
      socket.on('error', (error) => {
        failures.push(`${owner.name ?? 'nobody'}: ${error.message}`);
        waiting.get(socket)?.('');
        resolve();
      });
      socket.on('close', () => waiting.get(socket)?.(''));
    });
  for (let i = 0; i < count; i += 100)
    await Promise.all(Array.from({ length: Math.min(100, count - i) }, open));
  let told = false;
  process.stdin.once('end', () => {
    told = true;
  });
  process.stdin.resume();
  for (let round = 0, last = false; !last; round++) {
    last = told;
    for (let i = 0; i < sockets.length; i += 200)
      await Promise.all(
        sockets.slice(i, i + 200).map(
          (socket) =>
            new Promise<void>((resolve) => {
              if (socket.destroyed) return resolve();
              const timer = setTimeout(() => {
                failures.push('silent');
                done();
              }, 10_000);
              const done = () => {
                clearTimeout(timer);
                waiting.delete(socket);
                resolve();
              };
              waiting.set(socket, done);
              socket.write('x');
            }),
        ),
      );
    // Open means answered once: from here on every connection has a member of its own.
    if (round === 0) process.stdout.write('open\n');
    await sleep(20);
  }
  for (const socket of sockets) socket.destroy();
}

await { http, udp, hold }[kind]!();
process.stdout.write(`${JSON.stringify({ names, seen: [...seen], failures: summed(failures) })}\n`);
process.exit(0);

function summed(list: readonly string[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const one of list) out[one] = (out[one] ?? 0) + 1;
  return out;
}
