// The pictures of the guides as data.
import type { Arrow, Box, Picture } from './draw.ts';

const box = (
  id: string,
  [x, y, w, h]: readonly [number, number, number, number],
  title: string,
  lines: readonly string[] = [],
  kind?: Box['kind'],
): Box => ({ id, x, y, w, h, title, lines, ...(kind === undefined ? {} : { kind }) });

const arrow = (from: string, to: string, label?: string, more: Partial<Arrow> = {}): Arrow => ({
  ...{ from, to },
  ...(label === undefined ? {} : { label }),
  ...more,
});

const ANSWER = { kind: 'answer' } as const;
const CONTROL = { kind: 'control' } as const;

const WALK: Picture = {
  name: 'walk',
  title: 'From file to kernel: Intent, World, Plan, and what is observed compared with it in each round',
  w: 760,
  h: 250,
  boxes: [
    box('file', [10, 40, 90, 56], 'file'),
    box('intent', [150, 40, 120, 56], 'Intent', ['what was asked']),
    box('world', [320, 40, 130, 56], 'World', ['what should be'], 'ours'),
    box('plan', [500, 40, 110, 56], 'Plan', ['ordered steps'], 'ours'),
    box('kernel', [660, 40, 90, 56], 'kernel', ['or proxy']),
    box('facts', [300, 170, 170, 60], 'Facts', ['health, roles, operators'], 'quiet'),
    box('observed', [510, 170, 150, 60], 'Observed', ['what is'], 'quiet'),
  ],
  arrows: [
    arrow('file.right', 'intent.left'),
    arrow('intent.right', 'world.left'),
    arrow('world.right', 'plan.left', 'compare', { labelAt: [475, 32] }),
    arrow('plan.right', 'kernel.left', 'apply', { labelAt: [635, 32] }),
    arrow('facts.top', 'world.bottom', undefined, CONTROL),
    arrow('kernel.bottom', 'observed.right', 'look', {
      ...ANSWER,
      via: [[705, 200]],
      labelAt: [735, 150],
    }),
    arrow('observed.top-30', 'plan.bottom', undefined, ANSWER),
  ],
};

/** Client, balancer and members as all pictures of modes show them. */
const SITE = (lb: readonly string[], member: readonly string[]): readonly Box[] => [
  box('client', [10, 90, 140, 64], 'client', ['198.51.100.7']),
  box('lb', [270, 90, 180, 64], 'balancer', lb, 'ours'),
  box('web1', [570, 20, 180, 64], 'web1', member),
  box('web2', [570, 160, 180, 64], 'web2', member),
];

interface ModeWords {
  readonly name: string;
  readonly title: string;
  /** Below the name of the balancer, and of each member. */
  readonly lb: string;
  readonly member: string;
  /** What travels from one to the other. */
  readonly label: string;
}

/** Answers go past the balancer. */
function pastUs({ name, title, lb, member, label }: ModeWords): Picture {
  const corners = [
    [778, 52],
    [778, 265],
    [80, 265],
  ] as const;
  return {
    ...{ name, title, w: 790, h: 290, boxes: SITE([lb], [member]) },
    arrows: [
      arrow('client.right', 'lb.left', 'to the VIP'),
      arrow('lb.right', 'web1.left', label, { labelAt: [460, 60] }),
      arrow('web1.right', 'client.bottom', 'from the VIP, past the balancer', {
        ...ANSWER,
        via: corners,
        labelAt: [330, 258],
      }),
    ],
  };
}

/** Answers come back through the balancer. */
function throughUs({ name, title, lb, member, label }: ModeWords): Picture {
  return {
    ...{ name, title, w: 760, h: 245, boxes: SITE([lb], [member]) },
    arrows: [
      arrow('client.right-12', 'lb.left-12', 'to the VIP'),
      arrow('lb.right-12', 'web1.left-8', label, { labelAt: [475, 60] }),
      arrow('web1.left+14', 'lb.right+10', undefined, ANSWER),
      arrow('lb.left+14', 'client.right+14', 'from the VIP', { ...ANSWER, labelAt: [210, 152] }),
    ],
  };
}

const MODES: readonly Picture[] = [
  pastUs({
    name: 'mode-dr',
    title: 'Direct return: the balancer changes the MAC address, the member answers the client itself',
    lb: 'VIP 192.0.2.10',
    member: 'VIP on lo, silent',
    label: 'same packet, other MAC',
  }),
  pastUs({
    name: 'mode-tunnel',
    title: 'Tunnel: the packet travels wrapped to a member in any network, which answers the client itself',
    lb: 'VIP 192.0.2.10',
    member: 'tunnel end, VIP',
    label: 'wrapped: IPIP or GUE',
  }),
  throughUs({
    name: 'mode-nat',
    title: 'NAT: the destination is rewritten, answers come back through the balancer as it is the way out',
    lb: 'way to the clients',
    member: 'any address, any port',
    label: 'to web1',
  }),
  throughUs({
    name: 'mode-onearm',
    title: 'One-arm: source and destination are rewritten, members see the balancer and need nothing',
    lb: '192.0.2.5',
    member: 'sees 192.0.2.5',
    label: 'from 192.0.2.5',
  }),
];

const PAIR: Picture = {
  name: 'pair',
  title: 'A pair: the active node has the address, the standby checks and is programmed too',
  w: 760,
  h: 300,
  boxes: [
    box('client', [10, 118, 120, 64], 'client'),
    box('a', [250, 30, 220, 84], 'lb-a  active', ['VIP 192.0.2.10', 'rules, checks, flows'], 'ours'),
    box('b', [250, 190, 220, 84], 'lb-b  standby', ['no VIP', 'rules, checks, flows'], 'quiet'),
    box('web', [600, 118, 150, 64], 'web1 web2 web3'),
  ],
  arrows: [
    arrow('client.right-10', 'a.left'),
    arrow('a.right', 'web.left-10'),
    arrow('a.bottom-40', 'b.top-40', 'adverts', { ...CONTROL, labelAt: [285, 156] }),
    arrow('a.bottom+40', 'b.top+40', 'connections', { ...CONTROL, labelAt: [445, 156] }),
    arrow('b.right', 'web.left+14', 'checks', { ...CONTROL, labelAt: [560, 230] }),
    arrow('client.right+14', 'b.left', 'when lb-a is gone', { ...ANSWER, labelAt: [150, 250] }),
  ],
};

export const PICTURES: readonly Picture[] = [WALK, ...MODES, PAIR];
