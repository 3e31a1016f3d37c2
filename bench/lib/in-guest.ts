// A benchmark whose measuring part runs in the guest, on the real ip_vs, and leaves its report as NAME.json.
import { join, relative } from 'node:path';
import { CHECKOUT, runInGuest } from '../../test/vm/harness/run-in-guest.ts';
import { publish, type Report } from '../report.ts';

/** Runs bench/NAME-inside.ts there and publishes what it measured. False where it did not get to its end, or a target is missed. */
export async function publishFromGuest(name: string, timeoutMs: number): Promise<boolean> {
  const figures = `${name}.json`;
  const inside = relative(CHECKOUT, join(import.meta.dirname, `../${name}-inside.ts`));
  const { code, output, files } = await runInGuest({
    script: `modprobe -a ip_vs ip_vs_wrr nf_tables\nexec node_modules/node/bin/node --disable-warning=ExperimentalWarning ${inside}`,
    timeoutMs,
    collect: [figures],
  });
  const text = files[figures];
  if (code === 0 && text !== undefined) return publish(JSON.parse(text) as Report);
  process.stderr.write(output);
  return false;
}
