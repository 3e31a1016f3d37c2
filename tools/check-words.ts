// Words that must not stand in the repository: paths of a developer's machine, package hosts, promises without an issue.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, isMain, ROOT, report } from './lib/finding.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly message: string;
  readonly cure: string;
  /** Where the word is allowed. */
  readonly except?: RegExp;
}

// Each pattern is written so that it does not match its own line.
const RULES: readonly Rule[] = [
  {
    pattern: /(?<![\w.~-])\/(?:home|Users|work|root)\/[\w.-]+/,
    message: 'holds a path of one machine',
    cure: 'write it relative to the repository, or as a path of the product (/etc/lbctl)',
  },
  {
    pattern: /(?:registry\.(?:npmjs|yarnpkg)|deb\.debian|security\.debian|npmmirror|proxy\.golang)\.\w+/i,
    message: 'names a package host',
    cure: 'leave it to the settings of npm or apt',
  },
  {
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b(?!\([\w-]+, (?:issue )?#?\d+\))/,
    message: 'promises without an issue',
    cure: 'do it, or write TO\u0044O(name, issue)',
    except: /^CONTRIBUTING\.md$/,
  },
  {
    pattern: /^(?:<{7}|>{7}|={7})(?: |$)/,
    message: 'holds the mark of an unfinished merge',
    cure: 'finish the merge',
  },
];
const SKIP =
  /^(?:package-lock\.json|LICENSE.*|tools\/check-words(?:\.test)?\.ts|.*\.(?:png|ico|woff2?|gz|bin|o|pcap))$/;

export function wordFindings(file: string, text: string): Finding[] {
  if (SKIP.test(file) || text.includes('\u0000')) return [];
  return text.split('\n').flatMap((line, index) =>
    RULES.filter((rule) => rule.pattern.test(line) && !rule.except?.test(file)).map(({ message, cure }) => ({
      file,
      line: index + 1,
      message: `"${line.trim().slice(0, 80)}" ${message}`,
      cure,
    })),
  );
}

/** Everything git holds or would add. */
export function checkWords(root: string): Finding[] {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return files
    .split('\0')
    .filter((file) => file !== '' && file !== 'node_modules')
    .flatMap((file) => wordFindings(file, readIfThere(join(root, file))));
}

/** A file removed but not yet committed is listed and gone; a link to a folder has no text. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EISDIR') return '';
    throw error;
  }
}

if (isMain(import.meta)) report(checkWords(ROOT));
