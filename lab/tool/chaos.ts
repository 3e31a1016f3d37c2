// What can be done to a lab: links cut or silenced, programs killed, paused and started again.
import type { Chaos } from '../../src/cli/lab-tool.ts';
import { InputError } from '../../src/model/errors.ts';
import { type FrrProgram, LabFrr } from '../frr.ts';
import { portOf } from '../topology/build-network.ts';
import { ROUTER_PROGRAMS } from '../topology/router.ts';
import { hostNames, isRouted, ROUTER_ADDRESS, type Topology } from '../topology/topology.ts';
import type { LabPrograms } from './lab-programs.ts';

const SIGNALS = { kill: 'SIGKILL', pause: 'SIGSTOP', resume: 'SIGCONT' } as const;

/** Does it and says so. */
export async function doChaos(topology: Topology, programs: LabPrograms, chaos: Chaos): Promise<string> {
  const { action, host } = chaos;
  requireHost(topology, host);
  if (action === 'cut' || action === 'silence' || action === 'mend')
    return changeLink(topology, programs, host, action);
  const program = chaos.program ?? usualProgram(topology, host);
  if (action === 'start') return startAgain(topology, programs, host, program);
  const pids = programs.pidsOf(host, program);
  if (pids.length === 0)
    throw new InputError('NOT_FOUND', `Cannot ${action} "${program}" as it does not run on ${host}`, {
      hint: `Running there: ${programs.programsOn(host).join(', ') || 'nothing'}`,
    });
  for (const pid of pids) process.kill(pid, SIGNALS[action]);
  return `${program} on ${host} ${action === 'kill' ? 'killed' : `${action}d`}`;
}

export function requireHost(topology: Topology, host: string): void {
  if (hostNames(topology).includes(host)) return;
  throw new InputError('NOT_FOUND', `Cannot find host "${host}" in lab "${topology.name}"`, {
    hint: `Hosts are ${hostNames(topology).join(', ')}`,
  });
}

function usualProgram({ balancers, servers, name }: Topology, host: string): string {
  if (balancers.includes(host)) return 'lbctl';
  if (servers.includes(host)) return 'web';
  throw new InputError('USAGE', `Cannot tell which program of "${host}" is meant in lab "${name}"`, {
    hint: 'Name it after the host',
  });
}

function changeLink(
  topology: Topology,
  programs: LabPrograms,
  name: string,
  action: 'cut' | 'silence' | 'mend',
): string {
  const port = portOf(topology, name);
  if (port === undefined)
    throw new InputError('USAGE', `Cannot ${action} "${name}" as it has no port on the switch`, {
      hint: `Choose a balancer, a web server${isRouted(topology) ? ' or the router' : ' or the client'}`,
    });
  const host = programs.host(name);
  // STP states of a port: 0 is disabled, 3 is forwarding.
  const setPort = (state: string) =>
    void programs.host('switch').run('bridge', 'link', 'set', 'dev', port, 'state', state);
  if (action === 'silence') {
    setPort('0');
    return `the switch drops all of ${name}; its own link stays up`;
  }
  if (action === 'cut') {
    host.ip('link', 'set', 'eth0', 'down');
    return `the link of ${name} is down`;
  }
  host.ip('link', 'set', 'eth0', 'up');
  setPort('3');
  // The kernel drops the routes of a link that goes down.
  if (isRouted(topology) && name !== 'router') host.ip('route', 'replace', 'default', 'via', ROUTER_ADDRESS);
  return `${name} is on the network again`;
}

async function startAgain(
  { balancers, servers }: Topology,
  programs: LabPrograms,
  host: string,
  program: string,
): Promise<string> {
  if (programs.pidsOf(host, program).length > 0)
    throw new InputError('CONFLICT', `Cannot start "${program}" as it runs on ${host} already`, {
      hint: '"lbctl lab chaos NAME kill HOST PROGRAM" ends it',
    });
  if (program === 'lbctl' && balancers.includes(host)) programs.startDaemon(host);
  else if (program === 'web' && servers.includes(host)) programs.startWeb(host);
  else if (ROUTER_PROGRAMS.some((one) => one === program))
    await LabFrr.of(programs.host(host)).run(program as FrrProgram);
  else
    throw new InputError('USAGE', `Cannot start "${program}" on ${host} as the lab does not start it there`, {
      hint: 'The lab starts lbctl on balancers, web on servers, and zebra, bfdd and bgpd where FRR is used',
    });
  return `${program} on ${host} started`;
}
