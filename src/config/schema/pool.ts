// The block `pools`; a listener may hold the same keys and then owns a pool of its own name.
import type { z } from 'zod';
import { FAILURE_ACTIONS, OBSERVATIONS } from '../../model/pool.ts';
import { TLS_VERSIONS } from '../../model/tls.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, list, oneOrMany } from './block.ts';
import { opt } from './field.ts';
import { healthSchema } from './health.ts';
import { memberSchema } from './member.ts';
import { address, duration } from './numbers.ts';
import { flag, int, name, oneOf, text } from './words.ts';

const D = DEFAULTS.pool;

/** The keys a pool and a listener with members of its own share; `tls` is not among them. */
export const poolShape = {
  members: opt(list('Who serves.', memberSchema)),
  health: opt(
    oneOrMany('A check or a list of checks; all must pass. Without one, members count as up.', healthSchema),
  ),
  quorum: opt(
    block('How much must be alive to serve.', {
      weight: opt(int('Sum of live weight needed.', { min: 0, max: 4_294_967_295, default: D.quorumWeight })),
      hysteresis: opt(
        int('Gained at `weight` + this, lost below `weight` - this.', {
          min: 0,
          max: 4_294_967_295,
          default: D.hysteresis,
        }),
      ),
      on_up: opt(
        text(
          'Program run when the quorum is gained, with its arguments; no shell. It finds LBCTL_POOL, LBCTL_QUORUM (`up`, `down`), LBCTL_MEMBERS (`all`; of mixed families `ipv4`, `ipv6`, `both`) and LBCTL_NODE.',
        ),
      ),
      on_down: opt(text('The same when it is lost.')),
    }),
  ),
  sorry: opt(
    block('Server that answers while the quorum is lost.', {
      address: address('Its address.'),
      port: opt(int('Its port; 0 is the port the client asked for.', { min: 0, max: 65535, default: 0 })),
    }),
  ),
  on_failure: opt(
    oneOf(
      'Flows of a member that failed: `keep` (weight 0), `remove` (the member is taken out), `reset` (cut at once).',
      FAILURE_ACTIONS,
      D.onFailure,
    ),
  ),
  slow_start: opt(
    duration('A returning member ramps from a tenth of its weight to all of it in this time; 0s is off.', {
      maxMs: 86_400_000,
      defaultMs: D.slowStartMs,
    }),
  ),
  drain: opt(
    duration('A removed or drained member keeps its existing flows this long.', {
      maxMs: 7 * 86_400_000,
      defaultMs: D.drainMs,
    }),
  ),
  panic: opt(
    int('Share of usable members under which all are used, whatever their checks say; 0 is off.', {
      min: 0,
      max: 100,
      default: D.panicPercent,
      unit: 'percent',
    }),
  ),
  send_proxy: opt(
    int('Version of the PROXY protocol sent to members; 0 is off. Engine haproxy.', {
      min: 0,
      max: 2,
      default: D.sendProxy,
    }),
  ),
  max_queue: opt(
    int('Requests that wait for a free member, per member; 0 is unlimited. Engine haproxy.', {
      min: 0,
      max: 1_000_000,
      default: D.maxQueue,
      unit: 'requests',
    }),
  ),
  passive: opt(
    block('Real traffic is watched beside the checks. Engine haproxy.', {
      observe: opt(
        oneOf(
          'What counts as an error: `connections` that fail, or bad `answers` too (protocols http and https).',
          OBSERVATIONS,
          D.passiveObserve,
        ),
      ),
      errors: opt(
        int('Errors in a row after which the member gets no traffic.', {
          min: 1,
          max: 1000,
          default: D.passiveErrors,
          unit: 'errors',
        }),
      ),
      retry: opt(
        duration('The proxy connects this often; the first success brings the member back.', {
          minMs: 100,
          maxMs: 3_600_000,
          defaultMs: D.passiveRetryMs,
        }),
      ),
    }),
  ),
};

export const poolTlsSchema = block('TLS towards the members. Engine haproxy.', {
  verify: opt(flag('Verify the certificates of the members.', D.tlsVerify)),
  ca: opt(text('PEM file of the authorities trusted; without it, those of the system.')),
  crl: opt(text('PEM file of revoked certificates.')),
  certificate: opt(name('Name of a certificate shown to members.')),
  sni: opt(text('Server name sent and verified.')),
  min_version: opt(oneOf('Oldest TLS version used.', TLS_VERSIONS)),
  ciphers: opt(text('OpenSSL cipher list.')),
  alpn: opt(list('Protocols offered.', text('A protocol: `h2`, `http/1.1`.'))),
});

export const poolSchema = block('Members, how they are checked and counted.', {
  name: name('What listeners and rules call it.'),
  project: opt(
    name('Project of the API that it belongs to; without one, only callers of the whole node see it.'),
  ),
  ...poolShape,
  tls: opt(poolTlsSchema),
});

export type PoolDoc = z.output<typeof poolSchema>;
export type PoolTlsDoc = z.output<typeof poolTlsSchema>;
