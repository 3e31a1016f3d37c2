// libbpf.so.1: opening an object, its maps and programs, loading, links. Only what needs ELF and BTF; the rest is bpf(2).
import koffi from 'koffi';
import { OpError } from '../../model/errors.ts';

/** An opaque pointer of libbpf. */
export type Handle = bigint;

export interface Libbpf {
  openMem(bytes: Uint8Array, size: number, options: null): Handle;
  load(object: Handle): number;
  closeObject(object: Handle): void;
  nextMap(object: Handle, previous: Handle): Handle;
  mapName(map: Handle): string;
  mapFd(map: Handle): number;
  setMaxEntries(map: Handle, entries: number): number;
  setPinPath(map: Handle, path: string): number;
  nextProgram(object: Handle, previous: Handle): Handle;
  programName(program: Handle): string;
  programFd(program: Handle): number;
  setLog(program: Handle, buffer: Uint8Array, size: number): number;
  setLogLevel(program: Handle, level: number): number;
  setAutoload(program: Handle, on: boolean): number;
  errno(): number;
}

let cached: Libbpf | undefined;

/** Throws ENGINE_UNAVAILABLE where the library is missing. */
export function libbpf(): Libbpf {
  cached ??= bind(open());
  return cached;
}

function open(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new OpError(
      'ENGINE_UNAVAILABLE',
      'Cannot load the XDP program as libbpf.so.1 is not installed',
      { op: 'dlopen', target: 'libbpf.so.1' },
      {
        cause,
        retry: 'never',
        hint: 'Install the package "libbpf1" (Debian) or "libbpf" (Fedora), version 1.0 or newer',
      },
    );
  }
}

function bind(library: ReturnType<typeof koffi.load>): Libbpf {
  const pointer = (definition: string) => {
    const call = library.func(definition);
    return (...values: unknown[]): Handle => koffi.address(call(...values)) as bigint;
  };
  const setPrint = library.func('void *libbpf_set_print(void *print)');
  // Its messages go to stderr otherwise; what matters of them is in the verifier's log, which we ask for ourselves.
  setPrint(null);
  return {
    openMem: pointer('void *bpf_object__open_mem(const void *bytes, size_t size, const void *options)'),
    load: library.func('int bpf_object__load(void *object)'),
    closeObject: library.func('void bpf_object__close(void *object)'),
    nextMap: pointer('void *bpf_object__next_map(void *object, void *previous)'),
    mapName: library.func('const char *bpf_map__name(void *map)'),
    mapFd: library.func('int bpf_map__fd(void *map)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint entries)'),
    setPinPath: library.func('int bpf_map__set_pin_path(void *map, const char *path)'),
    nextProgram: pointer('void *bpf_object__next_program(void *object, void *previous)'),
    programName: library.func('const char *bpf_program__name(void *program)'),
    programFd: library.func('int bpf_program__fd(void *program)'),
    setLog: library.func('int bpf_program__set_log_buf(void *program, void *buffer, size_t size)'),
    setLogLevel: library.func('int bpf_program__set_log_level(void *program, uint level)'),
    setAutoload: library.func('int bpf_program__set_autoload(void *program, bool on)'),
    errno: () => koffi.errno(),
  };
}
