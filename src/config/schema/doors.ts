// The blocks `api`, `metrics`, `logging` and `notifications`: how the node is asked and how it speaks.
import type { z } from 'zod';
import { API_ROLES, LOG_LEVELS, NOTIFY_EVENTS } from '../../model/settings.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, list } from './block.ts';
import { opt } from './field.ts';
import { address, duration, endpoint, port } from './numbers.ts';
import { secret } from './secret.ts';
import { flag, int, name, oneOf, text } from './words.ts';

const HTTP_URL = /^https?:\/\/[^\s/]+\S*$/;
const url = (about: string) =>
  text(about, { pattern: HTTP_URL, must: 'an http or https URL', example: 'https://hooks.example.com/lb' });
const host = (about: string) =>
  text(about, { pattern: /^[A-Za-z0-9.:_-]+$/, must: 'a host name or an address', example: '127.0.0.1' });
const program = list('Program and its arguments; no shell.', text('Program or argument.'), { min: 1 });
const A = DEFAULTS.api;

export const apiSchema = block('The REST API.', {
  socket: opt(text('Unix socket it listens on.', { default: A.socket })),
  socket_mode: opt(
    text('Permissions of the socket, octal and quoted.', {
      default: A.socketMode,
      pattern: /^0?[0-7]{3}$/,
      must: 'three octal digits',
      example: '"0660"',
    }),
  ),
  socket_group: opt(text('Group of the socket.')),
  listen: opt(endpoint('address:port for TCP; needs `tls`. Without a port, 9443.', A.port)),
  tls: opt(
    block('TLS of the TCP listener.', {
      certificate: text('PEM file of the certificate.'),
      key: text('PEM file of the key.'),
      client_ca: opt(text('PEM file of the authorities of clients; without it, tokens are needed.')),
      client_crl: opt(text('PEM file of revoked client certificates; needs `client_ca`.')),
      clients: opt(
        list(
          'What bearers of client certificates may do. Needed for those whose subject has no unit of the form `lbctl-ROLE`.',
          block('A client.', {
            name: text('Common name of its certificate.'),
            role: oneOf('What it may do.', API_ROLES),
            project: opt(name('Project whose objects it may see and change. Default: all.')),
          }),
        ),
      ),
    }),
  ),
  requests_per_second: opt(
    int('Requests of one caller over TCP; bursts of twice as many pass, 0 is no limit.', {
      min: 0,
      max: 1_000_000,
      default: A.requestsPerSecond,
      unit: '1/s',
    }),
  ),
  audit_entries: opt(
    int('Writes that the audit log keeps; the oldest go.', {
      min: 100,
      max: 10_000_000,
      default: A.auditEntries,
    }),
  ),
  writable_files: opt(
    flag(
      'The API may change objects of the files: what it says stands above them. The files stay as they are.',
      A.writableFiles,
    ),
  ),
});

const P = DEFAULTS.prometheus;

export const metricsSchema = block('Measurements.', {
  prometheus: opt(
    block('Scraped by Prometheus.', {
      enabled: opt(flag('Whether it is served.', P.enabled)),
      bind: opt(address('Address it listens on.', P.bind)),
      port: opt(port('Port it listens on.', P.port)),
      path: opt(
        text('Path of the page.', {
          default: P.path,
          pattern: /^\/\S*$/,
          must: 'a path that starts with "/"',
        }),
      ),
      max_series: opt(
        int('Series served at most; the rest are counted as dropped.', {
          min: 100,
          max: 10_000_000,
          default: P.maxSeries,
        }),
      ),
    }),
  ),
  influxdb: opt(
    block('Pushed to InfluxDB.', {
      url: url('Base URL of the server.'),
      token: secret('Token with the right to write.'),
      org: text('Organisation.'),
      bucket: text('Bucket.'),
      push_interval: opt(
        duration('Time between two pushes.', {
          minMs: 1000,
          maxMs: 86_400_000,
          defaultMs: DEFAULTS.influx.pushIntervalMs,
        }),
      ),
    }),
  ),
});

const L = DEFAULTS.logging;
const F = DEFAULTS.gelf;

export const loggingSchema = block('Logs.', {
  level: opt(oneOf('Least severity written.', LOG_LEVELS, L.level)),
  format: opt(oneOf('Form of a line.', ['text', 'json', 'journald'] as const, L.format)),
  console: opt(flag('Write to standard error.', L.console)),
  gelf: opt(
    block('Sent to Graylog.', {
      host: host('Server.'),
      port: opt(port('Its port.', F.port)),
      protocol: opt(oneOf('Transport.', ['udp', 'tcp'] as const, F.protocol)),
      facility: opt(text('Name of the source.', { default: F.facility })),
    }),
  ),
});

const M = DEFAULTS.mail;
const N = DEFAULTS.notify;
const mailbox = (about: string) =>
  text(about, { pattern: /^[^\s@]+@[^\s@]+$/, must: 'a mail address', example: 'ops@example.com' });

export const notificationsSchema = block('Who is told of changes of state.', {
  router_id: opt(text('How the node calls itself in messages. Default: `node.name`.')),
  events: opt(list('What is told. Default: all of it.', oneOf('An event.', NOTIFY_EVENTS))),
  mail: opt(
    block('By mail.', {
      from: mailbox('Sender.'),
      to: list('Recipients.', mailbox('A recipient.'), { min: 1 }),
      server: host('Mail server.'),
      port: opt(port('Its port.', M.port)),
      helo: opt(host('Name we give. Default: the host name.')),
      connect_timeout: opt(
        duration('How long connecting may take.', {
          minMs: 100,
          maxMs: 600_000,
          defaultMs: M.connectTimeoutMs,
        }),
      ),
      tls: opt(oneOf('TLS towards the server.', ['none', 'starttls', 'implicit'] as const, M.tls)),
      username: opt(text('User name at the server.')),
      password: opt(secret('Password at the server.')),
    }),
  ),
  scripts: opt(
    list(
      'By running programs.',
      block('A program.', {
        command: program,
        user: opt(text('User it runs as. Default: the one of lbctl.')),
        timeout: opt(
          duration('It is ended after this long.', {
            minMs: 100,
            maxMs: 3_600_000,
            defaultMs: N.scriptTimeoutMs,
          }),
        ),
      }),
    ),
  ),
  webhooks: opt(
    list(
      'By HTTP POST of JSON.',
      block('A receiver.', {
        url: url('Where to.'),
        secret: opt(secret('Key of the HMAC-SHA-256 signature of the body.')),
        timeout: opt(
          duration('How long an answer may take.', {
            minMs: 100,
            maxMs: 600_000,
            defaultMs: N.webhookTimeoutMs,
          }),
        ),
      }),
    ),
  ),
  fifos: opt(
    list(
      'By lines in a named pipe, as keepalived writes them.',
      block('A pipe.', {
        path: text('Path of the pipe.'),
        kind: opt(oneOf('Which lines.', ['lvs', 'vrrp', 'all'] as const, 'all')),
      }),
    ),
  ),
  per_minute: opt(
    int('Messages of one channel at most; the rest are batched.', {
      min: 1,
      max: 10_000,
      default: N.perMinute,
      unit: '1/min',
    }),
  ),
});

export type ApiDoc = z.output<typeof apiSchema>;
export type MetricsDoc = z.output<typeof metricsSchema>;
export type LoggingDoc = z.output<typeof loggingSchema>;
export type NotificationsDoc = z.output<typeof notificationsSchema>;
