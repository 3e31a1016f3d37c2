// Settings of the node itself: who it is, its tuning, its doors, its voice.
import type { Secret } from '../lib/secret.ts';
import type { ConcreteEngine, Mode } from './protocol.ts';

export interface NodeSettings {
  readonly name: string;
  readonly role: 'primary' | 'secondary' | 'single';
}

export interface NetworkSettings {
  readonly frontendInterface?: string;
  readonly backendInterface?: string;
}

export interface DataPlaneSettings {
  readonly engine: 'auto' | ConcreteEngine;
  readonly mode: Mode;
  /** Which L4 engine `auto` prefers while the kernel has both. */
  readonly prefer: 'ipvs' | 'xdp';
  readonly xdp: {
    readonly interfaces: readonly string[];
    readonly attach: 'auto' | 'native' | 'generic';
    readonly maxListeners: number;
    readonly maxMembers: number;
    readonly maxFlows: number;
  };
  readonly ipvs: {
    readonly tcpTimeoutMs: number;
    readonly tcpFinTimeoutMs: number;
    readonly udpTimeoutMs: number;
  };
  readonly haproxy: { readonly binary: string; readonly maxConnections: number; readonly threads: number };
}

export const TUNING_PROFILES = ['none', 'minimal', 'balanced', 'aggressive'] as const;
export type TuningProfile = (typeof TUNING_PROFILES)[number];

export interface SystemSettings {
  readonly stateDir: string;
  readonly runDir: string;
  readonly frrConfig: string;
  readonly sysctlFile: string;
  readonly tuningProfile: TuningProfile;
  readonly sysctl: Readonly<Record<string, string>>;
  readonly lockIdleMs: number;
}

export interface DaemonSettings {
  /** A full compare at least this often; events wake the loop earlier. */
  readonly reconcileIntervalMs: number;
  readonly watchFiles: boolean;
}

/** How much one plan may change unless confirmed. */
export interface GuardSettings {
  /** Largest share of owned objects one plan may remove, in percent; plans of fewer than `freeDeletions` removals always pass. */
  readonly maxDeletePercent: number;
  readonly freeDeletions: number;
  /** Listeners one plan may add; 0 is unlimited. */
  readonly maxAddListeners: number;
  readonly maxMembersPerListener: number;
}

/** Each may do what stands before it, and more. */
export const API_ROLES = ['viewer', 'operator', 'admin'] as const;
export type ApiRole = (typeof API_ROLES)[number];

export interface ApiSettings {
  readonly socket: string;
  readonly socketMode: string;
  readonly socketGroup?: string;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    readonly clientCa?: string;
    readonly clientCrl?: string;
    /** What bearers of certificates may do whose subject does not say it itself. */
    readonly clients: readonly ApiClient[];
  };
  /** Of one caller over TCP; 0 is unlimited. */
  readonly requestsPerSecond: number;
  /** Writes the audit log keeps; the oldest go. */
  readonly auditEntries: number;
  readonly writableFiles: boolean;
}

export interface ApiClient {
  /** Common name of the certificate. */
  readonly name: string;
  readonly role: ApiRole;
  readonly project?: string;
}

export interface PrometheusSettings {
  readonly enabled: boolean;
  readonly bind: string;
  readonly port: number;
  readonly path: string;
  readonly maxSeries: number;
}

export interface InfluxSettings {
  readonly url: string;
  readonly token: Secret;
  readonly org: string;
  readonly bucket: string;
  readonly pushIntervalMs: number;
}

export interface MetricsSettings {
  readonly prometheus: PrometheusSettings;
  readonly influx?: InfluxSettings;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggingSettings {
  readonly level: LogLevel;
  readonly format: 'text' | 'json' | 'journald';
  readonly console: boolean;
  readonly gelf?: {
    readonly host: string;
    readonly port: number;
    readonly protocol: 'udp' | 'tcp';
    readonly facility: string;
  };
}

export interface MailSettings {
  readonly from: string;
  readonly to: readonly string[];
  readonly server: string;
  readonly port: number;
  readonly helo?: string;
  readonly connectTimeoutMs: number;
  readonly tls: 'none' | 'starttls' | 'implicit';
  readonly username?: string;
  readonly password?: Secret;
}

export const NOTIFY_EVENTS = ['member', 'quorum', 'role', 'reload', 'split-brain'] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

export interface NotificationSettings {
  readonly routerId?: string;
  readonly events: readonly NotifyEvent[];
  readonly mail?: MailSettings;
  readonly scripts: readonly {
    readonly command: readonly string[];
    readonly user?: string;
    readonly timeoutMs: number;
  }[];
  readonly webhooks: readonly {
    readonly url: string;
    readonly secret?: Secret;
    readonly timeoutMs: number;
  }[];
  readonly fifos: readonly { readonly path: string; readonly kind: 'lvs' | 'vrrp' | 'all' }[];
  /** At most this many notifications a minute and channel; the rest are batched. */
  readonly perMinute: number;
}
