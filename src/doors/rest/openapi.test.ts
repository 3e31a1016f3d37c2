// The OpenAPI document: whole, without broken references, and saying of each operation what the routes say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from './openapi.ts';
import { ROUTES } from './routes.ts';

interface Operation {
  readonly operationId: string;
  readonly 'x-role': string;
  readonly parameters?: readonly { name: string; in: string; required: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}

const DOCUMENT = openApiDocument() as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
};

test('openApiDocument() describes every route once, with its own id and role', () => {
  const operations = Object.values(DOCUMENT.paths).flatMap((path) => Object.values(path));
  const ids = operations.map((one) => one.operationId);

  assert.equal(DOCUMENT.openapi, '3.1.0');
  assert.deepEqual([...ids].sort(), [...ROUTES.map((one) => one.id), 'watchEvents'].sort());
  assert.equal(new Set(ids).size, ids.length);
  for (const route of ROUTES)
    assert.equal(DOCUMENT.paths[route.path]?.[route.method.toLowerCase()]?.['x-role'], route.role);
});

test('openApiDocument() names each word of a path as a required parameter', () => {
  for (const [path, operations] of Object.entries(DOCUMENT.paths))
    for (const operation of Object.values(operations)) {
      const words = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const named = (operation.parameters ?? []).filter((one) => one.in === 'path');
      assert.deepEqual(
        named.map((one) => [one.name, one.required]),
        words.map((name) => [name, true]),
        path,
      );
      assert.ok('default' in operation.responses);
    }
});

test('openApiDocument() refers only to what it holds', () => {
  const text = JSON.stringify(DOCUMENT);
  for (const [, pointer = ''] of text.matchAll(/"\$ref":"#([^"]*)"/g)) {
    let at: unknown = DOCUMENT;
    for (const word of pointer.split('/').slice(1)) at = (at as Record<string, unknown>)[word];
    assert.ok(at !== undefined, `"${pointer}" leads nowhere`);
  }
});
