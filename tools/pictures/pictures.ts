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

const DR: Picture = {
  name: 'mode-dr',
  title: 'Direct return: the balancer changes the MAC address, the member answers the client itself',
  w: 790,
  h: 290,
  boxes: SITE(['VIP 192.0.2.10'], ['VIP on lo, silent']),
  arrows: [
    arrow('client.right', 'lb.left', 'to the VIP'),
    arrow('lb.right', 'web1.left', 'same packet, other MAC', { labelAt: [460, 60] }),
    arrow('web1.right', 'client.bottom', 'from the VIP, past the balancer', {
      ...ANSWER,
      via: [
        [778, 52],
        [778, 265],
        [80, 265],
      ],
      labelAt: [330, 258],
    }),
  ],
};

const TUNNEL: Picture = {
  name: 'mode-tunnel',
  title: 'Tunnel: the packet travels wrapped to a member in any network, which answers the client itself',
  w: 790,
  h: 290,
  boxes: SITE(['VIP 192.0.2.10'], ['tunnel end, VIP']),
  arrows: [
    arrow('client.right', 'lb.left', 'to the VIP'),
    arrow('lb.right', 'web1.left', 'wrapped: IPIP or GUE', { labelAt: [460, 60] }),
    arrow('web1.right', 'client.bottom', 'from the VIP, past the balancer', {
      ...ANSWER,
      via: [
        [778, 52],
        [778, 265],
        [80, 265],
      ],
      labelAt: [330, 258],
    }),
  ],
};

const NAT: Picture = {
  name: 'mode-nat',
  title: 'NAT: the destination is rewritten, answers come back through the balancer as it is the way out',
  w: 760,
  h: 245,
  boxes: SITE(['way to the clients'], ['any address, any port']),
  arrows: [
    arrow('client.right-12', 'lb.left-12', 'to the VIP'),
    arrow('lb.right-12', 'web1.left-8', 'to web1', { labelAt: [500, 60] }),
    arrow('web1.left+14', 'lb.right+10', undefined, ANSWER),
    arrow('lb.left+14', 'client.right+14', 'from the VIP', { ...ANSWER, labelAt: [210, 152] }),
  ],
};

const ONEARM: Picture = {
  name: 'mode-onearm',
  title: 'One-arm: source and destination are rewritten, members see the balancer and need nothing',
  w: 760,
  h: 245,
  boxes: SITE(['192.0.2.5'], ['sees 192.0.2.5']),
  arrows: [
    arrow('client.right-12', 'lb.left-12', 'to the VIP'),
    arrow('lb.right-12', 'web1.left-8', 'from 192.0.2.5', { labelAt: [475, 60] }),
    arrow('web1.left+14', 'lb.right+10', undefined, ANSWER),
    arrow('lb.left+14', 'client.right+14', 'from the VIP', { ...ANSWER, labelAt: [210, 152] }),
  ],
};

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

export const PICTURES: readonly Picture[] = [WALK, DR, TUNNEL, NAT, ONEARM, PAIR];
