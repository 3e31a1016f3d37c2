// What our things are called inside HAProxy and on disk: derived from keys alone, so stable and never two alike.
import { createHash } from 'node:crypto';
import { encodeName } from './quote.ts';

export function frontendName(listener: string): string {
  return `fe_${encodeName(listener)}`;
}

/** `container` is the key of a listener (its own pool) or of one of its pools. */
export function backendName(container: string): string {
  return `be_${encodeName(container)}`;
}

/** No name of a member: in those an underscore begins two hex digits. */
export const TLS_KEEPER = '_tls';

export function serverName(member: string): string {
  return encodeName(member);
}

export function certificateKey(name: string): string {
  return `certificate ${name}`;
}

export function fileKey(path: string): string {
  return `file ${path}`;
}

/** File names end at 255 bytes, names of certificates do not. */
function fileName(text: string): string {
  const encoded = encodeName(text);
  return encoded.length <= 120 ? encoded : `${encoded.slice(0, 80)}-${digest(text)}`;
}

export interface Places {
  readonly runDir: string;
  /** Why this HAProxy has no HTTP/3; absent where it has. */
  readonly noQuic?: string;
  /** Digest of what is asked of the process as a whole: another one is another configuration to each listener. */
  readonly asked?: string;
}

export function certificatePath({ runDir }: Places, name: string): string {
  return `${runDir}/tls/${fileName(name)}.pem`;
}

/** Our copy of a file that the configuration names: CA, CRL, error page. */
export function copyPath({ runDir }: Places, source: string): string {
  return `${runDir}/files/${fileName(source)}`;
}

/** Where what certificateKey() or fileKey() names is copied to. */
export function pathOfKey(places: Places, key: string): string {
  const name = key.slice(key.indexOf(' ') + 1);
  return key === fileKey(name) ? copyPath(places, name) : certificatePath(places, name);
}

/** Named by its content: the list of a configuration that failed is not that of the one in force. */
export function certificateListPath({ runDir }: Places, content: string): string {
  return `${runDir}/lists/${digest(content)}.list`;
}

/** Named by its place: its content changes while the configuration that names it runs. */
export function listPath({ runDir }: Places, listener: string, list: string): string {
  return `${runDir}/lists/${fileName(`${listener} ${list}`)}`;
}

/** By backend, whom workers that a reload left behind ask instead of members that failed since. */
export function standInPath({ runDir }: Places): string {
  return `${runDir}/lists/stand-in`;
}

export function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
