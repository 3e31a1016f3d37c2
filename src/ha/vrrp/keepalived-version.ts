// Whether a keepalived knows the words we write.

/** In it second masters are told through the pipe and interfaces may come and go; distributions in support have it or newer. */
const OLDEST = '2.0.19';

/** What `keepalived --version` says is too old; undefined where it will do, or where it says no version. */
export function tooOld(said: string): string | undefined {
  const version = /\bv(\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (version === undefined || compare(version, OLDEST) >= 0) return undefined;
  return `keepalived ${version} is too old: ${OLDEST} or newer is needed`;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => one.split('.').map(Number)) as [number[], number[]];
  const at = left.findIndex((part, i) => part !== right[i]);
  return at === -1 ? 0 : left[at]! - right[at]!;
}
