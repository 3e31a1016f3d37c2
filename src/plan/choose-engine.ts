// Which engine carries a listener, and why. Choosing never changes what the listener means: no capable engine, no place.
import { CAPABILITIES } from '../model/capabilities.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Listener } from '../model/listener.ts';
import type { Pool } from '../model/pool.ts';
import { type ConcreteEngine, isLayer7, type Mode } from '../model/protocol.ts';

export type EngineChoice =
  | { readonly ok: true; readonly engine: ConcreteEngine; readonly reason: string }
  | { readonly ok: false; readonly detail: string };

/** `proxy` is proxyReason(listener, pool). */
export function chooseEngine(
  listener: Listener,
  proxy: string | undefined,
  intent: Intent,
  engines: Facts['engines'],
  override?: ConcreteEngine,
): EngineChoice {
  if (override !== undefined)
    return place(listener, override, 'asked for on the command line', engines, proxy);
  if (listener.engine !== 'auto')
    return place(listener, listener.engine, 'named by the listener', engines, proxy);
  const usual = intent.dataPlane.engine;
  if (proxy !== undefined) {
    // Only a memory data plane can stand in for the proxy, and only where the operator made it the default.
    const engine = usual === 'memory' ? 'memory' : 'haproxy';
    return place(listener, engine, `auto: ${proxy}`, engines, proxy);
  }
  if (usual !== 'auto') return place(listener, usual, 'auto: the configured default', engines, proxy);
  return placePreferred(listener, intent.dataPlane.prefer, engines);
}

function placePreferred(listener: Listener, first: 'ipvs' | 'xdp', engines: Facts['engines']): EngineChoice {
  const second = first === 'ipvs' ? 'xdp' : 'ipvs';
  const preferred = place(listener, first, 'auto: preferred and available', engines);
  if (preferred.ok) return preferred;
  const other = place(listener, second, `auto: ${preferred.detail}`, engines);
  return other.ok ? other : { ok: false, detail: `${preferred.detail}; ${other.detail}` };
}

function place(
  listener: Listener,
  engine: ConcreteEngine,
  reason: string,
  engines: Facts['engines'],
  proxy?: string,
): EngineChoice {
  const fact = engines[engine];
  if (!fact.available)
    return { ok: false, detail: `${engine} is not available: ${fact.why ?? 'no reason given'}` };
  const lacks = lackOf(listener, engine, proxy);
  return lacks === undefined
    ? { ok: true, engine, reason }
    : { ok: false, detail: `${engine} has no ${lacks}` };
}

/** The first thing the listener asks for that the engine cannot do. */
function lackOf(listener: Listener, engine: ConcreteEngine, proxy?: string): string | undefined {
  const can = CAPABILITIES[engine];
  if (!can.protocols.includes(listener.protocol)) return `protocol ${listener.protocol}`;
  const mode = modeOn(listener, engine, proxy !== undefined);
  if (!can.modes.includes(mode)) return proxy === undefined ? `mode ${mode}` : `proxy (${proxy})`;
  if (!can.schedulers.includes(listener.scheduler)) return `scheduler ${listener.scheduler}`;
  const flag = listener.schedulerFlags.find((one) => !can.schedulerFlags.includes(one));
  if (flag !== undefined) return `scheduler flag ${flag}`;
  const { persistence } = listener;
  if (persistence !== undefined && !can.persistence.includes(persistence.kind))
    return `persistence ${persistence.kind}`;
  if (listener.mark !== undefined && !can.marks) return 'firewall marks';
  if (mode === 'tunnel' && !can.tunnels.includes(listener.tunnel.type))
    return `tunnel ${listener.tunnel.type}`;
  if (listener.allowedSources.length > 0 && !can.allowedSources) return 'allowed sources';
  const { limits } = listener;
  if ((limits.connectionsPerSecond > 0 || limits.perSourcePerSecond > 0) && !can.rateLimits)
    return 'rate limits';
  return undefined;
}

/** A terminating engine has one mode; `nat` as the node's default means nothing to it. */
export function modeOn(listener: Listener, engine: ConcreteEngine, proxy: boolean): Mode {
  return engine === 'haproxy' || (engine === 'memory' && proxy) ? 'proxy' : listener.mode;
}

/** What about the listener or its pool only a terminating proxy can do; absent where there is nothing. */
export function proxyReason(listener: Listener, pool: Pool): string | undefined {
  if (isLayer7(listener.protocol)) return `protocol ${listener.protocol} is terminated`;
  if (listener.mode === 'proxy') return 'mode proxy';
  if (listener.tls !== undefined) return 'TLS is terminated';
  if (listener.http !== undefined) return 'HTTP options';
  if (listener.acceptProxy) return 'PROXY protocol from clients';
  if (pool.tls !== undefined) return 'TLS to the members';
  if (pool.passive !== undefined) return 'passive observation of the members';
  return pool.sendProxy === 0 ? undefined : 'PROXY protocol to the members';
}
