// The machine itself: files, sysctls, modules and programs, behind the Host that preparing it needs.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OpError } from '../../model/errors.ts';
import { type CommandResult, type Host, type HostFile, sysctlPath } from '../../plan/system/host.ts';

const COMMAND_TIMEOUT_MS = 30_000;

export class NativeHost implements Host {
  readonly #root: string;

  /** `root` stands for `/` where files are meant: an image to prepare, or the folder of a test. */
  constructor(root = '/') {
    this.#root = root;
  }

  readFile(path: string): HostFile | undefined {
    const real = join(this.#root, path);
    try {
      const mode = (lstatSync(real).mode & 0o7777).toString(8).padStart(4, '0');
      return { content: readFileSync(real, 'utf8'), mode };
    } catch (error) {
      return absentOrThrow(error, 'read', path);
    }
  }

  writeFile(path: string, file: HostFile): void {
    const real = join(this.#root, path);
    const mode = Number.parseInt(file.mode, 8);
    doing('write', path, () => {
      mkdirSync(dirname(real), { recursive: true });
      const next = `${real}.lbctl-new`;
      writeFileSync(next, file.content, { mode });
      // The mode given above is cut by the umask.
      chmodSync(next, mode);
      renameSync(next, real);
    });
  }

  removeFile(path: string): void {
    doing('remove', path, () => rmSync(join(this.#root, path), { force: true }));
  }

  readLink(path: string): string | undefined {
    try {
      return readlinkSync(join(this.#root, path));
    } catch (error) {
      return absentOrThrow(error, 'readlink', path);
    }
  }

  writeLink(path: string, target: string): void {
    const real = join(this.#root, path);
    doing('symlink', path, () => {
      mkdirSync(dirname(real), { recursive: true });
      rmSync(real, { force: true });
      symlinkSync(target, real);
    });
  }

  list(path: string): readonly string[] {
    const real = join(this.#root, path);
    return existsSync(real) ? readdirSync(real).sort() : [];
  }

  readSysctl(key: string): string | undefined {
    try {
      return readFileSync(sysctlPath(key), 'utf8').trim();
    } catch (error) {
      return absentOrThrow(error, 'read', key);
    }
  }

  writeSysctl(key: string, value: string): void {
    doing('sysctl', key, () => writeFileSync(sysctlPath(key), `${value}\n`));
  }

  /** A module that is built in has a folder here too, where it has parameters. */
  isModuleLoaded(name: string): boolean {
    return existsSync(`/sys/module/${name}`);
  }

  loadModule(name: string): void {
    const result = this.run(['modprobe', name]);
    if (result.code === 0) return;
    throw new OpError(
      'ENGINE_UNAVAILABLE',
      `Cannot load kernel module "${name}" as modprobe refused: ${said(result)}`,
      { op: 'modprobe', target: name, kernelMessage: said(result) },
      { retry: 'never', hint: `Install a kernel that has "${name}", or do not use what needs it` },
    );
  }

  run(argv: readonly string[], input?: string): CommandResult {
    const [program, ...args] = argv;
    const result = spawnSync(program!, args, {
      encoding: 'utf8',
      timeout: COMMAND_TIMEOUT_MS,
      ...(input === undefined ? {} : { input }),
    });
    if (result.error !== undefined && result.status === null)
      return { code: 127, stdout: '', stderr: result.error.message };
    return { code: result.status ?? 128, stdout: result.stdout, stderr: result.stderr };
  }
}

export function said(result: CommandResult): string {
  return (result.stderr || result.stdout).trim() || `exit code ${result.code}`;
}

function absentOrThrow(error: unknown, op: string, target: string): undefined {
  const { code } = error as NodeJS.ErrnoException;
  // EINVAL: asked for the target of a file that is no link.
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return undefined;
  throw refused(error, op, target);
}

function doing(op: string, target: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw refused(error, op, target);
  }
}

function refused(cause: unknown, op: string, target: string): OpError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const denied = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
  const hint =
    errno === 'ENOENT' && op === 'sysctl'
      ? 'Load the module that brings this setting, or drop it from "system.sysctl" where it stands there'
      : undefined;
  return new OpError(
    denied ? 'DENIED' : 'DRIVER_FAILED',
    `Cannot ${op} "${target}" as the system refused: ${errno}`,
    { op, target, errno },
    { cause, retry: 'never', ...(hint === undefined ? {} : { hint }) },
  );
}
