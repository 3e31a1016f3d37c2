// The members of the health benchmark, in a process of their own: a TCP and an HTTP server on every address of loopback.
// A line `mute 127.0.3.7` on standard input makes that address accept and never answer.
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { createInterface } from 'node:readline';

const BACKLOG = 4096;
const muted = new Set<string>();

const tcp = createTcp((socket) => {
  socket.on('error', () => {});
  socket.resume();
}).listen({ port: 0, host: '0.0.0.0', backlog: BACKLOG });
const http = createHttp((request, response) => {
  if (!muted.has(request.socket.localAddress ?? '')) response.end('ok');
}).listen({ port: 0, host: '0.0.0.0', backlog: BACKLOG });

http.on('listening', () => {
  const ports = [tcp, http].map((server) => (server.address() as AddressInfo).port);
  process.stdout.write(`${ports.join(' ')}\n`);
});
createInterface(process.stdin).on('line', (line) => muted.add(line.replace('mute ', '')));
// The benchmark is gone when our input is.
process.stdin.on('end', () => process.exit(0));
