// The block `listeners`.
import type { z } from 'zod';
import {
  ENGINES,
  LISTENER_PROTOCOLS,
  MODES,
  SCHEDULER_FLAGS,
  SCHEDULERS,
  TUNNEL_TYPES,
} from '../../model/protocol.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, either, isBlock, list } from './block.ts';
import { Fault, opt, scalar, show } from './field.ts';
import { httpSchema, listenerTlsSchema } from './http.ts';
import { address, duration, portRange, prefix } from './numbers.ts';
import { poolShape, poolTlsSchema } from './pool.ts';
import { flag, int, name, oneOf, text } from './words.ts';

const D = DEFAULTS;
const DAY_MS = 86_400_000;

const schedulerWord = oneOf('How a member is chosen.', SCHEDULERS, D.scheduler);
const schedulerBlock = block('A scheduler with its flags.', {
  name: opt(schedulerWord),
  flags: opt(
    list(
      '`port` and `fallback` go with sh and mh, `one-packet` with udp.',
      oneOf('A flag.', SCHEDULER_FLAGS),
    ),
  ),
  key: opt(text('Header name of scheduler `header`.')),
});
type SchedulerBlock = z.output<typeof schedulerBlock>;
const schedulerFromWord = schedulerWord.transform((word): SchedulerBlock => ({ name: word }));

const schedulerSchema = either<SchedulerBlock>(
  'How a member is chosen: a word, or a block with flags. Default: wlc.',
  [
    { label: 'word', schema: schedulerWord },
    { label: 'block', schema: schedulerBlock },
  ],
  (value) => (isBlock(value) ? schedulerBlock : (schedulerFromWord as unknown as z.ZodType<SchedulerBlock>)),
);

const persistenceSchema = block('Keeps a client at one member.', {
  type: opt(
    oneOf('What a client is known by.', ['source', 'insert-cookie', 'app-cookie', 'sip'] as const, 'source'),
  ),
  timeout: opt(
    duration('Forgotten after this long without traffic.', {
      minMs: 1000,
      maxMs: 31 * DAY_MS,
      defaultMs: D.persistence.timeoutMs,
    }),
  ),
  granularity: opt(
    int('Clients of one network of this length stick together; 32 is one client. Type source, IPv4.', {
      min: 1,
      max: 32,
      default: D.persistence.granularityV4,
      unit: 'bits',
    }),
  ),
  granularity6: opt(
    int('The same for IPv6; 128 is one client.', {
      min: 1,
      max: 128,
      default: D.persistence.granularityV6,
      unit: 'bits',
    }),
  ),
  cookie: opt(
    text('Name of the cookie. Type insert-cookie; app-cookie has no default.', {
      default: D.persistence.cookie,
      pattern: /^[A-Za-z0-9_-]+$/,
      must: 'letters, digits, "_" and "-"',
    }),
  ),
});

const limit = (about: string, unit: string) =>
  opt(int(about, { min: 0, max: 4_294_967_295, default: 0, unit }));
const timeout = (about: string, defaultMs: number) => opt(duration(about, { maxMs: 31 * DAY_MS, defaultMs }));

/** A prefix without a slash is an address of its own; VIP names and addresses share one field. */
const vipRef = scalar<string>(
  'Name of a VIP, or an address; an address no VIP has makes one.',
  { type: 'name or IP address', json: { type: 'string' } },
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= 64
      ? value
      : new Fault('wrong-type', `Must be the name of a VIP or an address: current value is ${show(value)}`),
);

export const listenerSchema = block('Addresses and ports that take traffic, and the pool it goes to.', {
  name: name('What commands, metrics and logs call it.'),
  project: opt(
    name('Project of the API that it belongs to; without one, only callers of the whole node see it.'),
  ),
  vip: opt(vipRef),
  vips: opt(list('Several VIPs.', vipRef, { min: 1 })),
  port: opt(portRange('The port, or a range with both ends included.')),
  ports: opt(list('Several ports and ranges.', portRange('A port or a range.'), { min: 1 })),
  protocol: opt(
    oneOf(
      'What clients speak. `http` and `https` are terminated, `tls` is passed through or chosen by SNI.',
      LISTENER_PROTOCOLS,
      D.protocol,
    ),
  ),
  mark: opt(
    int('Takes packets with this firewall mark instead of addresses and ports. Engine ipvs.', {
      min: 1,
      max: 4_294_967_295,
    }),
  ),
  mark_family: opt(int('Family of a `mark` listener: 4 or 6.', { min: 4, max: 6 })),
  engine: opt(oneOf('What does the work. Default: the `engine` of the file, or auto.', ENGINES)),
  mode: opt(
    oneOf(
      'How packets reach a member. Default: the `mode` of the file, or nat; proxy where the protocol asks for it.',
      MODES,
    ),
  ),
  scheduler: opt(schedulerSchema),
  persistence: opt(persistenceSchema),
  pool: opt(name('Name of the pool; or hold `members` and the other pool keys here.')),
  ...poolShape,
  pool_tls: opt(poolTlsSchema),
  tunnel: opt(
    block('Encapsulation of mode `tunnel`.', {
      type: opt(oneOf('Encapsulation.', TUNNEL_TYPES, D.tunnel.type)),
      port: opt(int('UDP port of gue.', { min: 1, max: 65535, default: D.tunnel.port })),
      checksum: opt(
        oneOf('Checksum of the outer header.', ['none', 'full', 'remote'] as const, D.tunnel.checksum),
      ),
    }),
  ),
  source_addresses: opt(list('Source addresses of mode `fullnat`.', address('An address of ours.'))),
  allowed_sources: opt(list('Networks that may connect; without any, all may.', prefix('A network.'))),
  limits: opt(
    block('How much a listener takes.', {
      connections: limit('Concurrent connections; 0 is unlimited.', 'connections'),
      connections_per_second: limit('New connections over all sources; 0 is unlimited.', 'connections/s'),
      per_source_per_second: limit('New connections from one source; 0 is unlimited.', 'connections/s'),
    }),
  ),
  timeouts: opt(
    block('Timeouts of a proxy. Engine haproxy.', {
      client: timeout('Silence of a client.', D.timeouts.clientMs),
      connect: timeout('Connecting to a member.', D.timeouts.connectMs),
      member: timeout('Silence of a member.', D.timeouts.memberMs),
      inspect: timeout(
        'Waiting for the first bytes before a decision (SNI); 0s is off.',
        D.timeouts.inspectMs,
      ),
      request: timeout('Receiving a whole request head.', D.timeouts.requestMs),
      keep_alive: timeout('Waiting for the next request of a connection.', D.timeouts.keepAliveMs),
    }),
  ),
  tls: opt(listenerTlsSchema),
  http: opt(httpSchema),
  accept_proxy: opt(flag('Expect the PROXY protocol from clients. Engine haproxy.', false)),
  raw: opt(
    list(
      'Lines put verbatim into the section of the proxy, unchecked.',
      text('A line.', { pattern: /^[^\n\r]*$/, must: 'one line' }),
    ),
  ),
  enabled: opt(flag('False keeps it in the file and out of the kernel.', true)),
  adopt: opt(flag('Take over an object somebody else made on the same address and port.', false)),
});

export type ListenerDoc = z.output<typeof listenerSchema>;
