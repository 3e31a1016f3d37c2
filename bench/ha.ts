// How long nobody answers when a node goes: VRRP by keepalived and by FRR, a graceful handover, BFD, BGP and ECMP, beside
// keepalived alone; and how long both are active on a half-open link. Each part measures at most some four minutes, prints every
// trial, and writes its figures after each:
// `make bench-ha HA_PARTS=alone,vrrp`; HA_TRIALS sets how many (default 20); LAB_KEEP=1 keeps the logs.
import { bfd, frrVrrp, handover, keepalivedAlone, vrrpCut } from './ha/flat.ts';
import { halfOpen, halfOpenBfd } from './ha/half-open.ts';
import { bgp, ecmp } from './ha/routed.ts';
import { type Progress, type Series, TRIALS } from './ha/trials.ts';
import { machine, publish, type Report, save } from './report.ts';

type Part = Series & { readonly run: (series: Series, tell: Progress) => Promise<void> };

const PARTS: Readonly<Record<string, Part>> = {
  alone: { name: 'keepalived alone, node cut off', target: '', run: keepalivedAlone },
  vrrp: { name: 'VRRP, node cut off', target: '<= 350', run: vrrpCut },
  handover: { name: 'VRRP, graceful handover', target: '<= 30', lossless: true, run: handover },
  frr: { name: 'VRRP by FRR, node cut off', target: '<= 350', run: frrVrrp },
  bfd: { name: 'BFD between nodes, node cut off', target: '<= 200', run: bfd },
  bgp: { name: 'BGP active-backup with BFD, node cut off', target: '<= 300', run: bgp },
  // Three adverts and the skew of priority 200.
  'half-open': { name: 'VRRP, link half open, both active', target: '<= 322', run: halfOpen },
  'half-open-bfd': { name: 'BFD, link half open, both active', target: '<= 150', run: halfOpenBfd },
  ecmp: { name: 'ECMP, flows of the dead node', target: '<= 300', run: ecmp },
};

const asked = (process.env.HA_PARTS ?? Object.keys(PARTS).join()).split(',');
const unknown = asked.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`HA_PARTS must be of ${Object.keys(PARTS).join()}: current value is ${unknown.join()}`);

let ok = true;
for (const name of asked) {
  const { run, ...series } = PARTS[name]!;
  let last: Report | undefined;
  await run(series, (rows) => {
    const advert = '100 ms';
    const conditions = { ...machine(), trials: TRIALS, 'client asks every': '10 ms', advert };
    last = { name: `ha-${name}`, conditions: { ...conditions, bfd: '3 x 50 ms' }, rows };
    save(last);
  });
  ok = last !== undefined && publish(last) && ok;
}
process.exit(ok ? 0 : 1);
