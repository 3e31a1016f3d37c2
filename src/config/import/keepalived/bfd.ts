// bfd_instance to BFD sessions.
import { formatDuration } from '../../../lib/duration.ts';
import { canonicalIp, isIp } from '../../../lib/ip.ts';
import type { Ledger } from './ledger.ts';
import { cleanName } from './names.ts';
import { parseDecimal } from './numbers.ts';
import { intOf, openScope, refuse, type Scope } from './scope.ts';
import type { Directive } from './tree.ts';
import { type YamlMap, yamlMap } from './yaml.ts';

export function bfdSessions(ledger: Ledger, top: Scope): readonly YamlMap[] {
  const sessions: YamlMap[] = [];
  for (const directive of top.all('bfd_instance')) {
    const scope = openScope(ledger, 'bfd_instance', directive);
    const peer = addressOf(ledger, scope.one('neighbor_ip'));
    const name = cleanName(directive.args[0] ?? '');
    for (const one of ['vrrp', 'checker']) scope.one(one);
    if (peer === undefined || name === '') {
      ledger.mark(directive, directive.name, 'not carried', 'it names no neighbor_ip');
      continue;
    }
    const hops = intOf(ledger, scope.one('max_hops'), 0, 255);
    sessions.push(
      yamlMap(
        {
          name,
          peer,
          local: addressOf(ledger, scope.one('source_ip')),
          // keepalived's own default for both; ours is 50 ms.
          transmit: formatDuration(timeOf(ledger, scope.one('min_tx')) ?? 10),
          receive: formatDuration(timeOf(ledger, scope.one('min_rx')) ?? 10),
          multiplier: intOf(ledger, scope.one('multiplier'), 2, 255) ?? 5,
          multihop: hops !== undefined && hops > 0 ? true : undefined,
        },
        {
          flow: true,
          comment: `${directive.file.slice(directive.file.lastIndexOf('/') + 1)}:${directive.line}`,
        },
      ),
    );
  }
  return sessions;
}

/** Milliseconds, unlike every other time of keepalived. */
function timeOf(ledger: Ledger, directive: Directive | undefined): number | undefined {
  if (directive === undefined) return undefined;
  const ms = parseDecimal(directive.args[0] ?? '');
  if (ms !== undefined && ms >= 1 && ms <= 60_000) return Math.max(10, Math.round(ms));
  return refuse(ledger, directive, 'must be milliseconds from 1 to 60000', directive.args[0] ?? '');
}

function addressOf(ledger: Ledger, directive: Directive | undefined): string | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[0] ?? '';
  return isIp(text) ? canonicalIp(text) : refuse(ledger, directive, 'must be an IP address', text);
}
