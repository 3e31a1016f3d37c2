// Whether the live demo can run on this machine.
import { join } from 'node:path';
import { execSync } from '../process.ts';

const OBJECT = join(import.meta.dirname, '../../build/bpf/steelyard.bpf.o');
/** In a /run that ends with its process: a Ctrl-C meanwhile leaves no namespace. */
const PROBE = 'mount -t tmpfs tmpfs /run && ip netns add probe';

/** In words that complete "but ..."; undefined where it can. */
export async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'you are not root here';
  try {
    execSync(['ip', '-V']);
  } catch {
    return 'the program "ip" (iproute2) is missing';
  }
  if (execSync(['unshare', '--mount', 'sh', '-c', PROBE]).code !== 0)
    return 'network namespaces cannot be made here';
  // Not before it is known to be Linux: they speak to its kernel from their first line on.
  const { probeIpvs } = await import('../../src/drivers/ipvs/open-ipvs.ts');
  const { xdpFact } = await import('../../src/drivers/xdp/open-xdp.ts');
  const xdp = xdpFact(OBJECT);
  if (xdp.available || probeIpvs().available) return undefined;
  return `this machine offers neither XDP (${xdp.why}) nor IPVS`;
}
