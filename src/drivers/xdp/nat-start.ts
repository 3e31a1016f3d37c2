// Where the walk over source ports begins in new tables: somewhere else each time. Members still remember the ports of
// before the tables were made anew (TIME_WAIT), and would refuse the first connections if all walks began alike.
import { randomInt } from 'node:crypto';
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { CONFIG } from './layout.ts';
import { u32 } from './pending-writes.ts';

/** Leaves a walk alone that has begun. */
export function startPorts(cursor: BpfMap, config: ArrayBuffer): void {
  const span = new DataView(config).getUint32(CONFIG.natPortSpan, true);
  const words = new Uint32Array(cursor.lookup(u32(0))!.buffer);
  if (span < 2 || words.some((word) => word !== 0)) return;
  // A value takes 8 bytes for each CPU, of which the program reads the first 4.
  for (let at = 0; at < words.length; at += 2) words[at] = randomInt(1, span);
  cursor.update(u32(0), new Uint8Array(words.buffer));
}
