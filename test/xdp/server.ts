// A member: HTTP, a TCP echo and a UDP echo on one port each, telling its name and whom it sees.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

const [name, port] = [process.argv[2]!, Number(process.argv[3])];

createHttp((request, response) => {
  response.end(JSON.stringify({ name, from: request.socket.remoteAddress }));
}).listen(port, '::');
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => socket.write(`${name} ${data}`));
  socket.on('end', () => socket.end());
}).listen({ port: port + 1, host: '::', backlog: 4096 });
// Bound to each address of its own, so that answers leave from the one that was asked.
const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const ready = own
  .filter(({ address }) => !address.startsWith('fe80'))
  .map(async ({ address, family }) => {
    const udp = createSocket(family === 'IPv6' ? 'udp6' : 'udp4');
    udp.on('message', (data, from) => udp.send(`${name} ${data}`, from.port, from.address));
    udp.bind(port, address);
    await once(udp, 'listening');
  });
await Promise.all(ready);
process.stdout.write('ready\n');
