// The items `lbctl system` keeps on a load balancer: the files that survive a reboot and the same values live.
import type { Intent } from '../../model/intent.ts';
import { type Item, type ItemMap, itemMap } from '../../model/item.ts';
import type { World } from '../../model/world.ts';
import { type BalancerSettings, balancerSettings } from './balancer-settings.ts';
import { fileItem, moduleItem, sysctlItem } from './host-items.ts';

export const MODULES_FILE = '/etc/modules-load.d/lbctl.conf';
export const OPTIONS_FILE = '/etc/modprobe.d/lbctl.conf';
const HEADER =
  '# Written by "lbctl system apply"; changes are overwritten. "lbctl system revert" removes it.\n';

export interface Wanted {
  readonly items: ItemMap;
  readonly notes: readonly string[];
}

export function balancerItems(intent: Intent, world: World): Wanted {
  const settings = balancerSettings(intent, world);
  const items: Item[] = [
    ...filesOf(settings, intent.system.sysctlFile),
    ...settings.modules.map(moduleItem),
    ...Object.entries(settings.sysctls).map(([key, value]) => sysctlItem(key, value)),
  ];
  return { items: itemMap(items), notes: settings.notes };
}

function filesOf(settings: BalancerSettings, sysctlFile: string): Item[] {
  const sysctls = Object.entries(settings.sysctls).map(([key, value]) => `${key} = ${value}`);
  const options = Object.entries(settings.moduleOptions).map(([name, text]) => `options ${name} ${text}`);
  return [
    ...fileOfLines(sysctlFile, sysctls),
    ...fileOfLines(MODULES_FILE, settings.modules),
    ...fileOfLines(OPTIONS_FILE, options),
  ];
}

function fileOfLines(path: string, lines: readonly string[]): Item[] {
  return lines.length === 0 ? [] : [fileItem(path, `${HEADER}${lines.join('\n')}\n`)];
}
