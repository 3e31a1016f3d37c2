// The real source of a daemon's configuration: one main file on disk with what it includes, and the objects of the API.
import { objectsFile } from '../../../config/objects-file.ts';
import type { ParsedFile } from '../../../config/source.ts';
import { parseYaml } from '../../../config/yaml/parse-yaml.ts';
import { readConfigFiles } from '../../../doors/file/read-config-files.ts';
import type { Diagnostic } from '../../../model/diagnostic.ts';
import { loadParsed, type SecretNeed } from '../../load-parsed.ts';
import type { ConfigSource } from './config-source.ts';
import { SECTION_OF } from './object-book.ts';

export function openSource(mainPath: string, secrets: SecretNeed): ConfigSource {
  let before: readonly ParsedFile[] = [];
  return {
    read: () => readConfigFiles(mainPath, { env: process.env }),
    parse(stored) {
      const files: ParsedFile[] = [];
      const diagnostics: Diagnostic[] = [];
      for (const source of stored) {
        const parsed = parseYaml(source);
        if (parsed.ok) files.push(parsed.file);
        diagnostics.push(...(parsed.ok ? parsed.warnings : parsed.diagnostics));
      }
      return { files, diagnostics };
    },
    load(files, objects) {
      const api = [...objects].map(({ kind, name, spec }) => ({ section: SECTION_OF[kind], name, spec }));
      const all = api.length === 0 ? files : [...files, objectsFile(api)];
      const loaded = loadParsed(all, secrets, before);
      before = all;
      return loaded;
    },
  };
}
