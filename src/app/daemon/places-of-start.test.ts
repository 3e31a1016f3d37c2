// What a reload asks for and cannot have before the next start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildIntent } from '../../../test/fixtures/build-intent.ts';
import type { Intent } from '../../model/intent.ts';
import { PlacesOfStart } from './places-of-start.ts';

test('PlacesOfStart.moved() tells each other wish once, and nothing when it is as at the start again', () => {
  const first = buildIntent({});
  const { binary } = first.dataPlane.haproxy;
  const saying = (path: string): Intent => ({
    ...first,
    dataPlane: { ...first.dataPlane, haproxy: { ...first.dataPlane.haproxy, binary: path } },
  });
  const places = new PlacesOfStart(first);
  const key = 'data_plane.haproxy.binary';

  assert.deepEqual(places.moved(first), []);
  assert.deepEqual(places.moved(saying('/opt/haproxy')), [{ key, at: binary, wanted: '/opt/haproxy' }]);
  assert.deepEqual(places.moved(saying('/opt/haproxy')), []);
  assert.deepEqual(places.moved(first), []);
  assert.deepEqual(places.moved(saying('/opt/haproxy')).length, 1);
});
