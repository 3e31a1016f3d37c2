// A member: HTTP, a TCP echo and a UDP echo on one port each, telling its name and whom it sees.
import { createSocket } from 'node:dgram';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';

const [name, port] = [process.argv[2]!, Number(process.argv[3])];

createHttp((request, response) => {
  response.end(JSON.stringify({ name, from: request.socket.remoteAddress }));
}).listen(port, '::');
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => socket.write(`${name} ${data}`));
  socket.on('end', () => socket.end());
}).listen({ port: port + 1, host: '::', backlog: 4096 });
const udp = createSocket('udp6');
// The answer leaves from the address it was asked on where that is the only one of the flow's network.
udp.on('message', (data, from) => udp.send(`${name} ${data}`, from.port, from.address));
udp.bind(port, '::', () => process.stdout.write('ready\n'));
