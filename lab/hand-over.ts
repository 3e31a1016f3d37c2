// A planned move in a lab: the first node hands over, the second one has it, and a client asked all the while.
import type { Pair } from './ha-pair.ts';
import { PingProbe } from './ping-probe.ts';

/** The longest time without an answer, and the groups that nobody took. */
export async function handOver(
  { a, b, client }: Pick<Pair, 'a' | 'b' | 'client'>,
  address: string,
): Promise<{ readonly longestMs: number; readonly left: unknown }> {
  const probe = await PingProbe.start(client, address);
  const left = await a.call('handover');
  await b.roleIs('active');
  await probe.answered();
  await probe.stop();
  return { longestMs: probe.longestSince(0), left };
}
