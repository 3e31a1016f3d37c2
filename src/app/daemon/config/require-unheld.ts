// A way back is taken whole or not at all: what guards would hold of it needs a person's word.
import type { Change } from '../../../engine/config-port.ts';
import { InputError } from '../../../model/errors.ts';
import type { Plan } from '../../../model/plan.ts';

export function requireUnheld({ guards }: Plan, { force }: Change): void {
  const [first] = guards;
  if (first === undefined || force === true) return;
  throw new InputError('GUARD_HELD', first.message, {
    hint: 'Look at the plan; "--force" applies it',
    details: { guards: guards.map(({ held, ...guard }) => ({ ...guard, held: held.length })) },
  });
}
