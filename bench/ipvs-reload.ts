// Reloading 1,000 IPVS services with one weight changed, in the guest: our round beside keepalived's reload. Emulation costs
// freshly compiled JavaScript more than it costs C, so the ratio here is worse than on a real processor.
import { publishFromGuest } from './lib/in-guest.ts';

/** Emulated: a minute, and several beside other work. */
const TIMEOUT_MS = 900_000;

process.exitCode = (await publishFromGuest('ipvs-reload', TIMEOUT_MS)) ? 0 : 1;
