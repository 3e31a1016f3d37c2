// A member: answers every TCP connection and every UDP datagram with its name, over IPv4 and IPv6.
import { createSocket } from 'node:dgram';
import { flushCompileCache } from 'node:module';
import { createServer, type Socket } from 'node:net';

const [name = 'nobody', ...ports] = process.argv.slice(2);
const numbers = ports.map(Number);
// Killed in the end, so what the next one can use is kept now.
flushCompileCache();

/** Says the name, then waits for the client to close: the side that closes first keeps TIME_WAIT. */
function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.on('data', () => socket.end());
  socket.on('end', () => socket.end());
  socket.write(`${name}\n`);
}

let pending = numbers.length * 2;
function ready(): void {
  pending--;
  if (pending === 0) process.stdout.write('ready\n');
}

for (const port of numbers) {
  createServer({ allowHalfOpen: true }, serve).listen({ port, host: '::', backlog: 512 }, ready);
  const udp = createSocket({ type: 'udp6', reuseAddr: true });
  udp.on('message', (_, from) => udp.send(name, from.port, from.address));
  udp.bind(port, '::', ready);
}
