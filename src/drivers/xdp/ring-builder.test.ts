import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RingBuilder } from './ring-builder.ts';
import { type RingJob, ringOfJob } from './ring-job.ts';

const builder = new RingBuilder();
after(() => builder.close());

function job(count: number, scheduler: RingJob['scheduler'], weight = 1): RingJob {
  const members = Array.from({ length: count }, (_, i) => ({ key: `10.0.${i >> 8}.${i & 255}:80`, weight }));
  return { scheduler, members, seed: 7n };
}

test('RingBuilder.build() gives the same rings in the order of the jobs, here or from a worker', async () => {
  const jobs = [
    ...[job(3, 'mh'), job(70, 'mh'), job(10, 'rr'), job(0, 'mh'), job(5, 'wrr', 3)],
    // More of them than this thread takes at once.
    ...Array.from({ length: 40 }, (_, i) => job(3 + i, 'sh')),
    job(3, 'mh'),
  ];
  const wanted = jobs.map((one) => [...ringOfJob(one)]);

  const first = await builder.build(jobs);
  const again = await builder.build(jobs);

  assert.deepEqual(
    first.map((ring) => [...ring]),
    wanted,
  );
  assert.deepEqual(
    again.map((ring) => [...ring]),
    wanted,
  );
});

test('RingBuilder.build() computes the ring of a usual pool in the asking thread', async () => {
  const alone = new RingBuilder();
  let size = 0;

  void alone.build([job(20, 'mh')]).then(([ring]) => {
    size = ring!.length;
  });
  // No answer of another thread comes before the event loop has its turn.
  for (let i = 0; i < 5; i++) await Promise.resolve();

  assert.equal(size, 2039);
  await alone.close();
});
