// The words of a service in the shell, as LibraFlux has them, turned into the spec of a listener. Pure.
import { InputError } from '../../model/errors.ts';

export type Spec = Readonly<Record<string, unknown>>;

interface Backend {
  readonly address: string;
  readonly port?: number;
  readonly weight?: number;
}

const PROTOCOLS = ['tcp', 'udp', 'sctp', 'http', 'https', 'tls'];
/** Words of LibraFlux and of ours, and the key they set. */
const HEALTH_KEYS: Readonly<Record<string, string>> = {
  port: 'port',
  interval: 'interval',
  timeout: 'timeout',
  'fail-after': 'fall',
  fall: 'fall',
  'recover-after': 'rise',
  rise: 'rise',
  path: 'path',
  host: 'host',
};
const NUMBERS = new Set(['port', 'fall', 'rise']);

export const SERVICE_WORDS: Readonly<Record<string, string>> = {
  protocol: 'tcp, udp, sctp, http, https or tls',
  vip: 'name or address of the VIP',
  ports: 'ports, by commas or spaces: 80,443',
  'port-range': 'a range: 8000-8010',
  scheduler: 'wlc, wrr, rr, sh, mh, ...',
  mode: 'dr, tunnel, nat, onearm, fullnat or proxy',
  backend: 'ADDRESS[:PORT] [WEIGHT]: a member, or another weight of one',
  'no backend': 'ADDRESS[:PORT]: without this member',
  health: 'TYPE [port N] [interval 2s] [timeout 1s] [fail-after N] [recover-after N] [path /x]',
  'no health': 'without checks',
};

/** The spec after one line; throws InputError USAGE with what it must be. */
export function applyServiceLine(spec: Spec, words: readonly string[]): Spec {
  const [verb = '', ...rest] = words;
  if (verb === 'no') return without(spec, rest);
  switch (verb) {
    case 'protocol':
      return { ...spec, protocol: oneOf('protocol', rest, PROTOCOLS) };
    case 'vip': {
      const { vips: _, ...others } = spec;
      return { ...others, vip: one('vip', rest) };
    }
    case 'scheduler':
    case 'mode':
      return { ...spec, [verb]: one(verb, rest) };
    case 'ports':
      return withPorts(
        spec,
        rest
          .flatMap((word) => word.split(','))
          .filter((word) => word !== '')
          .map(toPort),
      );
    case 'port-range':
      return withPorts(spec, [toRange(rest)]);
    case 'backend':
      return withBackend(spec, rest);
    case 'health':
      return { ...spec, health: toHealth(rest) };
    default:
      throw new InputError('USAGE', `Cannot do "${verb}" in a service`, { hint: 'See "help"' });
  }
}

function withPorts(spec: Spec, ports: readonly (number | string)[]): Spec {
  if (ports.length === 0)
    throw new InputError('USAGE', 'Cannot set ports without one', { hint: 'Write "ports 80,443"' });
  const { port: _, ports: __, ...others } = spec;
  return ports.length === 1 && typeof ports[0] === 'number'
    ? { ...others, port: ports[0] }
    : { ...others, ports };
}

function withBackend(spec: Spec, [where, weight, ...more]: readonly string[]): Spec {
  if (where === undefined || more.length > 0)
    throw new InputError('USAGE', 'Cannot read the backend', {
      hint: 'Write "backend 10.0.0.11:8080 5"; the weight may be left out',
    });
  if (spec.pool !== undefined)
    throw new InputError(
      'CONFLICT',
      `Cannot add a backend as the members are those of pool "${String(spec.pool)}"`,
      {
        hint: 'Change the pool: lbctl set pool, or edit its file',
      },
    );
  const wanted = {
    ...addressOf(where, spec),
    ...(weight === undefined ? {} : { weight: toNumber('weight', weight, 0, 65_535) }),
  };
  const known = backendsOf(spec);
  const at = known.findIndex((member) => isSame(member, wanted));
  const members = at === -1 ? [...known, wanted] : known.with(at, { ...known[at]!, ...wanted });
  return { ...spec, members };
}

function without(spec: Spec, [what, where]: readonly string[]): Spec {
  if (what === 'health') {
    const { health: _, ...others } = spec;
    return others;
  }
  if (what !== 'backend' || where === undefined)
    throw new InputError('USAGE', `Cannot do "no ${what ?? ''}"`, {
      hint: 'Write "no backend ADDRESS" or "no health"',
    });
  // Without a port, on all of them.
  const gone = addressOf(where, {});
  const known = backendsOf(spec);
  const members = known.filter((member) => !isSame(member, gone));
  if (members.length === known.length)
    throw new InputError('NOT_FOUND', `Cannot find backend "${where}"`, { hint: '"show" lists them' });
  return { ...spec, members };
}

function backendsOf(spec: Spec): readonly Backend[] {
  return Array.isArray(spec.members) ? (spec.members as Backend[]) : [];
}

/** A backend without a port has the one of the service; several ports mean each its own. */
function addressOf(text: string, spec: Spec): Backend {
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:]+|[0-9a-f:]*:[0-9a-f:.]*))(?::(\d+))?$/i.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined)
    throw new InputError('USAGE', `Cannot read "${text}" as ADDRESS or ADDRESS:PORT`);
  if (port !== undefined) return { address, port: toPort(port) };
  return typeof spec.port === 'number' ? { address, port: spec.port } : { address };
}

function isSame(a: Backend, b: Backend): boolean {
  return a.address === b.address && (b.port === undefined || a.port === undefined || a.port === b.port);
}

function toHealth([type, ...pairs]: readonly string[]): Spec {
  if (type === undefined)
    throw new InputError('USAGE', 'Cannot set health without a type', {
      hint: 'Write "health tcp interval 2s"',
    });
  const health: Record<string, unknown> = { type };
  for (let i = 0; i < pairs.length; i += 2) {
    const [word = '', value] = [pairs[i], pairs[i + 1]];
    const key = HEALTH_KEYS[word];
    if (key === undefined || value === undefined)
      throw new InputError('USAGE', `Cannot read "${word}" of health`, {
        hint: `Known: ${Object.keys(HEALTH_KEYS).join(', ')}`,
      });
    // A bare number of an interval is milliseconds, as LibraFlux has it.
    health[key] = NUMBERS.has(key)
      ? toNumber(word, value, 1, 65_535)
      : /^\d+$/.test(value) && key !== 'path' && key !== 'host'
        ? `${value}ms`
        : value;
  }
  return health;
}

function toRange([text = '']: readonly string[]): string {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined || toPort(from) > toPort(to))
    throw new InputError('USAGE', `Cannot read "${text}" as a range of ports`, {
      hint: 'Write "port-range 8000-8010"',
    });
  return `${from}-${to}`;
}

function toPort(text: string): number {
  return toNumber('port', text, 1, 65_535);
}

function toNumber(what: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new InputError('USAGE', `Cannot read ${what} as ${min}..${max}: current value is "${text}"`);
}

function one(what: string, words: readonly string[]): string {
  if (words.length === 1 && words[0] !== undefined) return words[0];
  throw new InputError('USAGE', `Cannot set ${what} without exactly one word`);
}

function oneOf(what: string, words: readonly string[], known: readonly string[]): string {
  const word = one(what, words);
  if (known.includes(word)) return word;
  throw new InputError('USAGE', `Cannot set ${what} to "${word}"`, { hint: `Known: ${known.join(', ')}` });
}
