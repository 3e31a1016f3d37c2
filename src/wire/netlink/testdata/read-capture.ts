// Reads a capture file: blocks of `## command` and the hex of one message.
import { readFileSync } from 'node:fs';

export function readCapture(file: string): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const block of readFileSync(new URL(file, import.meta.url), 'utf8').split(/^## /m).slice(1)) {
    const end = block.indexOf('\n');
    found.set(block.slice(0, end).trim(), Buffer.from(block.slice(end).replace(/\s+/g, ''), 'hex'));
  }
  return found;
}

/** Length, type and flags, then the body: sequence and port id belong to the sender. */
export function withoutSender(message: Uint8Array): string {
  return Buffer.concat([message.subarray(0, 8), message.subarray(16)]).toString('hex');
}
