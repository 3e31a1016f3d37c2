// The stack of every chain of calls in a BPF object, by the rule of kernels before 6.8: each frame is rounded up to 32 bytes.
import { Elf, type ElfSymbol, viewOf } from '../../src/kernel/bpf/elf.ts';

/** Linux 6.1, kernel/bpf/verifier.c, check_max_stack_depth(): what one chain may have. */
export const MAX_STACK = 512;
export const MAX_FRAMES = 8;
/** A tail call in a callee finds no room where its callers took so much. */
export const MAX_BEFORE_TAIL_CALL = 256;
const ROUND = 32;

export interface Frame {
  readonly name: string;
  /** Bytes below the frame pointer that it touches, as the verifier counts them. */
  readonly own: number;
}

export interface Chain {
  /** The program first. */
  readonly frames: readonly Frame[];
  readonly bytes: number;
  /** Whether the last one of them makes a tail call. */
  readonly tailCall: boolean;
}

interface Code extends Frame {
  readonly calls: ReadonlySet<string>;
  readonly tailCall: boolean;
}

/** Every way from a program (a function outside .text) to each function it reaches. */
export function chainsOf(object: Uint8Array): readonly Chain[] {
  const elf = new Elf(object);
  const functions = elf.symbols().filter((symbol) => symbol.code && symbol.size > 0);
  const code = new Map(functions.map((symbol) => [symbol.name, readCode(elf, functions, symbol)]));
  return functions
    .filter((symbol) => elf.sections[symbol.section]!.name !== '.text')
    .flatMap((symbol) => [...walk(code, [code.get(symbol.name)!])]);
}

/** What 6.1 says to a chain, or undefined where it takes it. */
export function refusalOf({ frames, bytes, tailCall }: Chain): string | undefined {
  if (frames.length > MAX_FRAMES) return `${frames.length} calls deep, ${MAX_FRAMES} are allowed`;
  if (bytes > MAX_STACK) return `${bytes} bytes of stack, ${MAX_STACK} are allowed`;
  const before = bytes - rounded(frames.at(-1)!.own);
  return tailCall && frames.length > 1 && before >= MAX_BEFORE_TAIL_CALL
    ? `a tail call behind ${before} bytes of stack, fewer than ${MAX_BEFORE_TAIL_CALL} are allowed`
    : undefined;
}

/** `steelyard 56 > flow_forward4 96 > nat_begin4 8` */
export function formatChain({ frames }: Chain): string {
  return frames.map(({ name, own }) => `${name} ${own}`).join(' > ');
}

function* walk(code: ReadonlyMap<string, Code>, frames: readonly Code[]): Generator<Chain> {
  const last = frames.at(-1)!;
  const bytes = frames.reduce((sum, { own }) => sum + rounded(own), 0);
  yield { frames, bytes, tailCall: last.tailCall };
  // One more than allowed is told; the verifier refuses a function that calls itself by other rules.
  if (frames.length > MAX_FRAMES) return;
  for (const name of last.calls) yield* walk(code, [...frames, code.get(name)!]);
}

/** Even a frame that touches nothing counts. */
function rounded(own: number): number {
  return Math.ceil(Math.max(own, 1) / ROUND) * ROUND;
}

// Instructions (Documentation/bpf/instruction-set.rst): eight bytes each.
const BYTES = 8;
const WIDE = 0x18;
const CALL = 0x85;
const CALL_PROGRAM = 1;
const TAIL_CALL = 12;
const MOVE = 0xbf;
const ADD = 0x07;
const STACK = 10;

function readCode(elf: Elf, functions: readonly ElfSymbol[], symbol: ElfSymbol): Code {
  const view = viewOf(elf.sections[symbol.section]!.bytes);
  const relocated = new Map(
    elf
      .relocations()
      .filter((one) => one.section === symbol.section)
      .map((one) => [one.at, one.symbol]),
  );
  const calls = new Set<string>();
  /** Registers that hold an address in the frame, and which. */
  const pointers = new Map<number, number>([[STACK, 0]]);
  let tailCall = false;
  let lowest = 0;
  for (let at = symbol.value; at < symbol.value + symbol.size; at += BYTES) {
    const op = view.getUint8(at);
    const [to, from] = [view.getUint8(at + 1) & 15, view.getUint8(at + 1) >> 4];
    const offset = view.getInt16(at + 2, true);
    const immediate = view.getInt32(at + 4, true);
    const kind = op & 7;
    // Loads go through their source, stores through their destination.
    const base = kind === 1 ? pointers.get(from) : kind === 2 || kind === 3 ? pointers.get(to) : undefined;
    if (base !== undefined) lowest = Math.min(lowest, base + offset);
    if (op === CALL) {
      if (from === CALL_PROGRAM) calls.add(called(functions, relocated.get(at), symbol, at, immediate));
      else tailCall ||= immediate === TAIL_CALL;
    }
    const held = op === MOVE ? pointers.get(from) : op === ADD ? pointers.get(to) : undefined;
    const now = held === undefined ? undefined : held + (op === ADD ? immediate : 0);
    // Whatever else writes a register ends what it pointed to; calls use up those of their arguments.
    if (op === CALL) for (const one of [0, 1, 2, 3, 4, 5]) pointers.delete(one);
    else if (now !== undefined) pointers.set(to, now);
    else if (kind === 1 || kind === 0 || kind === 4 || kind === 7) pointers.delete(to);
    if (now !== undefined) lowest = Math.min(lowest, now);
    if (op === WIDE) at += BYTES;
  }
  return { name: symbol.name, own: -lowest, calls, tailCall };
}

/** A relocated call names its function, or a section and how far into it; another counts from itself. */
function called(
  functions: readonly ElfSymbol[],
  symbol: ElfSymbol | undefined,
  from: ElfSymbol,
  at: number,
  immediate: number,
): string {
  const section = symbol?.section ?? from.section;
  const value = (symbol?.value ?? at) + (immediate + 1) * BYTES;
  const found = functions.find((one) => one.section === section && one.value === value);
  if (found === undefined) throw new Error(`Cannot follow a call of "${from.name}" at byte ${at}`);
  return found.name;
}
