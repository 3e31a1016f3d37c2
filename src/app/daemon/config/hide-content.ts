// A revision as it may be shown: files with all their lines, objects key by key, both without their secrets.
import { createHmac, randomBytes } from 'node:crypto';
import { hideSecrets } from '../../../config/diagnostics/hide-secrets.ts';
import { hideValues } from '../../../config/yaml/hide-values.ts';
import type { RevisionContent, ShownContent } from '../../../engine/config-port.ts';
import { hideSpec } from '../../../engine/hide-spec.ts';
import { redactText } from '../../../lib/redact.ts';
import { stableJson } from '../../../lib/stable-json.ts';

/** Nobody outside can try what would give the same mark. */
const KEY = randomBytes(32);

export function hideContent({ info, files, objects }: RevisionContent): ShownContent {
  return {
    info,
    files: files.map((one) => {
      // Values first, then what stands in comments.
      const text = redactText(hideValues(one.text)).split('\n').map(hideSecrets).join('\n');
      return { ...one, text, ...markOf(one.text, text) };
    }),
    objects: objects.map((one) => {
      const spec = hideSpec(one.spec);
      return { ...one, spec, ...markOf(stableJson(one.spec), stableJson(spec)) };
    }),
  };
}

function markOf(whole: string, shown: string): { readonly hidden?: string } {
  if (whole === shown) return {};
  return { hidden: createHmac('sha256', KEY).update(whole).digest('base64url').slice(0, 16) };
}
