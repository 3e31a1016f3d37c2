// Applies one of two large Worlds after the other until it is killed ("forever"), or the first of them once ("once").
import { IpvsDriver } from '../../../../src/drivers/ipvs/ipvs-driver.ts';
import { FileJournal } from '../../../../src/kernel/journal.ts';
import { IpvsKernel } from '../../../../src/kernel/netlink/ipvs-kernel.ts';
import { NftProcess } from '../../../../src/kernel/nft-process.ts';
import { Registry } from '../../../../src/kernel/registry.ts';
import { SysctlFiles } from '../../../../src/kernel/sysctl-files.ts';
import { converge } from '../../../conformance/converge.ts';
import { buildMember } from '../../../fixtures/build-intent.ts';
import { worldOf } from '../balancer.ts';

const [path = '', rounds] = process.argv.slice(2);
const journal = new FileJournal(path);
// The first start of a machine: no record yet, nothing of ours in the kernel.
if (new Registry(journal, 'crash-test').state === 'lost')
  new Registry(journal, 'crash-test').claim(new Map());
const driver = new IpvsDriver({
  ipvs: new IpvsKernel(),
  nft: new NftProcess(),
  sysctl: new SysctlFiles(),
  registry: new Registry(journal, 'crash-test'),
});

function large(net: string, from: number) {
  const members = [1, 2, 3].map((last) => buildMember(`${net}.${last}`, { port: 80 }));
  return worldOf(
    Array.from({ length: 100 }, (_, index) => ({ port: from + index, family: 4 as const, members })),
  );
}

const wanted = large('10.3.0', 10_000);
const other = large('10.9.0', 10_100);

if (rounds === 'once') await converge(driver, wanted);
else
  for (;;) {
    await converge(driver, other);
    await converge(driver, wanted);
  }
await driver.close();
