// Where guests find what is made for them out here, where making it takes a tenth of the time.
import { join } from 'node:path';
import { CHECKOUT } from './run-in-guest.ts';

export const GUEST_FOLDER = join(CHECKOUT, 'build/guest');
/** The executable as it is shipped. */
export const LBCTL = join(GUEST_FOLDER, 'lbctl');
/** Compiled code of the tests. Node takes what fits the source and makes the rest anew. */
export const COMPILED = join(GUEST_FOLDER, 'compiled');
