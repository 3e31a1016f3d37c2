// What a VRRP instance or a sync group tracks, with the scripts, files, processes and sessions it names.
import { formatDuration } from '../../../lib/duration.ts';
import { commandOf } from './check-others.ts';
import type { Ledger } from './ledger.ts';
import { intOf, openScope, refuse, type Scope, timerOf } from './scope.ts';
import type { Directive } from './tree.ts';
import { type Yaml, type YamlMap, yamlMap } from './yaml.ts';

type Fields = Readonly<Record<string, Yaml | undefined>>;

/** Definitions of the file that tracks and checks name. Each is read once, when the first name it. */
export interface Trackables {
  script(name: string): Fields | undefined;
  file(name: string): Fields | undefined;
  process(name: string): Fields | undefined;
  session(name: string): Fields | undefined;
}

export function trackables(ledger: Ledger, top: Scope): Trackables {
  return {
    script: named(ledger, top.all('vrrp_script'), (directive) => scriptFields(ledger, directive)),
    file: named(ledger, top.all('vrrp_track_file'), (directive) => fileFields(ledger, directive)),
    process: named(ledger, top.all('vrrp_track_process'), (directive) => processFields(ledger, directive)),
    session: named(ledger, top.all('bfd_instance'), (directive) => sessionFields(ledger, directive)),
  };
}

/** Reads each definition at once, so that one that nobody names is booked too. */
function named(
  ledger: Ledger,
  directives: readonly Directive[],
  read: (directive: Directive) => Fields | undefined,
): (name: string) => Fields | undefined {
  const found = new Map<string, Fields>();
  for (const directive of directives) {
    const name = directive.args[0] ?? '';
    const fields = read(directive);
    if (fields === undefined || name === '')
      ledger.mark(directive, directive.name, 'not carried', 'it is incomplete');
    else if (!found.has(name)) found.set(name, fields);
    else ledger.mark(directive, directive.name, 'not carried', `${name} is defined above`);
  }
  return (name) => found.get(name);
}

function scriptFields(ledger: Ledger, directive: Directive): Fields | undefined {
  const scope = openScope(ledger, 'vrrp_script', directive);
  const script = scope.one('script');
  const command = script === undefined ? [] : commandOf(script);
  const interval = Math.max(10, timerOf(ledger, scope.one('interval'), 86_400) ?? 1000);
  // man keepalived.conf: without a timeout, or with 0, a script may run for its interval.
  const asked = scope.one('timeout');
  const timeout = timerOf(ledger, asked, 86_400) || interval;
  if (asked !== undefined && timeout > interval)
    ledger.mark(asked, asked.name, 'changed', 'cut to the interval: the next run would begin before');
  const fields = {
    weight: weightOf(ledger, scope.one('weight'), 0),
    interval: formatDuration(interval),
    timeout: formatDuration(Math.min(timeout, interval)),
    rise: intOf(ledger, scope.one('rise'), 1, 1000),
    fall: intOf(ledger, scope.one('fall'), 1, 1000),
  };
  return command.length === 0 ? undefined : { target: command.map(quoteWord).join(' '), ...fields };
}

function quoteWord(word: string): string {
  return /[\s"'\\]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}

function fileFields(ledger: Ledger, directive: Directive): Fields | undefined {
  const scope = openScope(ledger, 'track_file_def', directive);
  const file = scope.one('file');
  const weight = weightOf(ledger, scope.one('weight'), 0);
  return file?.args[0] ? { target: file.args[0], weight } : undefined;
}

function processFields(ledger: Ledger, directive: Directive): Fields | undefined {
  const scope = openScope(ledger, 'track_process_def', directive);
  const process = scope.one('process');
  const weight = weightOf(ledger, scope.one('weight'), 0);
  if (process !== undefined && process.args.length > 1)
    ledger.mark(process, process.name, 'changed', 'its arguments are not compared');
  return process?.args[0] ? { target: process.args[0], weight } : undefined;
}

function sessionFields(ledger: Ledger, directive: Directive): Fields | undefined {
  const scope = openScope(ledger, 'bfd_instance', directive);
  return directive.args[0] === undefined
    ? undefined
    : { target: directive.args[0], weight: weightOf(ledger, scope.one('weight'), 0) };
}

/** `track_script { check weight -20 }` and its like, of an instance or its sync group. */
export function tracksOf(ledger: Ledger, scope: Scope, known: Trackables): readonly YamlMap[] {
  const tracks: YamlMap[] = [];
  for (const block of scope.all('track_interface')) {
    for (const item of openScope(ledger, block.name, block).all('*')) {
      const found = lookUp(block.name, item.name, known);
      if (found === undefined) {
        refuse(ledger, item, `must name what ${block.name} can track`, item.name);
        continue;
      }
      const own = item.args[0] === 'weight' ? weightOf(ledger, item, 1) : undefined;
      if (item.args.includes('reverse'))
        ledger.mark(item, item.name, 'changed', 'reverse has no like; the weight counts as it is');
      const { target, weight, ...rest } = found;
      const finally_ = own ?? weight;
      tracks.push(
        yamlMap(
          {
            kind: block.name.slice('track_'.length),
            target,
            weight: finally_ === 0 ? undefined : finally_,
            ...rest,
          },
          { flow: true },
        ),
      );
    }
  }
  return tracks;
}

function lookUp(block: string, name: string, known: Trackables): Fields | undefined {
  if (block === 'track_interface') return /^[^\s/]{1,15}$/.test(name) ? { target: name } : undefined;
  if (block === 'track_script') return known.script(name);
  if (block === 'track_file') return known.file(name);
  if (block === 'track_process') return known.process(name);
  return known.session(name);
}

function weightOf(ledger: Ledger, directive: Directive | undefined, at: number): number | undefined {
  if (directive === undefined) return undefined;
  if (directive.name === 'weight' && directive.args.includes('reverse'))
    ledger.mark(directive, directive.name, 'changed', 'reverse has no like; the weight counts as it is');
  const value = intOf(ledger, directive, -0x7fffffff, 0x7fffffff, at);
  if (value === undefined || Math.abs(value) <= 253) return value;
  ledger.mark(directive, directive.name, 'changed', 'cut to 253, the largest weight');
  return Math.sign(value) * 253;
}
