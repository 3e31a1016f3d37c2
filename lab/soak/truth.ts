// Holds what a node says of itself to what the machine shows: who is alive, who has the address, who gets traffic.
import { request } from 'node:http';
import { join } from 'node:path';
import type { Status } from '../../src/model/status.ts';
import { type DemoSite, NODES, type NodeName, SERVERS, type ServerName } from '../demo/site.ts';
import { API_SOCKET } from '../topology/node-config.ts';

/** What is so, as the one who broke it knows. */
export interface Truth {
  /** Servers that answer. */
  readonly alive: readonly ServerName[];
  /** Servers an operator took out. */
  readonly drained: readonly ServerName[];
  /** Nodes that the switch forwards for. */
  readonly connected: readonly NodeName[];
  /** Nodes whose daemon runs and can answer. */
  readonly answering: readonly NodeName[];
  /** Nodes whose configuration file is broken. */
  readonly broken: readonly NodeName[];
}

export const ALL_WELL: Truth = {
  alive: SERVERS,
  drained: [],
  connected: NODES,
  answering: NODES,
  broken: [],
};

const ASK_MS = 2000;

/** What a node says that is not so; empty when all of it is true. */
export async function liesOf(site: DemoSite, truth: Truth): Promise<readonly string[]> {
  const holders = NODES.filter((node) => hasAddress(site, node));
  const lies = await Promise.all(truth.answering.map((node) => liesOfNode(site, node, truth)));
  const connected = holders.filter((node) => truth.connected.includes(node));
  const held = connected.length === 1 ? [] : [`${connected.length} connected nodes have the address, not 1`];
  return [...held, ...lies.flat()];
}

async function liesOfNode(site: DemoSite, node: NodeName, truth: Truth): Promise<readonly string[]> {
  const status = await askStatus(site, node).catch((error: Error) => error);
  if (status instanceof Error) return [`${node} does not answer: ${status.message}`];
  const lies: string[] = [];
  const claim = (says: string, isSo: boolean): void => {
    if (!isSo) lies.push(`${node} ${says}`);
  };
  const address = status.addresses[0];
  const holds = hasAddress(site, node);
  claim(`says it ${address?.observed ? 'has' : 'lacks'} the address`, address?.observed === holds);
  claim(`says it is ${address?.role}`, (address?.role === 'active') === holds);
  const members = status.listeners[0]?.members ?? [];
  claim(`shows ${members.length} members`, members.length === SERVERS.length);
  const reaches = truth.connected.includes(node);
  for (const { name, observedWeight = 0 } of members) {
    const server = name as ServerName;
    const wanted = reaches && truth.alive.includes(server) && !truth.drained.includes(server);
    claim(`gives ${name} weight ${observedWeight}`, observedWeight > 0 === wanted);
  }
  const says = status.configError === undefined ? 'a right' : 'a broken';
  claim(
    `speaks of ${says} configuration`,
    (status.configError !== undefined) === truth.broken.includes(node),
  );
  for (const { key, error } of status.errors) lies.push(`${node} reports ${key}: ${error.message}`);
  return lies;
}

export function hasAddress(site: DemoSite, node: NodeName): boolean {
  return site.host(node).ip('-o', 'address', 'show', 'dev', 'eth0').includes(` ${site.vip}/`);
}

export function activeNode(site: DemoSite): NodeName {
  return NODES.find((node) => hasAddress(site, node)) ?? 'lb-a';
}

function askStatus(site: DemoSite, node: NodeName): Promise<Status> {
  const socketPath = join(site.node(node).dir, API_SOCKET);
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/v1/status', timeout: ASK_MS }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as Status);
        else reject(new Error(`HTTP ${response.statusCode}`));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.end();
  });
}
