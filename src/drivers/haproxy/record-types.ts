// What we know of our own configuration besides its text: blocks by key, and the members in them.
import type { Item } from '../../model/item.ts';
import type { List } from './lists.ts';

/** A file of the operator that a block needs a copy of. */
export interface NeededFile {
  readonly kind: 'certificate' | 'file';
  /** Name of the certificate, or path of the file. */
  readonly name: string;
}

/** Where members of one pool stand. */
export interface Backend {
  /** Lines of the section without its servers. */
  readonly text: string;
  /** What follows address and weight on every server line of it, and in "add server". */
  readonly serverOptions: string;
}

/** One listener with its own pool, or one pool that rules of a listener send to. */
export interface Block {
  readonly item: Item;
  /** Empty for a pool of rules. */
  readonly frontend: string;
  readonly backend: Backend;
  /** Lines of its certificate list; empty without TLS. */
  readonly certificateList: string;
  readonly needs: readonly NeededFile[];
  /** Files of entries that its lines name. */
  readonly lists: readonly List[];
  /** Members that came with it, before their own steps confirm them. */
  readonly firstMembers: readonly Item[];
}
