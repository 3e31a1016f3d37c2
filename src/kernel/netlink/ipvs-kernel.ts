// The real IpvsPort: the kernel's IPVS over generic netlink.
import { readFileSync } from 'node:fs';
import { OpError } from '../../model/errors.ts';
import { type GenericFamily, readFamily, writeGetFamily } from '../../wire/netlink/family.ts';
import {
  beginIpvs,
  type IpvsInfo,
  type IpvsTimeouts,
  readDestinationMessage,
  readInfo,
  readServiceMessage,
  readTimeouts,
  writeTimeouts,
} from '../../wire/netlink/ipvs-control.ts';
import { type IpvsDaemon, readDaemon, writeDaemon, writeDaemonRole } from '../../wire/netlink/ipvs-daemon.ts';
import {
  type IpvsDestinationRow,
  writeDestination,
  writeDestinationKey,
} from '../../wire/netlink/ipvs-destination.ts';
import { COMMAND, IPVS_FAMILY } from '../../wire/netlink/ipvs-numbers.ts';
import { type IpvsServiceKey, writeService, writeServiceKey } from '../../wire/netlink/ipvs-service.ts';
import { FLAG, type NetlinkMessage } from '../../wire/netlink/message.ts';
import type { MessageWriter } from '../../wire/netlink/message-writer.ts';
import type { IpvsCommand, IpvsPort, IpvsTableEntry } from '../ports.ts';
import { missingIpvs, toIpvsError } from './ipvs-errors.ts';
import { formatServiceKey } from './ipvs-text.ts';
import { NETLINK, NetlinkSocket } from './netlink-socket.ts';

const DUMP = FLAG.request | FLAG.dump;
/** Services read before the event loop gets its turn: about 5 ms. */
const SLICE = 256;
const PROC_FILE = '/proc/self/net/ip_vs';
const SMALL_READ = 8 << 10;

export class IpvsKernel implements IpvsPort {
  readonly #socket = new NetlinkSocket('generic', NETLINK.generic);
  /** For the many small dumps of one service's destinations each. */
  readonly #small = new NetlinkSocket('generic', NETLINK.generic, SMALL_READ);
  #family = 0;

  info(): IpvsInfo {
    const [reply] = this.#ask('IPVS_CMD_GET_INFO', COMMAND.getInfo);
    return readInfo(reply!);
  }

  async table(withStats: boolean): Promise<readonly IpvsTableEntry[]> {
    const family = this.#resolve();
    const services = this.#socket.dump(
      { op: 'IPVS_CMD_GET_SERVICE' },
      (writer, sequence) => beginIpvs(writer, family, COMMAND.getService, sequence, DUMP),
      (message) => readServiceMessage(message, withStats),
    );
    const entries: IpvsTableEntry[] = [];
    for (const service of services) {
      entries.push({ service, destinations: this.#destinations(family, service.key, withStats) });
      if (entries.length % SLICE === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return entries;
  }

  procText(): string | undefined {
    try {
      return readFileSync(PROC_FILE, 'latin1');
    } catch (error) {
      // No procfs, or no right to look into it: the table is read by netlink then.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EACCES') return undefined;
      throw error;
    }
  }

  entry(key: IpvsServiceKey): IpvsTableEntry | undefined {
    try {
      const [reply] = this.#ask(
        'IPVS_CMD_GET_SERVICE',
        COMMAND.getService,
        (writer) => writeServiceKey(writer, key),
        formatServiceKey(key),
      );
      const service = readServiceMessage(reply!, false);
      return { service, destinations: this.#destinations(this.#family, key, false) };
    } catch (error) {
      if (error instanceof OpError && error.op.errno === 'ESRCH') return undefined;
      throw error;
    }
  }

  async execute(commands: readonly IpvsCommand[]): Promise<readonly (OpError | undefined)[]> {
    if (commands.length === 0) return [];
    const family = this.#resolve();
    const failures = await this.#socket.batch(
      commands.map((command) => (writer, sequence) => writeCommand(writer, family, sequence, command)),
    );
    return failures.map((failure, index) =>
      failure === undefined ? undefined : toIpvsError(commands[index]!, failure),
    );
  }

  timeouts(): IpvsTimeouts {
    const [reply] = this.#ask('IPVS_CMD_GET_CONFIG', COMMAND.getConfig);
    return readTimeouts(reply!);
  }

  setTimeouts(timeouts: IpvsTimeouts): void {
    this.#ask('IPVS_CMD_SET_CONFIG', COMMAND.setConfig, (writer) => writeTimeouts(writer, timeouts));
  }

  daemons(): readonly IpvsDaemon[] {
    const family = this.#resolve();
    return this.#socket
      .dump(
        { op: 'IPVS_CMD_GET_DAEMON' },
        (writer, sequence) => beginIpvs(writer, family, COMMAND.getDaemon, sequence, DUMP),
        readDaemon,
      )
      .filter((daemon) => daemon !== undefined);
  }

  startDaemon(daemon: IpvsDaemon): void {
    this.#ask(
      'IPVS_CMD_NEW_DAEMON',
      COMMAND.newDaemon,
      (writer) => writeDaemon(writer, daemon),
      `${daemon.role} on ${daemon.interface}`,
    );
  }

  /** A thread that has not run yet is stopped with EINTR, and at that the kernel's netlink says nothing at all. */
  stopDaemon(role: IpvsDaemon['role']): void {
    const family = this.#resolve();
    this.#socket.tell(
      { op: 'IPVS_CMD_DEL_DAEMON', target: role },
      (writer, sequence) => {
        beginIpvs(writer, family, COMMAND.delDaemon, sequence);
        writeDaemonRole(writer, role);
      },
      (writer, sequence) => beginIpvs(writer, family, COMMAND.getInfo, sequence),
    );
  }

  close(): void {
    this.#small.close();
    this.#socket.close();
  }

  #destinations(family: number, key: IpvsServiceKey, withStats: boolean): IpvsDestinationRow[] {
    return this.#small.dump(
      { op: 'IPVS_CMD_GET_DEST', target: formatServiceKey(key) },
      (writer, sequence) => {
        beginIpvs(writer, family, COMMAND.getDest, sequence, DUMP);
        writeServiceKey(writer, key);
      },
      (message) => readDestinationMessage(message, withStats),
    );
  }

  #ask(
    op: string,
    command: number,
    body?: (writer: MessageWriter) => void,
    target?: string,
  ): readonly NetlinkMessage[] {
    const family = this.#resolve();
    return this.#socket.request(target === undefined ? { op } : { op, target }, (writer, sequence) => {
      beginIpvs(writer, family, command, sequence);
      body?.(writer);
    });
  }

  /** The family's number on this kernel. Asking for it makes the kernel load ip_vs where it can. */
  #resolve(): number {
    if (this.#family === 0) this.#family = this.#lookUp().id;
    return this.#family;
  }

  #lookUp(): GenericFamily {
    try {
      const [reply] = this.#socket.request(
        { op: 'CTRL_CMD_GETFAMILY', target: IPVS_FAMILY },
        (writer, sequence) => writeGetFamily(writer, sequence, IPVS_FAMILY),
      );
      return readFamily(reply!);
    } catch (error) {
      if (error instanceof OpError && error.op.errno === 'ENOENT') throw missingIpvs();
      throw error;
    }
  }
}

/** The kernel's command for each of ours. */
const NUMBER: Readonly<Record<IpvsCommand['kind'], number>> = {
  'add-service': COMMAND.newService,
  'set-service': COMMAND.setService,
  'delete-service': COMMAND.delService,
  'zero-service': COMMAND.zero,
  'add-destination': COMMAND.newDest,
  'set-destination': COMMAND.setDest,
  'delete-destination': COMMAND.delDest,
};

function writeCommand(writer: MessageWriter, family: number, sequence: number, command: IpvsCommand): void {
  beginIpvs(writer, family, NUMBER[command.kind], sequence);
  switch (command.kind) {
    case 'add-service':
    case 'set-service':
      writeService(writer, command.service);
      return;
    case 'delete-service':
    case 'zero-service':
      writeServiceKey(writer, command.key);
      return;
    case 'add-destination':
    case 'set-destination':
      writeServiceKey(writer, command.service);
      writeDestination(writer, command.destination);
      return;
    case 'delete-destination':
      writeServiceKey(writer, command.service);
      writeDestinationKey(writer, command.destination);
  }
}
