// Sees when sessions of FRR's bfdd go up or down where it tells nobody of it: from FRR 9 on it has no control socket.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BfdNotice } from '../wire/bfd-control.ts';
import type { BfdWatch } from './bfd-watch.ts';
import { Vty } from './vty.ts';

/** Sessions of 3 x 50 ms shall be known to be down within 200 ms; an answer takes bfdd well below one. */
const EVERY_MS = 20;

interface Row {
  readonly peer?: string;
  readonly status?: string;
}

/** The first look tells of all; then changes alone. `onLost` is told once, and nothing is seen after it. */
export function pollBfd(
  path: string,
  onNotice: (notice: Pick<BfdNotice, 'peer' | 'up'>) => void,
  onLost: (why: string) => void,
): BfdWatch {
  const known = new Map<string, boolean>();
  let isOver = false;
  const look = async (vty: Vty): Promise<void> => {
    for (const { peer, status } of rowsOf(await vty.ask('show bfd peers json'))) {
      if (peer === undefined || (status !== 'up' && status !== 'down')) continue;
      const up = status === 'up';
      if (isOver || known.get(peer) === up) continue;
      known.set(peer, up);
      onNotice({ peer, up });
    }
  };
  const run = async (): Promise<void> => {
    const vty = await Vty.open(path);
    try {
      while (!isOver) {
        await look(vty);
        await sleep(EVERY_MS, undefined, { ref: false });
      }
    } finally {
      vty.close();
    }
  };
  run().catch((error: Error) => {
    if (isOver) return;
    isOver = true;
    onLost(error.message);
  });
  return {
    close() {
      isOver = true;
    },
  };
}

/** It says nothing at all while it has no sessions. */
function rowsOf(text: string): readonly Row[] {
  if (!text.trimStart().startsWith('[')) return [];
  return JSON.parse(text) as readonly Row[];
}
