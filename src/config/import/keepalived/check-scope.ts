// What a checker is read with: its own options, those it inherits, and what it names elsewhere in the file.
import { canonicalIp, isIp } from '../../../lib/ip.ts';
import type { Ledger } from './ledger.ts';
import { intOf, refuse, type Scope } from './scope.ts';
import type { Directive } from './tree.ts';
import type { Yaml } from './yaml.ts';

/** What checkers refer to by name elsewhere in the file. */
export interface CheckWorld {
  readonly ledger: Ledger;
  /** File named by a track_file block. */
  trackFile(name: string): string | undefined;
  bfdSession(name: string): string | undefined;
  readonly tls: Readonly<Record<string, Yaml>>;
  readonly scriptUser: string | undefined;
}

/** Virtual server, real server, checker: the innermost that says something counts. */
export interface CheckScopes {
  readonly world: CheckWorld;
  readonly checker: Scope;
  readonly outer: readonly Scope[];
  /** Port to ask when the member names none of its own. */
  readonly port: number | undefined;
}

export type Fields = Readonly<Record<string, Yaml | undefined>>;

/** Where a check is sent, from the common options of `scope` (a checker, or a `host` block of SMTP_CHECK). */
export function targetOf(scopes: CheckScopes, scope: Scope): Fields {
  const { ledger } = scopes.world;
  return {
    address: addressOf(ledger, scope.one('connect_ip')),
    port: intOf(ledger, scope.one('connect_port'), 1, 65535) ?? scopes.port,
    source: addressOf(ledger, scope.one('bindto')),
    device: scope.one('bind_if')?.args[0],
    mark: intOf(ledger, scope.one('fwmark'), 1, 0xffffffff),
  };
}

function addressOf(ledger: Ledger, directive: Directive | undefined): string | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[0] ?? '';
  return isIp(text) ? canonicalIp(text) : refuse(ledger, directive, 'must be an IP address', text);
}

/** The innermost directive of that name. */
export function inherited(scopes: CheckScopes, name: string): Directive | undefined {
  let found: Directive | undefined;
  for (const scope of [...scopes.outer, scopes.checker]) if (scope.has(name)) found = scope.one(name);
  return found;
}
