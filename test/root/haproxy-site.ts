// A site behind the driver: members that tell what reached them, and Worlds on loopback addresses of the test's own.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { HaproxyDriver } from '../../src/drivers/haproxy/haproxy-driver.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Pool } from '../../src/model/pool.ts';
import type { Certificate, ListenerTls } from '../../src/model/tls.ts';
import type { World } from '../../src/model/world.ts';
import { assumedFacts } from '../../src/plan/assumed-facts.ts';
import { resolve } from '../../src/plan/resolve.ts';
import { applyPhases, type Planned, planOf } from '../conformance/converge.ts';
import {
  buildHttp,
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../fixtures/build-intent.ts';
import { ownLoopback } from '../fixtures/own-loopback.ts';

/** Two runs on one machine must not meet: each has a loopback address of its own, which its children share. */
export const VIP = process.env.SY_SITE_VIP ?? ownLoopback(71);
export const VIP6 = '::1';

export interface Told {
  readonly member: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly version: string;
  readonly bytes: number;
}

const servers: (Server | TcpServer)[] = [];

/** A member that answers with what it was asked. */
export async function startMember(name: string, host = '127.0.0.1'): Promise<number> {
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      const { method = '', url = '', headers, httpVersion: version } = request;
      const told: Told = { member: name, method, url, headers, version, bytes };
      const cookie = url.startsWith('/login') ? { 'set-cookie': `APP=${name}-session; Path=/` } : {};
      response.writeHead(200, { 'content-type': 'application/json', 'x-powered-by': 'member', ...cookie });
      response.end(JSON.stringify(told));
    });
  });
  server.on('upgrade', ({ headers }, socket) => {
    // RFC 6455 section 4.2.2: HAProxy holds the answer to the key of the question.
    const accept = createHash('sha1')
      .update(`${headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
  });
  return listen(server, host);
}

/** Sends back what it got, first the line by which it can be told. */
export async function startEcho(name: string): Promise<number> {
  return listen(
    createTcpServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {});
      socket.write(`${name}\n`);
      socket.pipe(socket);
    }),
  );
}

export async function listen(server: Server | TcpServer, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function closeMembers(): Promise<void> {
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  }
}

export interface Wanted {
  readonly name: string;
  readonly port: number;
  /** Ports of members on 127.0.0.1. */
  readonly members: readonly number[];
  readonly listener?: Partial<Listener>;
  readonly pool?: Partial<Pool>;
}

export interface WorldParts {
  readonly listeners: readonly Wanted[];
  readonly pools?: readonly Pool[];
  readonly certificates?: readonly Certificate[];
}

export function worldOf({ listeners, pools = [], certificates = [] }: WorldParts): World {
  const intent = buildIntent({
    vips: [buildVip('four', VIP, { manage: false }), buildVip('six', VIP6, { manage: false })],
    listeners: listeners.map(({ name, port, listener }) =>
      buildListener(name, 'four', port, { mode: 'proxy', scheduler: 'rr', protocol: 'http', ...listener }),
    ),
    pools: [...listeners.map((one) => poolOf(one.name, one.members, one.pool)), ...pools],
    certificates: new Map(certificates.map((one) => [one.name, one])),
  });
  const world = resolve(intent, assumedFacts(intent, 0), { engine: 'haproxy' });
  for (const one of world.unplaced) throw new Error(`Cannot build the site: ${one.detail}`);
  return world;
}

export function poolOf(name: string, ports: readonly number[], more: Partial<Pool> = {}): Pool {
  return buildPool(
    name,
    ports.map((port) => buildMember('127.0.0.1', { name: `${name}-${port}`, port })),
    more,
  );
}

export const HTTP = buildHttp();

export function tlsOf(certificates: readonly string[], more: Partial<ListenerTls> = {}): ListenerTls {
  return {
    certificates,
    minVersion: '1.2',
    maxVersion: '1.3',
    alpn: ['h2', 'http/1.1'],
    clientAuth: 'none',
    ...more,
  };
}

/** Applies and throws what failed. */
export async function put(driver: HaproxyDriver, world: World): Promise<Planned> {
  const planned = await planOf(driver, world);
  for (const result of await applyPhases(driver, planned.steps)) if (!result.ok) throw result.error;
  return planned;
}
