// Members that can be closed one by one, in a process of their own: a TCP server for each address. A line with an address on
// standard input closes it, and who connects there is refused from then on.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';

const [port, ...addresses] = process.argv.slice(2);
const servers = new Map<string, Server>();
for (const address of addresses) {
  const server = createServer({ pauseOnConnect: true }, (socket) => socket.destroy());
  server.listen({ port: Number(port), host: address });
  await once(server, 'listening');
  servers.set(address, server);
}
process.stdout.write('ready\n');
createInterface(process.stdin).on('line', (address) => servers.get(address)?.close());
// The benchmark is gone when our input is.
process.stdin.on('end', () => process.exit(0));
