// A web server of a lab: answers every request with its name.
import { createServer } from 'node:http';

export function serveWeb(name: string, port: number): void {
  createServer((_request, response) => {
    response.setHeader('connection', 'close');
    response.end(name);
  }).listen({ port, host: '0.0.0.0', backlog: 1024 }, () => process.stdout.write('ready\n'));
}
