// A real IpvsPort that fails on command: for tests of what happens when one of many commands is refused.
import type { OpError } from '../../model/errors.ts';
import { ERRNO } from '../native/errno.ts';
import { targetOf, toIpvsError } from '../netlink/ipvs-errors.ts';
import type { IpvsCommand, IpvsPort } from '../ports.ts';

export class FaultyIpvs implements IpvsPort {
  readonly #port: IpvsPort;
  readonly #faulty = new Set<string>();
  readonly info: IpvsPort['info'];
  readonly table: IpvsPort['table'];
  readonly procText: IpvsPort['procText'];
  readonly entry: IpvsPort['entry'];
  readonly timeouts: IpvsPort['timeouts'];
  readonly setTimeouts: IpvsPort['setTimeouts'];
  readonly daemons: IpvsPort['daemons'];
  readonly startDaemon: IpvsPort['startDaemon'];
  readonly stopDaemon: IpvsPort['stopDaemon'];
  readonly close: IpvsPort['close'];

  constructor(port: IpvsPort) {
    this.#port = port;
    this.info = () => port.info();
    this.table = (withStats) => port.table(withStats);
    this.procText = () => port.procText();
    this.entry = (key) => port.entry(key);
    this.timeouts = () => port.timeouts();
    this.setTimeouts = (timeouts) => port.setTimeouts(timeouts);
    this.daemons = () => port.daemons();
    this.startDaemon = (daemon) => port.startDaemon(daemon);
    this.stopDaemon = (role) => port.stopDaemon(role);
    this.close = () => port.close();
  }

  /** The next command on this target is refused with EBUSY and never reaches the kernel. */
  failOn(target: string): void {
    this.#faulty.add(target);
  }

  async execute(commands: readonly IpvsCommand[]): Promise<readonly (OpError | undefined)[]> {
    const refused = commands.map((command) => this.#faulty.delete(targetOf(command)));
    const passed = commands.filter((_, index) => !refused[index]);
    const results = [...(await this.#port.execute(passed))];
    return commands.map((command, index) =>
      refused[index] ? toIpvsError(command, { errno: ERRNO.EBUSY }) : results.shift(),
    );
  }
}
