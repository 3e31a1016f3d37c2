// The editor schema accepts what we accept: every canonical example, read by another implementation of JSON Schema.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { z } from 'zod';
import { configJsonSchema } from './json-schema.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const schema = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);

for (const file of globSync('*.yaml', { cwd: EXAMPLES }).sort()) {
  test(`config.schema.json accepts examples/${file}`, () => {
    const result = schema.safeParse(load(readFileSync(join(EXAMPLES, file), 'utf8')));

    assert.deepEqual(result.error?.issues ?? [], []);
  });
}

test('config.schema.json refuses unknown keys, wrong words and numbers out of range', () => {
  const members = [{ address: '10.0.0.1' }];
  const listener = { name: 'a', vip: '192.0.2.1', port: 80, members };

  assert.equal(schema.safeParse({ listeners: [listener] }).success, true);
  for (const wrong of [
    { listners: [] },
    { listeners: [{ ...listener, schedular: 'rr' }] },
    { listeners: [{ ...listener, scheduler: 'rrr' }] },
    { listeners: [{ ...listener, port: 70_000 }] },
    { listeners: [{ ...listener, drain: 30 }] },
    { listeners: [{ ...listener, members: [{ port: 80 }] }] },
    { listeners: [{ ...listener, health: { type: 'tcp', path: '/' } }] },
  ])
    assert.equal(schema.safeParse(wrong).success, false, JSON.stringify(wrong));
});
