// What figures of a data plane depend on (and what makes two of them incomparable).
import { readFileSync } from 'node:fs';

export function conditionsOf(): Readonly<Record<string, string | number>> {
  return {
    jit: read('/proc/sys/net/core/bpf_jit_enable'),
    jitHarden: read('/proc/sys/net/core/bpf_jit_harden'),
    retbleed: read('/sys/devices/system/cpu/vulnerabilities/retbleed'),
    spectreV2: read('/sys/devices/system/cpu/vulnerabilities/spectre_v2'),
    capabilities: 'root (CAP_PERFMON at load)',
    pinning: 'one core: generator, balancer and sink',
    mode: 'native XDP on veth, live frames in batches of 64',
    cycle: 'frames a second of the time that this thread and the softirq thread of its core were on the core',
    tables: 'flows4 1,048,576 rows',
    method:
      'packet restored before every run, restoring alone subtracted, median of 9 x 1,000,000; cold: of 100 x 20,000, which meet a flow about once',
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
