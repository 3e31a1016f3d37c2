// Whether the live demo can run on this machine.
import { join } from 'node:path';
import { execSync } from '../process.ts';

const OBJECT = join(import.meta.dirname, '../../build/bpf/steelyard.bpf.o');

/** In words that complete "but ..."; undefined where it can. */
export async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'you are not root here';
  const name = `sy-demo-probe-${process.pid}`;
  try {
    if (execSync(['ip', 'netns', 'add', name]).code !== 0) return 'network namespaces cannot be made here';
  } catch {
    return 'the program "ip" (iproute2) is missing';
  }
  execSync(['ip', 'netns', 'del', name]);
  // Not before it is known to be Linux: they speak to its kernel from their first line on.
  const { probeIpvs } = await import('../../src/drivers/ipvs/open-ipvs.ts');
  const { xdpFact } = await import('../../src/drivers/xdp/open-xdp.ts');
  const xdp = xdpFact(OBJECT);
  if (xdp.available || probeIpvs().available) return undefined;
  return `this machine offers neither XDP (${xdp.why}) nor IPVS`;
}
