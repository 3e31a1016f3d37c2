// Health checks: the keys all types share, and those of each type.
import { z } from 'zod';
import { CHECK_TYPES, type CheckType, FIRST_RESULT_POLICIES } from '../../model/health-check.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, either, isBlock, list, table } from './block.ts';
import { describe, opt, show } from './field.ts';
import { address, codeRange, duration, port } from './numbers.ts';
import { secret } from './secret.ts';
import { flag, int, interfaceName, name, nearestWord, oneOf, text } from './words.ts';

const D = DEFAULTS.check;
const DAY_MS = 86_400_000;

const timing = {
  interval: opt(
    duration('Time between two checks. Each check costs the member one connection.', {
      minMs: 10,
      maxMs: DAY_MS,
      defaultMs: D.intervalMs,
    }),
  ),
  fast_interval: opt(
    duration(
      'Used instead of `interval` while the state is in doubt. Default: 1s, or `interval` where that is shorter.',
      {
        minMs: 10,
        maxMs: DAY_MS,
      },
    ),
  ),
  timeout: opt(
    duration('How long an answer may take. Default: 1s, or `interval` where that is shorter.', {
      minMs: 1,
      maxMs: DAY_MS,
    }),
  ),
  rise: opt(
    int('Passes in a row that bring a member up.', { min: 1, max: 1000, default: D.rise, unit: 'checks' }),
  ),
  fall: opt(
    int('Failures in a row that take it down.', { min: 1, max: 1000, default: D.fall, unit: 'checks' }),
  ),
  first: opt(
    oneOf(
      'What a member counts as before its first result: `up` serves at once, `down` waits for `rise`, `first` lets the first result decide.',
      FIRST_RESULT_POLICIES,
      D.first,
    ),
  ),
};

const target = {
  address: opt(address("Asked instead of the member's address.")),
  port: opt(port("Asked instead of the member's port.")),
  source: opt(address('Source address of the probe.')),
  device: opt(interfaceName('Interface the probe leaves by.')),
  mark: opt(int('Firewall mark of the probe.', { min: 1, max: 4_294_967_295 })),
  via_vip: opt(
    flag('Sends the probe to the VIP through the member, as data goes (`dr` and `tunnel`).', false),
  ),
};

export const checkTlsShape = {
  sni: opt(text('Server name sent and verified.')),
  verify: opt(flag('Verify the certificate of the member.', false)),
  ca: opt(text('PEM file of the authorities trusted; without it, those of the system.')),
  client_certificate: opt(text('PEM file of the certificate shown to the member.')),
  client_key: opt(text('PEM file of its key.')),
  alpn: opt(list('Protocols offered.', text('A protocol: `h2`, `http/1.1`.'))),
  min_days_left: opt(
    int('Fails when the certificate ends within this many days; 0 is off.', {
      min: 0,
      max: 3650,
      default: 0,
      unit: 'days',
    }),
  ),
};

const requestShape = {
  method: opt(
    text('Request method.', {
      default: D.method,
      pattern: /^[A-Z]{1,16}$/,
      must: 'a method in capitals',
      example: 'GET',
    }),
  ),
  path: opt(
    text('Path asked for.', {
      default: D.path,
      pattern: /^\/[^\s]*$/,
      must: 'a path that starts with "/"',
      example: '/healthz',
    }),
  ),
  headers: opt(table('Headers sent.', text('Value of the header.'))),
  codes: opt(list('Codes that pass. Default: 200-299.', codeRange('A code or a range.'), { min: 1 })),
  body: opt(text('Regular expression the body must match.')),
  body_invert: opt(flag('The body must not match.', false)),
  digest: opt(
    text('Hex digest of the body, MD5 or SHA-256.', {
      pattern: /^([0-9a-fA-F]{32}|[0-9a-fA-F]{64})$/,
      must: '32 or 64 hex digits',
    }),
  ),
};

const http = {
  host: opt(text("Host header. Default: the member's address.")),
  version: opt(oneOf('HTTP version.', ['1.0', '1.1', '2'] as const, D.httpVersion)),
  ...requestShape,
  requests: opt(
    list('Several requests instead of the keys above; all must pass.', block('One request.', requestShape), {
      min: 1,
    }),
  ),
};

const command = list('Program and its arguments; no shell.', text('Program or argument.'), { min: 1 });

const detail = {
  tcp: {
    send: opt(text('Text sent after connecting.')),
    expect: opt(text('Regular expression the answer must match.')),
  },
  http,
  https: { ...http, ...checkTlsShape },
  'tls-hello': checkTlsShape,
  grpc: {
    service: opt(text('Service asked for by grpc.health.v1; without it, the whole server.')),
    tls: opt(flag('Speak TLS.', false)),
    ...checkTlsShape,
  },
  dns: {
    name: opt(text('Name asked for.', { default: D.dnsName })),
    record: opt(
      oneOf('Record type asked for.', ['A', 'AAAA', 'NS', 'CNAME', 'SOA', 'MX', 'TXT'] as const, D.dnsRecord),
    ),
    transport: opt(oneOf('Transport of the question.', ['udp', 'tcp'] as const, D.dnsTransport)),
    rcode: opt(
      text('Response code that passes.', {
        default: D.dnsRcode,
        pattern: /^[A-Z]{3,12}$/,
        must: 'a response code in capitals',
        example: 'NOERROR',
      }),
    ),
    answers: opt(list('Values that must all be in the answer.', text('A value, as text.'))),
  },
  smtp: {
    helo: opt(text('Name we give.', { default: D.helo })),
    start_tls: opt(flag('Ask for STARTTLS.', false)),
    ...checkTlsShape,
  },
  udp: {
    payload: opt(
      text('Payload as hex.', {
        pattern: /^([0-9a-fA-F]{2})+$/,
        must: 'pairs of hex digits',
        example: '0a0b',
      }),
    ),
    require_reply: opt(flag('No answer fails; else only a port-unreachable does.', false)),
    expect: opt(text('Regular expression over the answer read as latin-1.')),
    min_reply_bytes: opt(
      int('Shortest answer that passes.', { min: 0, max: 65507, default: 0, unit: 'bytes' }),
    ),
    max_reply_bytes: opt(
      int('Longest answer that passes.', { min: 0, max: 65507, default: D.maxReplyBytes, unit: 'bytes' }),
    ),
  },
  icmp: {
    payload_bytes: opt(
      int('Payload of the echo.', { min: 0, max: 65507, default: D.icmpPayloadBytes, unit: 'bytes' }),
    ),
  },
  script: {
    command,
    user: opt(text('User it runs as. Default: the one of lbctl.')),
    environment: opt(table('Variables added to its environment.', secret('Value.'))),
    dynamic_weight: opt(flag('Exit codes 2-255 set the weight to the code less 2.', false)),
  },
  file: {
    path: text('File with a number: 0 or more is up, below 0 is down.'),
    dynamic_weight: opt(flag('The number is the weight.', false)),
  },
  bfd: { session: name('Name of a session of `ha.bfd`.') },
  fixed: { state: opt(oneOf('The state it has.', ['up', 'down'] as const, D.fixedState)) },
} as const satisfies Record<CheckType, z.ZodRawShape>;

const TYPE_ABOUT = 'How the member is asked.';

function typed<T extends CheckType, S extends z.ZodRawShape>(type: T, shape: S) {
  return block(`Check of type ${type}.`, {
    type: describe(z.literal(type), TYPE_ABOUT),
    ...timing,
    ...target,
    ...shape,
  });
}

export const checkSchemas = {
  tcp: typed('tcp', detail.tcp),
  http: typed('http', detail.http),
  https: typed('https', detail.https),
  'tls-hello': typed('tls-hello', detail['tls-hello']),
  grpc: typed('grpc', detail.grpc),
  dns: typed('dns', detail.dns),
  smtp: typed('smtp', detail.smtp),
  udp: typed('udp', detail.udp),
  icmp: typed('icmp', detail.icmp),
  script: typed('script', detail.script),
  file: typed('file', detail.file),
  bfd: typed('bfd', detail.bfd),
  fixed: typed('fixed', detail.fixed),
};

export type CheckDocOf<T extends CheckType> = z.output<(typeof checkSchemas)[T]>;
export type CheckDoc = { [T in CheckType]: CheckDocOf<T> }[CheckType];

export const healthSchema = either<CheckDoc>(
  'A health check. Its other keys depend on its `type`.',
  CHECK_TYPES.map((type) => ({ label: `type: ${type}`, schema: checkSchemas[type] })),
  (value) => {
    if (!isBlock(value)) return `Must be a block with a "type": current value is ${show(value)}`;
    const type = value.type;
    if (typeof type === 'string' && Object.hasOwn(checkSchemas, type))
      return checkSchemas[type as CheckType] as unknown as z.ZodType<CheckDoc>;
    if (type === undefined) return `Must have a "type": one of ${CHECK_TYPES.join(', ')}`;
    const near = typeof type === 'string' ? nearestWord(type, CHECK_TYPES) : undefined;
    const guess = near === undefined ? '' : `; did you mean "${near}"?`;
    return `Must have a "type" that is one of ${CHECK_TYPES.join(', ')}: current value is ${show(type)}${guess}`;
  },
);
