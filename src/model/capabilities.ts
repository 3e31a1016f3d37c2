// What each engine can do. Validation refuses what an engine cannot; the conformance suite proves what it claims.
import {
  type ConcreteEngine,
  IPVS_SCHEDULERS,
  type ListenerProtocol,
  type Mode,
  SCHEDULERS,
  type Scheduler,
  type SchedulerFlag,
  type TunnelType,
} from './protocol.ts';

export interface Capabilities {
  readonly protocols: readonly ListenerProtocol[];
  readonly modes: readonly Mode[];
  readonly schedulers: readonly Scheduler[];
  readonly schedulerFlags: readonly SchedulerFlag[];
  readonly tunnels: readonly TunnelType[];
  readonly persistence: readonly ('source' | 'insert-cookie' | 'app-cookie' | 'sip')[];
  readonly marks: boolean;
  readonly connectionLimits: boolean;
  readonly allowedSources: boolean;
  readonly rateLimits: boolean;
  readonly sendProxy: boolean;
  readonly maxWeight: number;
}

export const CAPABILITIES: Readonly<Record<ConcreteEngine, Capabilities>> = {
  ipvs: {
    protocols: ['tcp', 'udp', 'sctp'],
    modes: ['dr', 'tunnel', 'nat', 'onearm', 'fullnat'],
    schedulers: IPVS_SCHEDULERS,
    schedulerFlags: ['port', 'fallback', 'one-packet'],
    tunnels: ['ipip', 'gue', 'gre'],
    persistence: ['source', 'sip'],
    marks: true,
    connectionLimits: true,
    allowedSources: true,
    rateLimits: false,
    sendProxy: false,
    maxWeight: 65535,
  },
  xdp: {
    protocols: ['tcp', 'udp', 'sctp'],
    modes: ['dr', 'tunnel', 'nat', 'onearm', 'fullnat'],
    schedulers: ['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh'],
    schedulerFlags: ['port', 'fallback'],
    tunnels: ['ipip', 'gue'],
    persistence: ['source'],
    marks: false,
    connectionLimits: true,
    allowedSources: true,
    rateLimits: true,
    sendProxy: false,
    maxWeight: 65535,
  },
  haproxy: {
    protocols: ['tcp', 'http', 'https', 'tls'],
    modes: ['proxy'],
    schedulers: ['rr', 'wrr', 'lc', 'wlc', 'sh', 'uri', 'header', 'random'],
    schedulerFlags: ['port'],
    tunnels: [],
    persistence: ['source', 'insert-cookie', 'app-cookie'],
    marks: false,
    connectionLimits: true,
    allowedSources: true,
    rateLimits: true,
    sendProxy: true,
    maxWeight: 65535,
  },
  memory: {
    protocols: ['tcp', 'udp', 'sctp', 'http', 'https', 'tls'],
    modes: ['dr', 'tunnel', 'nat', 'onearm', 'fullnat', 'proxy'],
    schedulers: SCHEDULERS,
    schedulerFlags: ['port', 'fallback', 'one-packet'],
    tunnels: ['ipip', 'gue', 'gre'],
    persistence: ['source', 'insert-cookie', 'app-cookie', 'sip'],
    marks: true,
    connectionLimits: true,
    allowedSources: true,
    rateLimits: true,
    sendProxy: true,
    maxWeight: 65535,
  },
};
