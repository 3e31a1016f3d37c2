// A web server of the demo: answers every request with its name.
import { createServer } from 'node:http';

const [name = 'web', port = '80'] = process.argv.slice(2);
createServer((_request, response) => {
  response.setHeader('connection', 'close');
  response.end(name);
}).listen({ port: Number(port), host: '0.0.0.0', backlog: 1024 }, () => process.stdout.write('ready\n'));
