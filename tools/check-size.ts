// Stops files that hold more than one idea: 500 lines; tools/check-*.ts 150.
import { type Finding, isMain, ROOT, readTexts, report, SOURCES } from './lib/finding.ts';

export const MAX_LINES = 500;
export const MAX_CHECK_LINES = 150;

export function checkSize(root: string): Finding[] {
  return readTexts(root, SOURCES).flatMap(({ file, text }) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    const limit = /^tools\/check-[^/]*(?<!\.test)\.ts$/.test(file) ? MAX_CHECK_LINES : MAX_LINES;
    if (lines <= limit) return [];
    return [
      {
        file,
        line: limit + 1,
        message: `Has ${lines} lines, the limit is ${limit}`,
        cure: 'split it by idea; name each part after what it exports',
      },
    ];
  });
}

if (isMain(import.meta)) report(checkSize(ROOT));
