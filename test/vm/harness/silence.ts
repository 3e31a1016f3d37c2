// Ends test programs that have said nothing for too long, after writing down what each of their threads waits for:
// a guest that hangs as a whole tells nobody which test it was.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The longest test takes a quarter of this on a slow machine. */
const LIMIT_MS = 400_000;

export class Silence {
  #heardMs = performance.now();
  readonly #timer = setInterval(() => this.#look(), 5000);

  /** Somebody reported something. */
  broken(): void {
    this.#heardMs = performance.now();
  }

  over(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (performance.now() - this.#heardMs < LIMIT_MS) return;
    this.broken();
    const programs = below(process.pid);
    process.stdout.write(`nothing was said for ${LIMIT_MS / 1000} s; these are ended:\n`);
    for (const pid of programs) process.stdout.write(describe(pid));
    for (const pid of programs) end(pid);
  }
}

function below(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`)
      .split(' ')
      .filter((word) => word !== '')
      .flatMap((word) => [Number(word), ...below(Number(word))]),
  );
}

function threadsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/task`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

function describe(pid: number): string {
  const command = textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(-200);
  const threads = threadsOf(pid).map((thread) => {
    const state = /^State:\s*(.*)$/m.exec(textOf(`/proc/${pid}/task/${thread}/status`))?.[1];
    const stack = textOf(`/proc/${pid}/task/${thread}/stack`).split('\n').slice(0, 3).join(' ');
    return `    ${thread} ${state} ${stack}\n`;
  });
  return `  ${pid} ${command}\n${threads.join('')}`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Ended meanwhile.
    return '';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended meanwhile.
  }
}
