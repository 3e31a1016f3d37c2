// Scripts, files and processes that keepalived itself watches: defined once, however many groups track them.
import type { Track } from '../../model/ha.ts';
import { block, quoted, word } from './keepalived-words.ts';

export class Watched {
  readonly #tracks = new Map<string, { readonly name: string; readonly track: Track }>();

  /** The name under which the thing tracked is defined. */
  name(track: Track): string {
    const { kind, target, intervalMs, timeoutMs, rise, fall } = track;
    const key = JSON.stringify(
      kind === 'script' ? [kind, target, intervalMs, timeoutMs, rise, fall] : [kind, target],
    );
    const known = this.#tracks.get(key) ?? { name: `${kind}${this.#tracks.size + 1}`, track };
    this.#tracks.set(key, known);
    return known.name;
  }

  blocks(notes: string[]): string[] {
    return [...this.#tracks.values()].map(({ name, track }) => define(name, track, notes));
  }
}

function define(name: string, track: Track, notes: string[]): string {
  // Weights stand where it is used: keepalived warns when a file or process has none of its own.
  if (track.kind === 'file')
    return block(`vrrp_track_file ${name}`, [`file ${quoted(track.target)}`, 'weight 1']);
  if (track.kind === 'process')
    return block(`vrrp_track_process ${name}`, [`process ${word(track.target, 'process')}`, 'weight 1']);
  const [interval, timeout] = [wholeSeconds(track.intervalMs), wholeSeconds(track.timeoutMs)];
  if (interval * 1000 !== track.intervalMs || timeout * 1000 !== track.timeoutMs)
    notes.push(
      `script "${track.target}" runs every ${interval} s for at most ${timeout} s as keepalived counts whole seconds`,
    );
  return block(`vrrp_script ${name}`, [
    `script ${quoted(track.target)}`,
    `interval ${interval}`,
    `timeout ${timeout}`,
    `rise ${track.rise}`,
    `fall ${track.fall}`,
  ]);
}

function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
