// Keys of vips4 and vips6: what an address and port mean to the program.
import { toBytes } from '../../lib/ip.ts';
import { VIP4_KEY, VIP6_KEY } from './layout.ts';

export function vipKey(address: string, port: number, protocol: number, kind: number): Uint8Array {
  const layout = address.includes(':') ? VIP6_KEY : VIP4_KEY;
  const key = new Uint8Array(layout.size);
  key.set(toBytes(address), layout.address);
  new DataView(key.buffer).setUint16(layout.port, port);
  key[layout.protocol] = protocol;
  key[layout.kind] = kind;
  return key;
}
