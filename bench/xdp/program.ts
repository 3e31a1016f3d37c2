// Cost of the program alone: each packet restored, less the cost of restoring. As the study whose targets these are, a run
// is a million packets and the median of nine counts; beside it what flows cost that have left the caches meanwhile.
import { LISTENER_FLAG } from '../../src/drivers/xdp/layout.ts';
import { FLAG, ip, tcp, udp } from '../../test/xdp/packet.ts';
import { HOP, type Listener } from '../../test/xdp/rig.ts';
import { FROM_CLIENT, frame, MEMBER, VIP } from '../../test/xdp/world.ts';
import { median, type Row, row } from '../report.ts';
import { BenchRig, REPLY, REQUEST, type Stream } from './rig.ts';
import { yardstickRows } from './yardstick.ts';

interface Runs {
  readonly count: number;
  readonly packets: number;
}

const AS_THE_STUDY: Runs = { count: 9, packets: 1_000_000 };
/** Of 16,384 flows each is met about once, with other work in between. */
const COLD: Runs = { count: 100, packets: 20_000 };
const XDP_TX = 3;

export const FIRST_CLIENT = '10.128.0.0';
export const FIRST_PORT = 1024;

export function ackFrame(): Uint8Array {
  const segment = tcp({ from: FIRST_PORT, to: 80, flags: FLAG.ack, data: new Uint8Array(6) });
  return frame(FROM_CLIENT, ip({ from: FIRST_CLIENT, to: VIP[4] }, segment));
}

export function datagramFrame(): Uint8Array {
  const datagram = udp({ from: FIRST_PORT, to: 80, data: new Uint8Array(18) });
  return frame(FROM_CLIENT, ip({ from: FIRST_CLIENT, to: VIP[4] }, datagram));
}

export function replyFrame(): Uint8Array {
  const datagram = udp({ from: 80, to: FIRST_PORT, data: new Uint8Array(18) });
  return frame(FROM_CLIENT, ip({ from: MEMBER[4], to: FIRST_CLIENT }, datagram));
}

const STATE = LISTENER_FLAG.hashPort | LISTENER_FLAG.state;

interface Case {
  readonly name: string;
  readonly listener: Partial<Listener>;
  readonly stream: Omit<Stream, 'flows'>;
  readonly flows: number;
  readonly target?: string;
  /** Requests that must have gone first: the flows of replies. */
  readonly first?: Omit<Stream, 'flows'>;
  readonly verdict?: number;
  /** A part of the walk instead of all of it. */
  readonly program?: 'bench_parse' | 'bench_find';
  readonly runs?: Runs;
}

const ACK = { frame: ackFrame(), ...REQUEST };
const DATAGRAM = { frame: datagramFrame(), ...REQUEST };
const ANSWER = { frame: replyFrame(), ...REPLY };

const FLOWS = [1, 16_384, 524_288] as const;

function cases(): readonly Case[] {
  const target = (flows: number, at: number, text: string) => (flows === at ? { target: text } : {});
  return [
    { name: 'reading the headers', listener: {}, stream: ACK, flows: 1, program: 'bench_parse' },
    { name: 'and finding the listener', listener: {}, stream: ACK, flows: 1, program: 'bench_find' },
    { name: 'not ours, passed', listener: { address: '192.0.2.99' }, stream: ACK, flows: 1, verdict: 2 },
    {
      name: 'dr, flow hit, 16384 flows, cold',
      listener: { flags: STATE },
      stream: ACK,
      flows: 16_384,
      runs: COLD,
    },
    ...FLOWS.flatMap((flows): Case[] => [
      {
        name: `dr, stateless, ${flows} flows`,
        listener: { flags: LISTENER_FLAG.hashPort },
        stream: ACK,
        flows,
        target: '<= 35',
      },
      {
        name: `dr, flow hit, ${flows} flows`,
        listener: { flags: STATE },
        stream: ACK,
        flows,
        ...target(flows, 16_384, '<= 70'),
      },
      {
        name: `tunnel IPIP, flow hit, ${flows} flows`,
        listener: { flags: STATE, mode: 'tunnel' },
        stream: ACK,
        flows,
        ...target(flows, 1, '<= 60'),
      },
      {
        name: `tunnel GUE, flow hit, ${flows} flows`,
        listener: { flags: STATE, mode: 'tunnel', tunnel: 'gue' },
        stream: ACK,
        flows,
      },
      {
        name: `nat request, ${flows} flows`,
        listener: { mode: 'nat', transport: 'udp' },
        stream: DATAGRAM,
        flows,
        ...target(flows, 16_384, '<= 110'),
      },
      {
        name: `nat reply, ${flows} flows`,
        listener: { mode: 'nat', transport: 'udp' },
        stream: ANSWER,
        first: DATAGRAM,
        flows,
        ...target(flows, 16_384, '<= 110'),
      },
    ]),
  ];
}

export function programRows(): readonly Row[] {
  const rig = new BenchRig();
  try {
    return [...yardstickRows(rig), ...cases().map((one) => rowOf(rig, one))];
  } finally {
    rig.close();
  }
}

function rowOf(rig: BenchRig, one: Case): Row {
  const {
    name,
    listener,
    stream,
    flows,
    target,
    first,
    verdict = XDP_TX,
    program = 'bench_walk',
    runs,
  } = one;
  rig.clear();
  rig.listen({ address: VIP[4], portFrom: 80, ...listener }, [
    { address: MEMBER[4], hop: { ...HOP, mtu: 0 } },
  ]);
  const more = { ...(first ? { first } : {}), ...(runs ? { runs } : {}) };
  const net = netCost(rig, { ...stream, flows }, { program, verdict, ...more });
  process.stderr.write(`${name}: ${net} ns\n`);
  return row(`program: ${name}`, net, 'ns', target ?? '');
}

/** Nanoseconds a packet of a stream, less those of restoring it. */
export function netCost(
  rig: BenchRig,
  stream: Stream,
  how: {
    readonly program: string;
    readonly first?: Omit<Stream, 'flows'>;
    readonly verdict?: number;
    readonly runs?: Runs;
  },
): number {
  const { program, first, verdict = XDP_TX, runs = AS_THE_STUDY } = how;
  const walk = rig.runner(program);
  const base = rig.runner('bench_base');
  for (const part of first ? [first, stream] : [stream]) {
    rig.stream({ ...part, flows: stream.flows });
    // Once round, so that every flow has its entry.
    walk.run(part.frame, { repeat: Math.max(stream.flows, 1000) });
  }
  const whole: number[] = [];
  const restoring: number[] = [];
  for (let run = 0; run < runs.count; run++) {
    const cost = walk.run(stream.frame, { repeat: runs.packets });
    if (cost.verdict !== verdict)
      throw new Error(`${program}: verdict ${cost.verdict}, ${JSON.stringify(rig.counts())}`);
    whole.push(cost.durationNs);
    restoring.push(base.run(stream.frame, { repeat: runs.packets }).durationNs);
  }
  return median(whole) - median(restoring);
}
