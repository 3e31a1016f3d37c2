// The blocks of the node and its doors -> settings of the model, with defaults.
import type {
  ApiSettings,
  DataPlaneSettings,
  LoggingSettings,
  MetricsSettings,
  NetworkSettings,
  NotificationSettings,
  SystemSettings,
} from '../../model/settings.ts';
import { NOTIFY_EVENTS } from '../../model/settings.ts';
import { DEFAULTS } from '../defaults.ts';
import { below, type Origin } from '../report.ts';
import type { MainDoc } from '../schema/document.ts';
import type { ApiDoc, LoggingDoc, MetricsDoc, NotificationsDoc } from '../schema/doors.ts';
import type { NetworkDoc, SystemDoc } from '../schema/node.ts';
import { given, sortedRecord } from './given.ts';
import type { SecretReader } from './secret-reader.ts';

export function toNetwork(doc: NetworkDoc | undefined): NetworkSettings {
  return given({ frontendInterface: doc?.frontend?.interface, backendInterface: doc?.backend?.interface });
}

export function toDataPlane(doc: MainDoc): DataPlaneSettings {
  const D = DEFAULTS.dataPlane;
  const { xdp, ipvs, haproxy, prefer } = doc.data_plane ?? {};
  const frontend = doc.network?.frontend?.interface;
  return {
    engine: doc.engine ?? DEFAULTS.engine,
    mode: doc.mode ?? DEFAULTS.mode,
    prefer: prefer ?? D.prefer,
    xdp: {
      interfaces: xdp?.interfaces ?? (frontend === undefined ? [] : [frontend]),
      attach: xdp?.attach ?? D.attach,
      maxListeners: xdp?.max_listeners ?? D.maxListeners,
      maxMembers: xdp?.max_members ?? D.maxMembers,
      maxFlows: xdp?.max_flows ?? D.maxFlows,
    },
    ipvs: {
      tcpTimeoutMs: ipvs?.tcp_timeout ?? D.tcpTimeoutMs,
      tcpFinTimeoutMs: ipvs?.tcp_fin_timeout ?? D.tcpFinTimeoutMs,
      udpTimeoutMs: ipvs?.udp_timeout ?? D.udpTimeoutMs,
    },
    haproxy: {
      binary: haproxy?.binary ?? D.haproxyBinary,
      maxConnections: haproxy?.max_connections ?? D.maxConnections,
      threads: haproxy?.threads ?? D.threads,
    },
  };
}

export function toSystem(doc: SystemDoc | undefined): SystemSettings {
  const D = DEFAULTS.system;
  return {
    stateDir: doc?.state_dir ?? D.stateDir,
    runDir: doc?.run_dir ?? D.runDir,
    frrConfig: doc?.frr_config ?? D.frrConfig,
    sysctlFile: doc?.sysctl_file ?? D.sysctlFile,
    tuningProfile: doc?.tuning_profile ?? D.tuningProfile,
    sysctl: sortedRecord(doc?.sysctl),
    lockIdleMs: doc?.lock_idle ?? D.lockIdleMs,
  };
}

export function toApi(doc: ApiDoc | undefined): ApiSettings {
  const D = DEFAULTS.api;
  return given({
    socket: doc?.socket ?? D.socket,
    socketMode: doc?.socket_mode ?? D.socketMode,
    socketGroup: doc?.socket_group,
    listen: doc?.listen,
    tls:
      doc?.tls === undefined
        ? undefined
        : given({
            certificate: doc.tls.certificate,
            key: doc.tls.key,
            clientCa: doc.tls.client_ca,
            clientCrl: doc.tls.client_crl,
            clients: (doc.tls.clients ?? []).map(given),
          }),
    requestsPerSecond: doc?.requests_per_second ?? D.requestsPerSecond,
    auditEntries: doc?.audit_entries ?? D.auditEntries,
    writableFiles: doc?.writable_files ?? D.writableFiles,
  });
}

export function toMetrics(
  doc: MetricsDoc | undefined,
  origin: Origin,
  secrets: SecretReader,
): MetricsSettings {
  const D = DEFAULTS.prometheus;
  const influx = doc?.influxdb;
  const token = secrets.resolve(influx?.token, below(origin, 'influxdb', 'token'));
  return given({
    prometheus: {
      enabled: doc?.prometheus?.enabled ?? D.enabled,
      bind: doc?.prometheus?.bind ?? D.bind,
      port: doc?.prometheus?.port ?? D.port,
      path: doc?.prometheus?.path ?? D.path,
      maxSeries: doc?.prometheus?.max_series ?? D.maxSeries,
    },
    influx:
      influx === undefined || token === undefined
        ? undefined
        : {
            url: influx.url,
            token,
            org: influx.org,
            bucket: influx.bucket,
            pushIntervalMs: influx.push_interval ?? DEFAULTS.influx.pushIntervalMs,
          },
  });
}

export function toLogging(doc: LoggingDoc | undefined): LoggingSettings {
  const D = DEFAULTS.logging;
  const F = DEFAULTS.gelf;
  return given({
    level: doc?.level ?? D.level,
    format: doc?.format ?? D.format,
    console: doc?.console ?? D.console,
    gelf:
      doc?.gelf === undefined
        ? undefined
        : {
            host: doc.gelf.host,
            port: doc.gelf.port ?? F.port,
            protocol: doc.gelf.protocol ?? F.protocol,
            facility: doc.gelf.facility ?? F.facility,
          },
  });
}

export function toNotifications(
  doc: NotificationsDoc | undefined,
  origin: Origin,
  secrets: SecretReader,
): NotificationSettings {
  const N = DEFAULTS.notify;
  return given({
    routerId: doc?.router_id,
    events: doc?.events ?? NOTIFY_EVENTS,
    mail: doc?.mail === undefined ? undefined : toMail(doc.mail, below(origin, 'mail'), secrets),
    scripts: (doc?.scripts ?? []).map((script) =>
      given({ command: script.command, user: script.user, timeoutMs: script.timeout ?? N.scriptTimeoutMs }),
    ),
    webhooks: (doc?.webhooks ?? []).map((hook, index) =>
      given({
        url: hook.url,
        secret: secrets.resolve(hook.secret, below(origin, 'webhooks', index, 'secret')),
        timeoutMs: hook.timeout ?? N.webhookTimeoutMs,
      }),
    ),
    fifos: (doc?.fifos ?? []).map((fifo) => ({ path: fifo.path, kind: fifo.kind ?? 'all' })),
    perMinute: doc?.per_minute ?? N.perMinute,
  });
}

function toMail(doc: NonNullable<NotificationsDoc['mail']>, origin: Origin, secrets: SecretReader) {
  const M = DEFAULTS.mail;
  return given({
    from: doc.from,
    to: doc.to,
    server: doc.server,
    port: doc.port ?? M.port,
    helo: doc.helo,
    connectTimeoutMs: doc.connect_timeout ?? M.connectTimeoutMs,
    tls: doc.tls ?? M.tls,
    username: doc.username,
    password: secrets.resolve(doc.password, below(origin, 'password')),
  });
}
