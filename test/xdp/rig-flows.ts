// The flows of a rig as connection sync sees them: its listeners and members as its tables have them now.
import { XdpFlows } from '../../src/drivers/xdp/flows/xdp-flows.ts';
import { Scanner } from '../../src/drivers/xdp/scan.ts';
import type { Rig } from './rig.ts';

export function rigFlows(rig: Rig, nowMs: () => number): XdpFlows {
  const map = (name: string) => rig.object.map(name);
  const memory = (name: string) => map(name).memory();
  const scanner = new Scanner({
    listeners: memory('listeners'),
    members: memory('members'),
    sources: memory('sources'),
    allowed: map('allowed'),
  });
  const entries = new Map([...scanner.scan().values()].map((entry) => [entry.key, entry]));
  return new XdpFlows({
    map,
    tick: () => rig.tick(),
    nowMs,
    entries: () => entries,
    hopOf: () => undefined,
    ask: () => {},
  });
}
