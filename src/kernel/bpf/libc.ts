// The few C functions behind bpf(2) and mapped memory, through koffi. Pointers are plain bigints here.
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

// bpf(2) has no wrapper in libc; all its arguments are one command and one attribute block.
const syscallBpf = libc.func('long syscall(long number, int command, void *attribute, uint size)');
const mmapCall = libc.func(
  'void *mmap(void *at, size_t length, int protection, int flags, int fd, long offset)',
);
const munmapCall = libc.func('int munmap(void *at, size_t length)');
const closeCall = libc.func('int close(int fd)');
const mountCall = libc.func(
  'int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)',
);
const clockGetres = libc.func('int clock_getres(int clock, void *result)');
const strerrorCall = libc.func('const char *strerror(int number)');

/** __NR_bpf, by architecture (arch/x86/entry/syscalls, include/uapi/asm-generic/unistd.h). */
const BPF_SYSCALL: Readonly<Record<string, number>> = {
  x64: 321,
  arm64: 280,
  riscv64: 280,
  ppc64: 361,
  s390x: 351,
};

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const CLOCK_MONOTONIC_COARSE = 6;

/** The result of the call, or the negative errno. */
export function bpf(command: number, attribute: Uint8Array): number {
  const number = BPF_SYSCALL[process.arch];
  if (number === undefined) return -38; // ENOSYS
  const result = Number(syscallBpf(number, command, attribute, attribute.length));
  return result < 0 ? -koffi.errno() : result;
}

export function addressOf(bytes: ArrayBufferView): bigint {
  return koffi.address(bytes);
}

/** Maps `length` bytes of `fd`; undefined and errno on failure. */
export function map(fd: number, length: number): { memory: ArrayBuffer; at: bigint } | number {
  const at = koffi.address(mmapCall(null, length, PROT_READ_WRITE, MAP_SHARED, fd, 0)) as bigint;
  if (BigInt.asIntN(64, at) === -1n) return koffi.errno();
  return { memory: koffi.view(at, length), at };
}

export function unmap(at: bigint, length: number): void {
  munmapCall(at, length);
}

export function closeFd(fd: number): void {
  closeCall(fd);
}

/** 0 or errno. */
export function mount(source: string, target: string, type: string): number {
  return mountCall(source, target, type, 0, null) === 0 ? 0 : koffi.errno();
}

/** Nanoseconds of the kernel's tick: the resolution of its coarse clock. */
export function tickNs(): number {
  const result = new BigInt64Array(2);
  clockGetres(CLOCK_MONOTONIC_COARSE, result);
  return Number(result[1]);
}

export function strerror(number: number): string {
  return strerrorCall(number);
}
