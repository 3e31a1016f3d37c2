// Inside the executable: what it carries beside its main module, by name.
import { getAsset, getRawAsset } from 'node:sea';

/** A Worker's bundle as a URL that `new Worker` takes; it has no file. */
export function workerUrl(name: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(getAsset(name, 'utf8'))}`);
}

export function assetBytes(name: string): Uint8Array {
  return new Uint8Array(getRawAsset(name));
}
