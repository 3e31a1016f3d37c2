// The same 1,000 members in both languages: every twenty seconds a connection, as an emulated
// processor keeps up with no more; one that fails is tried twice more, a second apart.
export const SERVICES = 100;
export const PER_SERVICE = 10;
export const MEMBER_PORT = 8080;
export const INTERVAL_S = 20;
const VIP = '10.2.0.100';
const FIRST_PORT = 10_000;
const FALL = 3;
const TIMEOUT_S = 1;

/** A failure falls anywhere into an interval; then two more tries, a second apart. */
export const LONGEST_MS = (INTERVAL_S + (FALL - 1)) * 1000;

export function addressOf(service: number, member: number): string {
  return `10.9.${service}.${1 + member}`;
}

/** As `/proc/net/ip_vs` writes it. */
export function hexOf(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex').toUpperCase();
}

export const ADDRESSES: readonly string[] = Array.from({ length: SERVICES }, (_, service) =>
  Array.from({ length: PER_SERVICE }, (_, member) => addressOf(service, member)),
).flat();

export function keepalivedConfig(): string {
  const check = `TCP_CHECK { connect_timeout ${TIMEOUT_S}\n retry ${FALL - 1}\n delay_before_retry 1\n }`;
  return Array.from({ length: SERVICES }, (_, service) => {
    const servers = Array.from(
      { length: PER_SERVICE },
      (_, member) =>
        ` real_server ${addressOf(service, member)} ${MEMBER_PORT} {\n weight 10\n ${check}\n }\n`,
    );
    return `virtual_server ${VIP} ${FIRST_PORT + service} {\n delay_loop ${INTERVAL_S}\n lvs_sched wrr\n lvs_method NAT\n protocol TCP\n${servers.join('')}}\n`;
  }).join('');
}

export function ourConfig(folder: string): string {
  const health = `{ type: tcp, interval: ${INTERVAL_S}s, fast_interval: 1s, timeout: ${TIMEOUT_S}s, fall: ${FALL}, rise: 1 }`;
  const listeners = Array.from({ length: SERVICES }, (_, service) => {
    const members = Array.from(
      { length: PER_SERVICE },
      (_, member) => `{ address: ${addressOf(service, member)}, port: ${MEMBER_PORT}, weight: 10 }`,
    );
    return `  - { name: s${service}, vip: ${VIP}, port: ${FIRST_PORT + service}, scheduler: wrr, health: ${health}, members: [${members.join(', ')}] }\n`;
  });
  return `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${folder}/state, run_dir: ${folder}/run }
api: { socket: ${folder}/api.sock }
metrics: { prometheus: { enabled: false } }
engine: ipvs
mode: nat
listeners:
${listeners.join('')}`;
}
