// What a listener asks for against what its engine can do, by the capability lists of the model.
import { CAPABILITIES } from '../../model/capabilities.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import { type ConcreteEngine, isLayer7 } from '../../model/protocol.ts';
import type { Path } from '../source.ts';
import type { CheckContext } from './context.ts';
import type { RuleId } from './rules.ts';

interface Lack {
  readonly rule: RuleId;
  /** Ends the sentence "engine X cannot ...". */
  readonly cannot: string;
  readonly path: Path;
  readonly able: string;
  /** Stands at the pool, not at the listener. */
  readonly pool?: true;
}

export function checkEngines(context: CheckContext): void {
  const { intent, report } = context;
  context.open.eachListener((listener) => {
    const pool = intent.pools.get(listener.pool);
    const engines = candidates(context, listener, pool);
    const lacks = engines.map((engine) => lacksOf(listener, pool, engine));
    if (lacks.some((list) => list.length === 0)) return;
    const [first = [], second] = lacks;
    const shared =
      second === undefined
        ? first
        : first.filter((lack) => second.some((other) => other.cannot === lack.cannot));
    for (const lack of shared) {
      const origin =
        lack.pool === true && pool !== undefined
          ? context.at(pool, ...lack.path)
          : context.at(listener, ...lack.path);
      report.add(lack.rule, origin, `Engine ${engines.join(' and engine ')} cannot ${lack.cannot}`, {
        hint: lack.able === '' ? undefined : lack.able,
      });
    }
    if (shared.length === 0)
      report.add(
        'no-engine',
        context.at(listener),
        `No engine can do all of it: ${engines.map((engine, index) => `${engine} cannot ${lacks[index]!.map((lack) => lack.cannot).join(', nor ')}`).join('; ')}`,
        {
          what: 'key',
        },
      );
  });
}

/** The engines the listener may end on: the choice is the plan's, this asks whether there is one. */
export function candidates(
  context: CheckContext,
  listener: Listener,
  pool: Pool | undefined,
): readonly ConcreteEngine[] {
  const { engine: usual, prefer } = context.intent.dataPlane;
  if (listener.engine !== 'auto') return [listener.engine];
  if (asksForProxy(listener, pool)) return [usual === 'memory' ? 'memory' : 'haproxy'];
  if (usual !== 'auto') return [usual];
  return prefer === 'ipvs' ? ['ipvs', 'xdp'] : ['xdp', 'ipvs'];
}

export function asksForProxy(listener: Listener, pool: Pool | undefined): boolean {
  return isLayer7(listener.protocol) || listener.mode === 'proxy' || proxyFeatures(listener, pool).length > 0;
}

function proxyFeatures(listener: Listener, pool: Pool | undefined): Lack[] {
  const out: Lack[] = [];
  const add = (wanted: boolean, cannot: string, path: Path, inPool = false) => {
    if (wanted)
      out.push({
        rule: 'engine-proxy-feature',
        cannot,
        path,
        able: 'Use "engine: haproxy"',
        ...(inPool ? { pool: true as const } : {}),
      });
  };
  add(listener.tls !== undefined, 'terminate TLS', ['tls']);
  add(listener.http !== undefined, 'read HTTP', ['http']);
  add(listener.acceptProxy, 'accept the PROXY protocol', ['accept_proxy']);
  add(pool?.tls !== undefined, 'speak TLS to members', ['tls'], true);
  add(pool?.passive !== undefined, 'watch the answers of members', ['passive'], true);
  add(pool !== undefined && pool.sendProxy !== 0, 'send the PROXY protocol', ['send_proxy'], true);
  return out;
}

function lacksOf(listener: Listener, pool: Pool | undefined, engine: ConcreteEngine): Lack[] {
  const can = CAPABILITIES[engine];
  const out: Lack[] = can.modes.includes('proxy') ? [] : proxyFeatures(listener, pool);
  const need = (able: boolean, rule: RuleId, cannot: string, path: Path, names: readonly string[] = []) => {
    if (!able) out.push({ rule, cannot, path, able: names.length > 0 ? `It can: ${names.join(', ')}` : '' });
  };
  need(
    can.protocols.includes(listener.protocol),
    'engine-protocol',
    `do protocol ${listener.protocol}`,
    ['protocol'],
    can.protocols,
  );
  need(can.modes.includes(listener.mode), 'engine-mode', `do mode ${listener.mode}`, ['mode'], can.modes);
  need(
    can.schedulers.includes(listener.scheduler),
    'engine-scheduler',
    `do scheduler ${listener.scheduler}`,
    ['scheduler'],
    can.schedulers,
  );
  for (const flag of listener.schedulerFlags)
    need(
      can.schedulerFlags.includes(flag),
      'engine-flag',
      `do scheduler flag ${flag}`,
      ['scheduler', 'flags'],
      can.schedulerFlags,
    );
  const kind = listener.persistence?.kind;
  if (kind !== undefined)
    need(
      can.persistence.includes(kind),
      'engine-persistence',
      `do persistence ${kind}`,
      ['persistence', 'type'],
      can.persistence,
    );
  if (listener.mark !== undefined) need(can.marks, 'engine-mark', 'do firewall marks', ['mark']);
  if (listener.mode === 'tunnel')
    need(
      can.tunnels.includes(listener.tunnel.type),
      'engine-tunnel',
      `do tunnel ${listener.tunnel.type}`,
      ['tunnel', 'type'],
      can.tunnels,
    );
  const { connectionsPerSecond, perSourcePerSecond } = listener.limits;
  if (connectionsPerSecond > 0)
    need(can.rateLimits, 'engine-rate-limit', 'limit rates', ['limits', 'connections_per_second']);
  if (perSourcePerSecond > 0)
    need(can.rateLimits, 'engine-rate-limit', 'limit rates of a source', ['limits', 'per_source_per_second']);
  return out;
}
