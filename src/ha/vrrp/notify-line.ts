// Lines that keepalived writes into its notify pipe: `INSTANCE "front" MASTER 150`, `GROUP "all" BACKUP 0`.

export const VRRP_STATES = [
  'MASTER',
  'BACKUP',
  'FAULT',
  'STOP',
  'MASTER_RX_LOWER_PRI',
  'MASTER_PRIORITY',
  'BACKUP_PRIORITY',
] as const;
export type VrrpState = (typeof VRRP_STATES)[number];

export interface NotifyLine {
  readonly kind: 'instance' | 'group';
  readonly name: string;
  readonly state: VrrpState;
  readonly priority: number;
}

const LINE = /^(INSTANCE|GROUP) "([^"]*)" ([A-Z_]+) (\d+)$/;

/** Undefined for anything else: a newer keepalived may say more than we know. */
export function readNotifyLine(line: string): NotifyLine | undefined {
  const match = LINE.exec(line.trim());
  const state = VRRP_STATES.find((one) => one === match?.[3]);
  if (match === null || state === undefined) return undefined;
  return {
    kind: match[1] === 'GROUP' ? 'group' : 'instance',
    name: match[2]!,
    state,
    priority: Number(match[4]),
  };
}
