// A reporter of node:test that writes one JSON line for each thing the house's test runner wants to know.

import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

export type Reported =
  | { kind: 'failure'; name: string; file: string; line: number; entry: string; detail: string }
  | { kind: 'skip'; name: string; file: string; why: string }
  | { kind: 'output'; entry: string; text: string }
  | { kind: 'test'; name: string; file: string; ms: number }
  | { kind: 'summary'; passed: number; failed: number; skipped: number };

export function toReported(event: TestEvent): Reported | undefined {
  if (event.type === 'test:stdout' || event.type === 'test:stderr')
    return { kind: 'output', entry: entryOf(event.data), text: event.data.message };
  if (event.type === 'test:fail') return failureOf(event.data);
  if (event.type === 'test:pass') return passOf(event.data);
  // A summary with a file is of that file alone; the last one, without, is of the whole run.
  if (event.type === 'test:summary' && event.data.file === undefined) {
    const counts = event.data.counts;
    return {
      kind: 'summary',
      passed: counts.passed,
      failed: counts.tests - counts.passed - counts.skipped - counts.todo,
      skipped: counts.skipped + counts.todo,
    };
  }
  return undefined;
}

function failureOf(data: Extract<TestEvent, { type: 'test:fail' }>['data']): Reported | undefined {
  const error = data.details.error as Error & { failureType?: string };
  // A parent fails because a child did; the child tells why.
  if (error.failureType === 'subtestsFailed') return undefined;
  if (data.todo !== undefined) return skipOf(data.name, data.file, `todo ${data.todo}`);
  return {
    kind: 'failure',
    name: data.name,
    file: data.file ?? '',
    line: data.line ?? 0,
    entry: entryOf(data),
    detail: inspect(error.cause ?? error, { depth: 6, maxStringLength: 20_000 }),
  };
}

function passOf(data: Extract<TestEvent, { type: 'test:pass' }>['data']): Reported | undefined {
  const left = data.skip ?? data.todo;
  if (left !== undefined && left !== false) return skipOf(data.name, data.file, String(left));
  if (data.details.type === 'suite') return undefined;
  return { kind: 'test', name: data.name, file: data.file ?? '', ms: data.details.duration_ms };
}

function skipOf(name: string, file: string | undefined, why: string): Reported {
  return { kind: 'skip', name, file: file ?? '', why: why === 'true' ? 'no reason given' : why };
}

/** The test file that was run; `file` may name a module it imports, or be relative. */
function entryOf(data: { entryFile?: string; file?: string | undefined }): string {
  return data.entryFile ?? data.file ?? '';
}

// biome-ignore lint/style/noDefaultExport: node --test-reporter takes the default export
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const reported = toReported(event);
    if (reported !== undefined) yield JSON.stringify(reported) + '\n';
  }
}
