// Runs ./lbctl as a user would: through a link on the PATH, from another folder, with a terminal's environment cleared.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';

export const ROOT = join(import.meta.dirname, '../..');
const LIMIT_MS = 60_000;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Shop {
  /** A folder of the test's own; commands run in it. */
  readonly folder: string;
  write(file: string, text: string): string;
  run(args: readonly string[], options?: { env?: Record<string, string>; input?: string }): Promise<Ran>;
  /** Any program, with `lbctl` on its PATH. */
  exec(program: string, args: readonly string[], options?: { env?: Record<string, string> }): Promise<Ran>;
}

/** Sets a folder up before the tests of a file and removes it after them. */
export function openShop(): Shop {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'steelyard-cli-'));
    mkdirSync(join(folder, 'bin'));
    // A link to a link, as packages make them.
    symlinkSync(join(ROOT, 'lbctl'), join(folder, 'bin/lbctl-0.1'));
    symlinkSync('lbctl-0.1', join(folder, 'bin/lbctl'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const exec: Shop['exec'] = (program, args, options = {}) =>
    execute(program, args, folder, {
      PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: folder,
      ...options.env,
    });
  return {
    get folder() {
      return folder;
    },
    write(file, text) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return file;
    },
    run: (args, options) => exec('lbctl', args, options),
    exec,
  };
}

function execute(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** A small right configuration; `change` edits its text. */
export const SMALL = `# the shop
version: 1
network: { frontend: { interface: eth0 } }
vips:
  - { name: www, address: 192.0.2.10/24 }
listeners:
  - name: web
    vip: www
    port: 80
    members:
      - { address: 10.0.0.11, port: 80 }
      - { address: 10.0.0.12, port: 80 }
    health: { type: tcp }
`;
