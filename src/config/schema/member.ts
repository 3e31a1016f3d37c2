// One member of a pool.
import type { z } from 'zod';
import { MEMBER_ADMIN_STATES } from '../../model/pool.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, oneOrMany } from './block.ts';
import { opt } from './field.ts';
import { healthSchema } from './health.ts';
import { address, port } from './numbers.ts';
import { flag, int, name, oneOf } from './words.ts';

const MOST_CONNECTIONS = 4_294_967_295;

export const memberSchema = block('A machine and port that serves.', {
  name: opt(name('What commands and metrics call it. Default: address and port.')),
  address: address('Where it listens.'),
  port: opt(
    int(
      'Port it listens on; 0 is the port the client asked for, the only one for `dr`, `tunnel` and port ranges.',
      {
        min: 0,
        max: 65535,
        default: DEFAULTS.member.port,
      },
    ),
  ),
  weight: opt(
    int('Share of new flows against the other members; 0 admits none and keeps the existing ones.', {
      min: 0,
      max: 65535,
      default: DEFAULTS.member.weight,
    }),
  ),
  backup: opt(flag('Serves only while no ordinary member can.', false)),
  state: opt(
    oneOf(
      'What an operator says, above health: `drain` admits no new flow, `down` sends nothing, `up` ignores checks.',
      MEMBER_ADMIN_STATES,
      DEFAULTS.member.state,
    ),
  ),
  max_connections: opt(
    int('No new flow above this many; 0 is unlimited.', {
      min: 0,
      max: MOST_CONNECTIONS,
      default: DEFAULTS.member.maxConnections,
      unit: 'connections',
    }),
  ),
  min_connections: opt(
    int('After the upper limit was met, new flows again once below this many; 0 is three quarters of it.', {
      min: 0,
      max: MOST_CONNECTIONS,
      default: DEFAULTS.member.minConnections,
      unit: 'connections',
    }),
  ),
  health: opt(oneOrMany("Checks of this member instead of the pool's.", healthSchema)),
  check_address: opt(address('Address that is checked instead of the one that serves.')),
  check_port: opt(port('Port that is checked instead of the one that serves.')),
});

export type MemberDoc = z.output<typeof memberSchema>;
