// Runs inside the guest: executes test files one after the other and writes every result to the shared folder at once,
// so that what was known before a crash is known after it.
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { Silence } from './silence.ts';
import { formatResult, type GuestTestResult } from './test-events.ts';

export const RESULTS_FILE = 'results.ndjson';

interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  /** The test file that was run; `file` may name a module that it imports. */
  readonly entryFile?: string;
  readonly skip?: string | boolean;
  readonly details: {
    readonly duration_ms: number;
    readonly type?: string;
    readonly error?: Error & { readonly cause?: unknown };
  };
}

const results = join(process.env.GUEST_SHARE!, RESULTS_FILE);
const files = process.argv.slice(2);
const stack: string[] = [];
const silence = new Silence();

function record(event: TestEvent, ok: boolean): void {
  if (event.details.type === 'suite' && ok) return;
  const cause = event.details.error?.cause;
  const failure = ok ? undefined : cause instanceof Error ? cause.stack : String(event.details.error);
  const result: GuestTestResult = {
    file: basename(event.entryFile ?? event.file ?? 'unknown'),
    path: [...stack.slice(0, event.nesting), event.name],
    ok,
    skipped: event.skip !== undefined && event.skip !== false,
    durationMs: event.details.duration_ms,
    ...(failure === undefined ? {} : { failure }),
  };
  appendFileSync(results, formatResult(result));
}

// One at a time: the tests share the guest's one IPVS table.
const stream = run({ files, concurrency: 1 });
stream.on('test:start', (event: { name: string; nesting: number }) => {
  silence.broken();
  stack[event.nesting] = event.name;
});
stream.on('test:pass', (event) => record(event as TestEvent, true));
stream.on('test:fail', (event) => {
  record(event as TestEvent, false);
  process.exitCode = 1;
});
stream.on('end', () => silence.over());
stream.compose(new spec()).pipe(process.stdout);
