// Holds connections for the namespace tests. Says "open", and at its end one JSON object: who answered, what broke.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SLOWER } from './pace.ts';
import { summed } from './summed.ts';

const [host, portText, countText] = process.argv.slice(2) as [string, string, string];
const [port, count] = [Number(portText), Number(countText)];
const names: Record<string, number> = {};
const failures: string[] = [];

function met(name: string): void {
  names[name] = (names[name] ?? 0) + 1;
}

/** Opens `count` connections and speaks on all of them in turn; once its input ends, on each of them once more. */
async function hold(): Promise<void> {
  const sockets: Socket[] = [];
  const waiting = new Map<Socket, (text: string) => void>();
  const open = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ host, port });
      const owner: { name?: string } = {};
      socket.setTimeout(20_000 * SLOWER, () => socket.destroy(new Error('timeout')));
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
              }, 10_000 * SLOWER);
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

await hold();
process.stdout.write(`${JSON.stringify({ names, seen: [], failures: summed(failures) })}\n`);
process.exit(0);
