// Servers of the worker from "show servers state". Of thousands hardly one differs from a second ago: what reads the same is
// the same value as before, so that nothing behind it is made anew.
export interface LiveServer {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly state: 'ready' | 'maint';
  /** Taken out by HAProxy itself, as real traffic failed there: for how many seconds. */
  readonly outForSeconds?: number;
}

/** Those of one backend; the same object for as long as nothing of it changes. */
export interface BackendServers {
  readonly rows: readonly Row[];
  readonly byName: ReadonlyMap<string, LiveServer>;
}

/** By backend, in the worker's order. */
export type Servers = ReadonlyMap<string, BackendServers>;

/** A line as it was read: but for the seconds between head and tail it says everything. */
interface Row {
  readonly head: string;
  readonly tail: string;
  readonly backend: string;
  readonly name: string;
  readonly server: LiveServer;
}

export function readServers(text: string, before: Servers = NONE): Servers {
  const known = [...before.values()];
  const places = new Map([...before.keys()].map((backend, index) => [backend, index]));
  const servers = new Map<string, BackendServers>();
  let rows: Row[] = [];
  /** Of the backend under way, where it was known before. */
  let at = -1;
  const finish = () => {
    const [first] = rows;
    if (first === undefined) return;
    const old = known[at];
    const isKept = old?.rows.length === rows.length && rows.every((row, index) => row === old.rows[index]);
    servers.set(first.backend, isKept ? old : toBackend(rows));
    rows = [];
  };
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const next = known[at]?.rows[rows.length] ?? known[at + 1]?.rows[0];
    const row = next !== undefined && isSame(next, text, start, end) ? next : toRow(text.slice(start, end));
    if (row === undefined) continue;
    if (row.backend !== rows[0]?.backend) {
      finish();
      at = places.get(row.backend) ?? known.length;
    }
    const old = known[at]?.rows[rows.length];
    rows.push(row !== next && old !== undefined && isSame(old, text, start, end) ? old : row);
  }
  finish();
  return servers;
}

const NONE: Servers = new Map();

export function toBackend(rows: readonly Row[]): BackendServers {
  return { rows, byName: new Map(rows.map(({ name, server }) => [name, server])) };
}

/** Who is out is read again each time, for the seconds. */
function isSame({ head, tail, server }: Row, text: string, start: number, end: number): boolean {
  if (server.outForSeconds !== undefined) return false;
  if (end - start <= head.length + tail.length) return false;
  return text.startsWith(head, start) && text.startsWith(tail, end - tail.length);
}

/**
 * Bits of srv_admin_state (include/haproxy/server-t.h): maintenance forced, inherited, or for want of an address. That it
 * began as "disabled" (0x04) is never taken back: such a server is forced too for as long as it is out.
 */
const MAINT = 0x01 | 0x02 | 0x20;
/** SRV_ST_STOPPED of srv_op_state. */
const STOPPED = '0';
/** How many columns stand before srv_time_since_last_change. */
const HEAD = 9;

function toRow(line: string): Row | undefined {
  // The version line has one word, the head begins with "#".
  const cells = line.split(' ');
  if (cells.length < 19 || line.startsWith('#')) return undefined;
  const [, backend = '', , name = '', address = '', operation, admin = '0', weight = '0'] = cells;
  const state = (Number(admin) & MAINT) === 0 ? 'ready' : 'maint';
  const isOut = state === 'ready' && operation === STOPPED;
  return {
    head: `${cells.slice(0, HEAD).join(' ')} `,
    tail: ` ${cells.slice(HEAD + 1).join(' ')}`,
    backend,
    name,
    server: {
      address,
      port: Number(cells[18]),
      weight: Number(weight),
      state,
      ...(isOut ? { outForSeconds: Number(cells[HEAD]) } : {}),
    },
  };
}
