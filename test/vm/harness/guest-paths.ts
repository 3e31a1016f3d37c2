// Where guests find what is made for them outside.
import { join } from 'node:path';
import { CHECKOUT } from './run-in-guest.ts';

export const GUEST_FOLDER = join(CHECKOUT, 'build/guest');
/** lbctl as it is shipped. */
export const LBCTL = join(GUEST_FOLDER, 'lbctl');
