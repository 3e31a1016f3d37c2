// Two nodes carry the same address: who has to give it up. Both sides judge alike, so exactly one steps down.

export interface Contender {
  readonly node: string;
  readonly priority: number;
  readonly epoch: number;
}

/** Priority first, as VRRP itself judges; then the later take-over; then the name, so that there is no draw. */
export function losesTo(me: Contender, rival: Partial<Contender>): boolean {
  // A rival of whom nothing is known is told, not obeyed: anything on the wire could answer for our address.
  if (rival.priority === undefined && rival.epoch === undefined) return false;
  const byPriority = me.priority - (rival.priority ?? me.priority);
  if (byPriority !== 0) return byPriority < 0;
  const byEpoch = me.epoch - (rival.epoch ?? me.epoch);
  if (byEpoch !== 0) return byEpoch < 0;
  return rival.node !== undefined && me.node < rival.node;
}
