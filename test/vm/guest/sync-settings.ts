// Connection sync as a pair of nodes has it, on an interface of the test's choice.
import type { ConnectionSync } from '../../../src/model/ha.ts';

export function syncOn(name: string): ConnectionSync {
  return {
    enabled: true,
    interface: name,
    syncId: 51,
    multicastGroup: '224.0.0.81',
    port: 8848,
    ttl: 1,
    maxBytes: 1400,
    peers: [],
    minAgeMs: 0,
  };
}
