// A member with long conversations: answers every line with the same line; after "push" it speaks by itself, ten times a second.
import { createServer } from 'node:net';

const [port = '8080'] = process.argv.slice(2);
createServer((socket) => {
  let timer: NodeJS.Timeout | undefined;
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    if (chunk.toString().startsWith('push')) timer = setInterval(() => socket.write('tick\n'), 100);
    else socket.write(chunk);
  });
  socket.on('close', () => clearInterval(timer));
  socket.on('error', () => clearInterval(timer));
}).listen({ port: Number(port), host: '::', backlog: 4096 }, () => process.stdout.write('ready\n'));
