// Loads a compiled object: table sizes chosen, pinned tables taken over, the verifier's words kept for the error.
import { readFileSync } from 'node:fs';
import { OpError } from '../../model/errors.ts';
import { bpfError, errnoName } from './errors.ts';
import { type Handle, type Libbpf, libbpf } from './libbpf.ts';
import { BpfMap } from './map.ts';

export interface LoadOptions {
  /** Rows by table name; tables not named keep the object's own number. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Folder on bpffs: tables found there are used, the others are made and pinned. */
  readonly pinFolder?: string;
  /** Tables that belong to this one program and are not shared with the next. */
  readonly unpinned?: readonly string[];
}

/** The verifier's statistics only; its whole log is asked for when it refuses. */
const LOG_STATISTICS = 4;
const LOG_BYTES = 1 << 20;
/** A signal that comes while the verifier works ends it with EAGAIN. libbpf tries five times at once, and so do we with pauses. */
const TRIES = 10;
const REST_MS = 20;
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

export class BpfObject {
  readonly #library: Libbpf;
  readonly #handle: Handle;
  readonly #programs: ReadonlyMap<string, number>;
  readonly #maps: ReadonlyMap<string, BpfMap>;
  /** Instructions walked by the verifier, by program. */
  readonly walked: ReadonlyMap<string, number>;
  /** Bytes of stack by program: its own, then those of each function it reaches. */
  readonly stacks: ReadonlyMap<string, readonly number[]>;

  constructor(
    library: Libbpf,
    handle: Handle,
    programs: ReadonlyMap<string, number>,
    maps: ReadonlyMap<string, BpfMap>,
    logs: ReadonlyMap<string, string>,
  ) {
    this.#library = library;
    this.#handle = handle;
    this.#programs = programs;
    this.#maps = maps;
    this.walked = new Map([...logs].map(([name, log]) => [name, walkedOf(log)]));
    this.stacks = new Map([...logs].map(([name, log]) => [name, stacksOf(log)]));
  }

  program(name: string): number {
    const fd = this.#programs.get(name);
    if (fd === undefined) throw new RangeError(`Cannot find program "${name}" in the object`);
    return fd;
  }

  map(name: string): BpfMap {
    const found = this.#maps.get(name);
    if (found === undefined) throw new RangeError(`Cannot find table "${name}" in the object`);
    return found;
  }

  mapNames(): readonly string[] {
    return [...this.#maps.keys()];
  }

  /** Ends what is not pinned or attached. */
  close(): void {
    for (const map of this.#maps.values()) map.releaseMemory();
    this.#library.closeObject(this.#handle);
  }
}

export function loadObject(path: string, options: LoadOptions = {}): BpfObject {
  const library = libbpf();
  const bytes = readObject(path);
  for (let tries = 1; ; tries++) {
    const made = tryLoad(library, bytes, path, options);
    if (made instanceof BpfObject) return made;
    if (made.op.errno !== 'EAGAIN' || tries === TRIES) throw made;
    // Until whoever sends signals has done.
    Atomics.wait(NOBODY, 0, 0, tries * REST_MS);
  }
}

/** An object that was refused cannot be loaded a second time: each try opens it anew. */
function tryLoad(
  library: Libbpf,
  bytes: Uint8Array,
  path: string,
  options: LoadOptions,
): BpfObject | OpError {
  const handle = library.openMem(bytes, bytes.length, null);
  if (handle === 0n)
    throw bpfError('open the XDP program', { op: 'bpf_object__open', target: path, errno: library.errno() });
  const logs = new Map<string, Buffer>();
  try {
    for (const program of each(handle, library.nextProgram)) {
      const log = Buffer.alloc(LOG_BYTES);
      logs.set(library.programName(program), log);
      library.setLog(program, log, log.length);
      library.setLogLevel(program, LOG_STATISTICS);
    }
    for (const map of each(handle, library.nextMap)) {
      const name = library.mapName(map);
      const size = options.sizes?.[name];
      if (size !== undefined) library.setMaxEntries(map, size);
      if (options.pinFolder !== undefined && !options.unpinned?.includes(name))
        library.setPinPath(map, `${options.pinFolder}/${name}`);
    }
    const result = library.load(handle);
    if (result !== 0) {
      const refused = refusal(path, -result, logs);
      library.closeObject(handle);
      return refused;
    }
    const programs = new Map<string, number>();
    for (const program of each(handle, library.nextProgram))
      programs.set(library.programName(program), library.programFd(program));
    const maps = new Map<string, BpfMap>();
    for (const map of each(handle, library.nextMap))
      maps.set(library.mapName(map), new BpfMap(library.mapFd(map)));
    const words = new Map([...logs].map(([name, log]) => [name, textOf(log)]));
    return new BpfObject(library, handle, programs, maps, words);
  } catch (error) {
    library.closeObject(handle);
    throw error;
  }
}

function readObject(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new OpError(
      'ENGINE_UNAVAILABLE',
      `Cannot load the XDP program as its object cannot be read: current value is "${path}"`,
      { op: 'open', target: path },
      { cause, retry: 'on-change', hint: 'Build it with "make bpf", or install the release package' },
    );
  }
}

function* each(handle: Handle, next: (object: Handle, previous: Handle) => Handle): Generator<Handle> {
  for (let one = next(handle, 0n); one !== 0n; one = next(handle, one)) yield one;
}

function textOf(log: Buffer): string {
  const end = log.indexOf(0);
  return log.toString('latin1', 0, end === -1 ? log.length : end);
}

/** `processed 12345 insns (limit 1000000) ...` */
export function walkedOf(log: string): number {
  return Number(/processed (\d+) insns/.exec(log)?.[1] ?? 0);
}

/** `stack depth 176+24+48` */
function stacksOf(log: string): readonly number[] {
  return (/stack depth ([\d+]+)/.exec(log)?.[1] ?? '').split('+').map(Number);
}

function refusal(path: string, errno: number, logs: ReadonlyMap<string, Buffer>): OpError {
  const words = [...logs].map(([name, log]) => [name, textOf(log)] as const);
  // libbpf stops at the first program refused: the last one that has a log.
  const [name, log] = words.findLast(([, text]) => text !== '') ?? ['', ''];
  const verifier = name !== '' && /EINVAL|EACCES|E2BIG/.test(errnoName(errno));
  return bpfError(verifier ? `load program "${name}"` : 'load the XDP program', {
    op: 'BPF_PROG_LOAD',
    target: path,
    errno,
    log: log.split('\n').slice(-12).join('\n').trim(),
    ...(verifier
      ? { hint: 'Linux 5.15 or newer is needed; report the verifier log with "lbctl support bundle"' }
      : {}),
  });
}
