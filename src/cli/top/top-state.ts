// What `lbctl top` shows and how keys change that. Pure.

export const SORTS = ['name', 'connections', 'bytes', 'condition'] as const;
export type Sort = (typeof SORTS)[number];

export interface TopState {
  readonly sort: Sort;
  readonly filter: string;
  /** Absent: keys are commands. Present: what is being written. */
  readonly prompt?: { readonly kind: 'filter' | 'drain'; readonly text: string };
  readonly row: number;
  readonly message: string;
}

export type TopAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'drain'; readonly member: string };

export const TOP_START: TopState = { sort: 'name', filter: '', row: 0, message: '' };
const NONE: TopAction = { kind: 'none' };
const LONGEST = 200;

/** A key is a character, or what begins with an escape: arrows and the like. */
const KEYS = /\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|[\s\S]/gu;

/** A terminal hands over what was typed since it was last read: over a slow line that is many keys at once. */
export function keysOf(typed: string): readonly string[] {
  return typed.match(KEYS) ?? [];
}

/** One key as the terminal sends it; `members` are the rows as shown, which `d` takes its name from. */
export function press(
  state: TopState,
  key: string,
  members: readonly string[],
): { readonly state: TopState; readonly action: TopAction } {
  if (key === '\x03') return { state, action: { kind: 'quit' } };
  if (state.prompt !== undefined) return write(state, state.prompt, key);
  const keep = (change: Partial<TopState>): { state: TopState; action: TopAction } => ({
    state: { ...state, message: '', ...change },
    action: NONE,
  });
  const last = Math.max(0, members.length - 1);
  switch (key) {
    case 'q':
      return { state, action: { kind: 'quit' } };
    case 's':
      return keep({ sort: SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length]! });
    case '/':
      return keep({ prompt: { kind: 'filter', text: state.filter } });
    case 'd':
      return members.length === 0
        ? keep({ message: 'no member to drain' })
        : keep({ prompt: { kind: 'drain', text: members[Math.min(state.row, last)]! } });
    case '\x1b[A':
    case 'k':
      return keep({ row: Math.max(0, Math.min(state.row, last) - 1) });
    case '\x1b[B':
    case 'j':
      return keep({ row: Math.min(last, state.row + 1) });
    default:
      return { state, action: NONE };
  }
}

/** The row of the member that was selected, wherever another order, filter or moment has put it. */
export function follow(state: TopState, before: readonly string[], now: readonly string[]): TopState {
  const selected = before[Math.min(state.row, before.length - 1)];
  if (selected === undefined || now[state.row] === selected) return state;
  const row = now.indexOf(selected);
  return row === -1 ? state : { ...state, row };
}

function write(
  state: TopState,
  prompt: NonNullable<TopState['prompt']>,
  key: string,
): { readonly state: TopState; readonly action: TopAction } {
  const { prompt: _, ...rest } = state;
  if (key === '\x1b') return { state: rest, action: NONE };
  if (key === '\r' || key === '\n') {
    if (prompt.kind === 'filter') return { state: { ...rest, filter: prompt.text }, action: NONE };
    return { state: rest, action: { kind: 'drain', member: prompt.text } };
  }
  const text =
    key === '\x7f' ? prompt.text.slice(0, -1) : /^[ -~]+$/.test(key) ? prompt.text + key : prompt.text;
  return { state: { ...state, prompt: { ...prompt, text: text.slice(0, LONGEST) } }, action: NONE };
}
