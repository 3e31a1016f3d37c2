// FRR configuration as a tree of lines, and the smallest set of commands from what runs to what is wanted.
// What is not ours by name is never touched; values that FRR does not show (its defaults) are remembered as sent.

export interface ConfigTree {
  readonly line: string;
  readonly children: readonly ConfigTree[];
}

/** Commands below one context: `['router bgp 65100', 'address-family ipv4 unicast']` and what to do there. */
export interface ConfigChange {
  readonly path: readonly string[];
  readonly commands: readonly string[];
}

export interface Ownership {
  /** True where the line is ours to remove. */
  owns(path: readonly string[], line: string): boolean;
}

export function node(line: string, children: readonly (ConfigTree | string)[] = []): ConfigTree {
  return { line, children: children.map((one) => (typeof one === 'string' ? node(one) : one)) };
}

/** Reads `show running-config`: one space of indent a level. */
export function readRunning(text: string): readonly ConfigTree[] {
  const roots: Mutable[] = [];
  const open: Mutable[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('!') || /^(exit|exit-address-family|exit-vrf|end)$/.test(line))
      continue;
    const depth = Math.min(raw.length - raw.trimStart().length, open.length);
    const one: Mutable = { line, children: [] };
    (depth === 0 ? roots : open[depth - 1]!.children).push(one);
    open.length = depth;
    open.push(one);
  }
  return roots;
}

interface Mutable extends ConfigTree {
  readonly children: Mutable[];
}

/** `silent` holds what was sent and is never shown. */
export function changesBetween(
  running: readonly ConfigTree[],
  wanted: readonly ConfigTree[],
  ownership: Ownership,
  silent: ReadonlySet<string>,
): readonly ConfigChange[] {
  const changes: ConfigChange[] = [];
  compare([], running, wanted, ownership, silent, changes);
  return changes;
}

export function silentKey(path: readonly string[], line: string): string {
  return [...path, line].join('\n');
}

/** What of `wanted` does not show up in `running`. */
export function unseen(
  running: readonly ConfigTree[],
  wanted: readonly ConfigTree[],
  path: readonly string[] = [],
): readonly string[] {
  return wanted.flatMap((one) => {
    const there = running.find((other) => other.line === one.line);
    const below = unseen(there?.children ?? [], one.children, [...path, one.line]);
    return there === undefined ? [silentKey(path, one.line), ...below] : below;
  });
}

function compare(
  path: readonly string[],
  running: readonly ConfigTree[],
  wanted: readonly ConfigTree[],
  ownership: Ownership,
  silent: ReadonlySet<string>,
  changes: ConfigChange[],
): void {
  const there = new Map(running.map((one) => [one.line, one]));
  const asked = new Set(wanted.map((one) => one.line));
  const added = wanted
    .filter((one) => !there.has(one.line) && !silent.has(silentKey(path, one.line)))
    .map((one) => one.line);
  const replaced = new Set(wanted.map((one) => slotOf(one.line)));
  const removed = running
    .filter((one) => !asked.has(one.line) && ownership.owns(path, one.line))
    .map((one) => one.line)
    // Setting another value replaces it; taking it away first would end a session, or announce with no policy.
    .filter((line) => !replaced.has(slotOf(line)));
  const commands = [
    ...withoutImplied(removed).map((line) => (line.startsWith('no ') ? line.slice(3) : `no ${line}`)),
    ...added,
  ];
  if (commands.length > 0) changes.push({ path, commands });
  for (const one of wanted)
    compare(
      [...path, one.line],
      there.get(one.line)?.children ?? [],
      one.children,
      ownership,
      silent,
      changes,
    );
}

/** Removing a neighbour, or a virtual router, removes all its lines. */
function withoutImplied(lines: readonly string[]): readonly string[] {
  const gone = lines
    .map((line) => /^(?:(neighbor \S+) remote-as.*|(vrrp \d+)(?: version \d)?)$/.exec(line))
    .map((match) => match?.[1] ?? match?.[2])
    .filter((one) => one !== undefined);
  const rest = lines.filter(
    (line) => !gone.some((one) => `${line.replace(/^no /, '')} `.startsWith(`${one} `)),
  );
  return [...gone, ...rest];
}

const SLOTS = [
  /^(neighbor \S+ (?:remote-as|password|port|description|ebgp-multihop|maximum-prefix)) /,
  /^(neighbor \S+ timers(?: connect)?) \d/,
  /^(neighbor \S+ bfd profile) /,
  /^(neighbor \S+ route-map) \S+ (?:in|out)$/,
  /^(network \S+) route-map /,
  /^(vrrp \d+ (?:version|priority|advertisement-interval)) /,
  /^(set (?:metric|local-preference|community|as-path prepend)) /,
  /^(ipv?6? prefix-list \S+ seq \d+) /,
  /^(detect-multiplier|receive-interval|transmit-interval|profile|bgp router-id|minimum-ttl) /,
];

/** The place a value sits in: two lines of one place replace each other. */
function slotOf(line: string): string {
  for (const slot of SLOTS) {
    const match = slot.exec(line);
    // In and out are two places.
    if (match !== null) return line.endsWith(' in') ? `${match[1]} in` : match[1]!;
  }
  return line;
}
