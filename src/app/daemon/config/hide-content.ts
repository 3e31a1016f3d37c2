// A revision as it may be shown: files with all their lines, objects key by key, both without their secrets.
import { hideSecrets } from '../../../config/diagnostics/hide-secrets.ts';
import { hideValues } from '../../../config/yaml/hide-values.ts';
import type { RevisionContent } from '../../../engine/config-port.ts';
import { hideSpec } from '../../../engine/hide-spec.ts';
import { redactText } from '../../../lib/redact.ts';

export function hideContent({ info, files, objects }: RevisionContent): RevisionContent {
  return {
    info,
    files: files.map((one) => ({
      ...one,
      // Values first, then what stands in comments.
      text: redactText(hideValues(one.text)).split('\n').map(hideSecrets).join('\n'),
    })),
    objects: objects.map((one) => ({ ...one, spec: hideSpec(one.spec) })),
  };
}
