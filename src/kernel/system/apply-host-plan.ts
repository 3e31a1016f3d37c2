// Carries out the steps of a host plan, one by one; one that fails does not stop the others.
import type { StepResult } from '../../model/driver.ts';
import { LbError, OpError } from '../../model/errors.ts';
import type { Item } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { CommandResult, Host, HostKind } from '../../plan/system/host.ts';
import { fileOf } from '../../plan/system/host-items.ts';

export function applyHostSteps(host: Host, steps: readonly Step[]): readonly StepResult[] {
  return steps.map((step): StepResult => {
    try {
      ACTIONS[step.item.kind as HostKind](host, step.item, step.verb === 'remove');
      return { step, ok: true };
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      return { step, ok: false, error };
    }
  });
}

/** `gone`: take away rather than set. */
const ACTIONS: Readonly<Record<HostKind, (host: Host, item: Item, gone: boolean) => void>> = {
  module: (host, item) => host.loadModule(item.key),
  sysctl: (host, item) => host.writeSysctl(item.key, String(item.fields.value)),
  file: (host, item, gone) => (gone ? host.removeFile(item.key) : host.writeFile(item.key, fileOf(item))),
  link: (host, item, gone) =>
    gone ? host.removeFile(item.key) : host.writeLink(item.key, String(item.fields.target)),
  device: (host, item, gone) =>
    must(host, ['ip', 'link', 'set', 'dev', item.key, gone ? 'down' : 'up'], item.key),
  'fou-port': (host, item, gone) =>
    must(host, ['ip', 'fou', gone ? 'del' : 'add', 'port', item.key, 'gue'], item.key),
  'nft-table': (host, item, gone) => applyTable(host, item.key, gone ? '' : String(item.fields.rules)),
  address: (host, item, gone) => applyAddress(host, item.key, gone),
};

/** Deleting what may not be there needs it to be there first. All in one transaction: no packet meets half a table. */
function applyTable(host: Host, key: string, rules: string): void {
  must(host, ['nft', '-f', '-'], key, `table ${key}\ndelete table ${key}\n${rules}`);
}

function applyAddress(host: Host, key: string, gone: boolean): void {
  const [address, device] = key.split(' dev ');
  // On lo nobody else can hold the address, and detection would keep it unusable for a second.
  const more = !gone && address!.includes(':') ? ['nodad'] : [];
  must(host, ['ip', 'address', gone ? 'del' : 'replace', address!, 'dev', device!, ...more], key);
}

function must(host: Host, argv: readonly string[], target: string, input?: string): void {
  const result = host.run(argv, input);
  if (result.code !== 0) throw commandError(argv, target, result);
}

function commandError(argv: readonly string[], target: string, result: CommandResult): OpError {
  const text = (result.stderr || result.stdout).trim() || `exit code ${result.code}`;
  const missing = result.code === 127;
  const noDevice = /Cannot find device/.test(text);
  const denied = /not permitted|Permission denied/.test(text);
  return new OpError(
    denied ? 'DENIED' : 'DRIVER_FAILED',
    `Cannot set "${target}" as "${argv.join(' ')}" failed: ${text}`,
    { op: argv.slice(0, 3).join(' '), target, kernelMessage: text },
    {
      retry: 'never',
      ...(denied ? { hint: 'Run as root or grant CAP_NET_ADMIN' } : {}),
      ...(missing ? { hint: `Install the program "${argv[0]}"` } : {}),
      ...(noDevice ? { hint: 'It comes with a kernel module: see what became of the module above' } : {}),
    },
  );
}
