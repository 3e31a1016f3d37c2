// quorum and hysteresis, and the programs told of them. keepalived lowers what can never be met and says so; so do we.
import type { Draft } from './draft.ts';
import { intOf, refuse, type Scope } from './scope.ts';
import type { Directive } from './tree.ts';
import { splitArguments } from './words.ts';
import { type YamlMap, yamlMap } from './yaml.ts';

/** `total` is what all members together weigh. */
export function quorumOf(draft: Draft, scope: Scope, total: number): YamlMap | undefined {
  const quorum = scope.one('quorum');
  const slack = scope.one('hysteresis');
  const weight = lowered(draft, quorum, Math.max(1, total), `all members together weigh ${total}`);
  const needed = weight ?? 1;
  // keepalived ignores a hysteresis that is not below the quorum: with it the quorum would never be lost.
  const room = Math.min(needed - 1, total - needed);
  const hysteresis = lowered(
    draft,
    slack,
    Math.max(0, room),
    `it must be below the quorum of ${needed}, and both together within the ${total} that all members weigh`,
  );
  const onUp = hookOf(draft, scope.one('quorum_up'));
  const onDown = hookOf(draft, scope.one('quorum_down'));
  if (weight === undefined && hysteresis === undefined && onUp === undefined && onDown === undefined)
    return undefined;
  return yamlMap({ weight, hysteresis, on_up: onUp, on_down: onDown }, { flow: true });
}

function lowered(
  { ledger }: Draft,
  directive: Directive | undefined,
  most: number,
  why: string,
): number | undefined {
  const given = intOf(ledger, directive, 0, 0x7fffffff);
  if (directive === undefined || given === undefined || given <= most) return given;
  ledger.mark(directive, directive.name, 'changed', `${most} instead of ${given}: ${why}`);
  return most;
}

/** The script with its arguments is one word, quoted where it has any; a user and a group may follow. */
function hookOf(draft: Draft, directive: Directive | undefined): string | undefined {
  if (directive === undefined) return undefined;
  const [script, ...user] = splitArguments(directive.raw).slice(1);
  if (!script) return refuse(draft.ledger, directive, 'must be a script', '');
  if (user.length > 0)
    draft.ledger.mark(
      directive,
      directive.name,
      'changed',
      'it runs as the daemon does, not as another user',
    );
  return script;
}
