// SCTP by hand, as the kernel may have none: a member that answers every packet with its name, and a client that asks. Both
// refuse a packet whose CRC32c is wrong, so nobody on the way may have touched what it covers.
//   sctp.ts member NAME ADDRESS | sctp.ts client OWN VIP PORT COUNT
import { AF, NativeSocket, SOCK } from '../../src/kernel/native/socket.ts';
import { fromBytes, toBytes } from '../../src/lib/ip.ts';
import { type Bytes, crc32c, sctp } from './packet.ts';

const SCTP = 132;
const INET = { 4: 2, 6: 10 } as const;
/** ETH_P_IP and ETH_P_IPV6 in network order. */
const ETHERTYPE = { 4: 0x0008, 6: 0xdd86 } as const;
const CHUNKS_AT = 12;

interface Heard {
  readonly from: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly text: string;
}

class Station {
  readonly #own: string;
  readonly #family: 4 | 6;
  readonly #raw: NativeSocket;
  /** Whole IP packets: a raw socket of IPv6 does not tell who sent. */
  readonly #tap: NativeSocket;
  readonly #buffer = new Uint8Array(4096);

  constructor(own: string) {
    this.#own = own;
    this.#family = own.includes(':') ? 6 : 4;
    this.#raw = new NativeSocket('raw/sctp', INET[this.#family], SOCK.raw, SCTP);
    this.#raw.bind(this.#address(own));
    this.#tap = new NativeSocket('packet/ip', AF.packet, SOCK.dgram, ETHERTYPE[this.#family]);
  }

  send(to: string, fromPort: number, toPort: number, text: string): void {
    const { seal } = sctp({ from: fromPort, to: toPort, data: [...Buffer.from(text)] });
    this.#raw.sendTo(
      seal(() => new Uint8Array(0)),
      this.#address(to),
    );
  }

  /** The next whole SCTP packet to us, or undefined when the time is up. */
  hear(timeoutMs: number): Heard | undefined {
    const end = Date.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = end - Date.now()) {
      if (!this.#tap.readable(left)) return undefined;
      const length = this.#tap.receive(this.#buffer, false);
      const heard = length > 0 ? this.#read(this.#buffer.slice(0, length)) : undefined;
      if (heard !== undefined) return heard;
    }
    return undefined;
  }

  #read(ip: Bytes): Heard | undefined {
    const six = this.#family === 6;
    const [source, size] = six ? [8, 16] : [12, 4];
    if (ip[six ? 6 : 9] !== SCTP) return undefined;
    if (fromBytes(ip.slice(source + size, source + 2 * size)) !== this.#own) return undefined;
    const packet = ip.slice(six ? 40 : (ip[0]! & 15) * 4);
    const view = new DataView(packet.buffer);
    const said = view.getUint32(8, true);
    view.setUint32(8, 0);
    if (crc32c(packet) !== said) return undefined;
    return {
      from: fromBytes(ip.slice(source, source + size)),
      fromPort: view.getUint16(0),
      toPort: view.getUint16(2),
      text: Buffer.from(packet.subarray(CHUNKS_AT)).toString(),
    };
  }

  #address(text: string): Uint8Array {
    const bytes = new Uint8Array(this.#family === 6 ? 28 : 16);
    bytes[0] = INET[this.#family];
    bytes.set(toBytes(text), this.#family === 6 ? 8 : 4);
    return bytes;
  }
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'member') {
  const [name, own] = rest as [string, string];
  const station = new Station(own);
  process.stdout.write('ready\n');
  for (;;) {
    const heard = station.hear(60_000);
    if (heard === undefined) process.exit(1);
    station.send(heard.from, heard.toPort, heard.fromPort, `${name} ${heard.from}`);
  }
}

const [own, vip, port, count] = rest as [string, string, string, string];
const station = new Station(own);
const names: Record<string, number> = {};
const failures: Record<string, number> = {};
const seen = new Set<string>();
for (let i = 0; i < Number(count); i++) {
  station.send(vip, 20_000 + i, Number(port), 'who?');
  const heard = station.hear(2000);
  const [name = '', client = ''] = heard?.text.split(' ') ?? [];
  if (heard === undefined) failures['no answer'] = (failures['no answer'] ?? 0) + 1;
  else if (heard.from !== vip || heard.toPort !== 20_000 + i || heard.fromPort !== Number(port))
    failures[`from ${heard.from} ${heard.fromPort}`] = 1;
  else {
    names[name] = (names[name] ?? 0) + 1;
    seen.add(client);
  }
}
process.stdout.write(`${JSON.stringify({ names, seen: [...seen], failures })}\n`);
process.exit(0);
