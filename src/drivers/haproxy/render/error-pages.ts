// Pages of the operator in place of HAProxy's own error answers.
import type { HttpOptions } from '../../../model/http.ts';
import { copyPath, type Places } from '../names.ts';
import { quote } from '../quote.ts';

export function errorPageLines(options: HttpOptions, places: Places): string[] {
  return Object.entries(options.errorPages).map(
    ([code, path]) =>
      `http-error status ${quote(code)} content-type ${quote(contentType(path))} file ${quote(copyPath(places, path))}`,
  );
}

function contentType(path: string): string {
  if (path.endsWith('.json')) return 'application/json';
  return path.endsWith('.txt') ? 'text/plain; charset=utf-8' : 'text/html; charset=utf-8';
}
