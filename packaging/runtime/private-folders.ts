// Inside the executable: where a private folder may be made, the likeliest first.
import { tmpdir } from 'node:os';

/** Systems mount one or the other of these without the right to execute. */
export function privateFolders(): string[] {
  const { LBCTL_UNPACK_DIR, RUNTIME_DIRECTORY, XDG_RUNTIME_DIR, XDG_CACHE_HOME } = process.env;
  const named = [LBCTL_UNPACK_DIR, tmpdir(), RUNTIME_DIRECTORY, XDG_RUNTIME_DIR, XDG_CACHE_HOME];
  return [...named, '/var/lib/lbctl', '/var/tmp'].filter(
    (folder): folder is string => folder !== undefined && folder !== '',
  );
}
