// How a probe leaves this node: from a source address, by a device, with a mark. Everything that connects goes through here.
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIPv6, Socket } from 'node:net';
import { familyOfTarget, needsOwnSocket, openProbeSocket } from '../../kernel/probe-socket.ts';
import type { HealthCheck } from '../../model/health-check.ts';
import type { Target } from './checker.ts';

/** In clear; throws where device or mark are refused. */
export function connectPlain(check: HealthCheck, target: Target): Socket {
  const to = { host: target.address, port: target.port };
  if (!needsOwnSocket(check))
    return connect(check.sourceAddress === undefined ? to : { ...to, localAddress: check.sourceAddress });
  const fd = openProbeSocket('stream', familyOfTarget(target.address), check);
  // Reading begins with the connection: before, the kernel would call it an error.
  const waiting = { fd, readable: true, writable: true, manualStart: true };
  return new Socket(waiting).connect(to);
}

/** Connected, so that an ICMP error comes back as ECONNREFUSED; calls back once something can be sent. */
export function connectDatagram(check: HealthCheck, target: Target, ready: () => void): DatagramSocket {
  const socket = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
  const onBound = (): void => socket.connect(target.port, target.address, ready);
  if (needsOwnSocket(check)) {
    try {
      const fd = openProbeSocket('datagram', familyOfTarget(target.address), check);
      socket.bind({ fd, exclusive: true }, onBound);
    } catch (error) {
      socket.close();
      throw error;
    }
  } else socket.bind({ address: check.sourceAddress ?? '', port: 0, exclusive: true }, onBound);
  return socket;
}
