// A HAProxy driver on a run directory of its own with the real binary, ended and removed afterwards.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HaproxyDriver, type HaproxyOptions } from '../../src/drivers/haproxy/haproxy-driver.ts';
import { probeHaproxy } from '../../src/drivers/haproxy/open-haproxy.ts';
import { HaproxyProcess } from '../../src/drivers/haproxy/process.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';

/** Another generation of it may be given; see haproxy-next.ts. */
export const BINARY = process.env.SY_HAPROXY ?? '/usr/sbin/haproxy';

const FEATURES = probeHaproxy(BINARY).features;

/** What all daemons of a rig have in common, as each goes on with what another one made. */
export function optionsOf(runDir: string): HaproxyOptions {
  return {
    binary: BINARY,
    runDir,
    maxConnections: 2000,
    threads: 2,
    hardStopAfterMs: 5000,
    limitedQuic: FEATURES?.limitedQuic === true,
  };
}

export class Rig {
  readonly runDir: string;
  readonly process: HaproxyProcess;
  readonly #options: HaproxyOptions;
  readonly #drivers: HaproxyDriver[] = [];
  /** Words in a command that make the next such command fail. */
  readonly faults = new Set<string>();

  constructor(more: Partial<HaproxyOptions> = {}) {
    this.runDir = mkdtempSync(join(tmpdir(), 'sy-haproxy-'));
    this.process = new HaproxyProcess({ binary: BINARY, runDir: this.runDir });
    this.#options = {
      ...optionsOf(this.runDir),
      ask: (path, commands) => this.#ask(path, commands),
      ...more,
    };
  }

  open(more: Partial<HaproxyOptions> = {}): HaproxyDriver {
    const driver = new HaproxyDriver({ ...this.#options, ...more });
    this.#drivers.push(driver);
    return driver;
  }

  /** Whether a listening socket is in our own configuration. */
  owns(socket: string): boolean {
    const path = `${this.runDir}/haproxy.cfg`;
    return existsSync(path) && readFileSync(path, 'utf8').includes(`bind ${socket} `);
  }

  async close(): Promise<void> {
    for (const driver of this.#drivers.splice(0)) await driver.close();
    await this.process.stop();
    rmSync(this.runDir, { recursive: true, force: true });
  }

  async #ask(path: string, commands: readonly string[]): Promise<readonly string[]> {
    const fault = [...this.faults].find((word) => commands.some((command) => command.includes(word)));
    if (fault === undefined) return ask(path, commands);
    this.faults.delete(fault);
    const answers = await ask(
      path,
      commands.map((command) => (command.includes(fault) ? 'set server nothing/here weight 1' : command)),
    );
    return answers;
  }
}
