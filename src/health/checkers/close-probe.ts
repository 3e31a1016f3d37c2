// The end of a probe over TCP in clear: RST instead of FIN, as thousands of checks a second would fill the table with TIME_WAIT.
import type { Socket } from 'node:net';

export function closeProbe(socket: Socket): void {
  socket.removeAllListeners();
  // A late error of a closed socket must not end the process.
  socket.on('error', () => {});
  // Node would wait for a connection to be there before it resets it, which takes the kernel two minutes where nobody answers;
  // and libuv refuses a reset once our FIN is on its way, and would keep the descriptor.
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
