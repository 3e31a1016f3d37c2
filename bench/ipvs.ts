// Benchmark of the IPVS driver: boots the guest, measures there beside ipvsadm, prints and writes the table.
import { publishFromGuest } from './lib/in-guest.ts';

const TIMEOUT_MS = 900_000;

process.exitCode = (await publishFromGuest('ipvs', TIMEOUT_MS)) ? 0 : 1;
