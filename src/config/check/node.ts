// The node and its doors: API, metrics, notifications, paths and guards.
import { isIp } from '../../lib/ip.ts';
import type { CheckContext } from './context.ts';

export function checkNode(context: CheckContext): void {
  checkDoors(context);
  checkPaths(context);
  checkNotifications(context);
  const { report, intent } = context;
  if (intent.guard.maxDeletePercent === 100)
    report.add(
      'guard-off',
      context.main('guard', 'max_delete_percent'),
      'The guard lets a plan remove everything',
    );
  const xdp =
    intent.dataPlane.engine === 'xdp' ||
    [...intent.listeners.values()].some((listener) => listener.engine === 'xdp');
  if (xdp && intent.dataPlane.xdp.interfaces.length === 0 && !context.merged.unreadableBlocks.has('network'))
    report.add(
      'xdp-without-interface',
      context.main('data_plane', 'xdp'),
      'Engine xdp has no interface to attach to',
      {
        hint: 'Set data_plane.xdp.interfaces, or network.frontend.interface',
      },
    );
  for (const key of Object.keys(intent.system.sysctl))
    if (!/^[a-z0-9_]+([./][A-Za-z0-9_:*-]+)+$/.test(key))
      report.add(
        'sysctl-name',
        context.main('system', 'sysctl', key),
        `No sysctl can be called "${key.slice(0, 60)}"`,
        { what: 'key' },
      );
}

function checkDoors(context: CheckContext): void {
  const { report, intent } = context;
  const { api, metrics } = intent;
  if (api.listen !== undefined && api.tls === undefined)
    report.add('api-without-tls', context.main('api', 'listen'), 'The API listens on TCP without TLS', {
      hint: 'Add api.tls, or use the socket alone',
    });
  if (api.listen === undefined && api.tls !== undefined)
    report.add('api-tls-unused', context.main('api', 'tls'), 'api.tls has no effect without api.listen', {
      what: 'key',
    });
  const { clientCa, clientCrl, clients = [] } = api.tls ?? {};
  if (clientCa === undefined && (clientCrl !== undefined || clients.length > 0))
    report.add(
      'api-clients-without-ca',
      context.main('api', 'tls', clientCrl === undefined ? 'clients' : 'client_crl'),
      'Client certificates are spoken of without an authority that they could be of',
      { hint: 'Set api.tls.client_ca' },
    );
  for (const [at, { name }] of clients.entries())
    if (clients.findIndex((one) => one.name === name) < at)
      report.add(
        'api-client-twice',
        context.main('api', 'tls', 'clients', at),
        `Client "${name}" is named twice`,
      );
  const { prometheus } = metrics;
  const everywhere = new Set(['0.0.0.0', '::']);
  if (
    api.listen !== undefined &&
    prometheus.enabled &&
    api.listen.port === prometheus.port &&
    (api.listen.host === prometheus.bind ||
      everywhere.has(api.listen.host) ||
      everywhere.has(prometheus.bind))
  )
    report.add(
      'door-clash',
      context.main('api', 'listen'),
      `The API and the metrics both listen on port ${prometheus.port}`,
    );
  if (metrics.influx !== undefined && inClear(metrics.influx.url))
    report.add(
      'token-in-clear',
      context.main('metrics', 'influxdb', 'url'),
      'The token is sent over plain HTTP to another machine',
    );
}

function checkPaths(context: CheckContext): void {
  const { system, api, dataPlane } = context.intent;
  const paths: [string, ...string[]][] = [
    [system.stateDir, 'system', 'state_dir'],
    [system.runDir, 'system', 'run_dir'],
    [system.frrConfig, 'system', 'frr_config'],
    [system.sysctlFile, 'system', 'sysctl_file'],
    [api.socket, 'api', 'socket'],
    [dataPlane.haproxy.binary, 'data_plane', 'haproxy', 'binary'],
  ];
  for (const [value, ...path] of paths)
    if (!value.startsWith('/'))
      context.report.add(
        'relative-path',
        context.main(...path),
        `The path must be absolute: current value is "${value}"`,
      );
}

function checkNotifications(context: CheckContext): void {
  const { report, intent, merged } = context;
  const { mail, scripts, webhooks, fifos } = intent.notifications;
  const at = (...path: (string | number)[]) => context.main('notifications', ...path);
  const doc = merged.main.notifications;
  if (mail !== undefined) {
    const hasPassword = doc?.mail?.password !== undefined;
    if ((mail.username !== undefined) !== hasPassword)
      report.add(
        'mail-login',
        at('mail', hasPassword ? 'password' : 'username'),
        'username and password must both be set',
        { secret: true },
      );
    else if (hasPassword && mail.tls === 'none' && !isLocalHost(mail.server))
      report.add('mail-plain-login', at('mail', 'tls'), 'The password goes to the mail server in clear', {
        secret: true,
      });
  }
  scripts.forEach((script, index) => {
    if (!script.command[0]?.startsWith('/'))
      report.add(
        'check-script-path',
        at('scripts', index, 'command', 0),
        `A program is named by its absolute path: current value is "${script.command[0] ?? ''}"`,
      );
  });
  fifos.forEach((fifo, index) => {
    if (!fifo.path.startsWith('/'))
      report.add(
        'relative-path',
        at('fifos', index, 'path'),
        `The path must be absolute: current value is "${fifo.path}"`,
      );
  });
  if (
    doc?.events !== undefined &&
    mail === undefined &&
    scripts.length + webhooks.length + fifos.length === 0
  )
    report.add('notify-nobody', at('events'), 'Events are named and nobody is told', { what: 'key' });
}

function inClear(url: string): boolean {
  if (!url.startsWith('http://')) return false;
  const host = /^http:\/\/(?:[^\s/@]*@)?(\[[^\]]+\]|[^/:]+)/.exec(url)?.[1] ?? '';
  return !isLocalHost(host.replace(/^\[|\]$/g, ''));
}

function isLocalHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIp(host) && host.startsWith('127.'));
}
