// A revision as it may be shown: files line by line, objects key by key, both without their secrets.
import { hideSecrets } from '../../../config/diagnostics/hide-secrets.ts';
import type { RevisionContent } from '../../../engine/config-port.ts';
import { hideSpec } from '../../../engine/hide-spec.ts';

const PEM_KEY = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----)/g;

export function hideContent({ info, files, objects }: RevisionContent): RevisionContent {
  return {
    info,
    files: files.map((one) => ({
      ...one,
      text: one.text.replace(PEM_KEY, '$1 [redacted] $2').split('\n').map(hideSecrets).join('\n'),
    })),
    objects: objects.map((one) => ({ ...one, spec: hideSpec(one.spec) })),
  };
}
