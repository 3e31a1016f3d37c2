import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AnswerReader, type ReadOptions } from './answer-reader.ts';
import { MAX_HEAD_BYTES, NoHttp } from './head.ts';
import { encodeRequest } from './request.ts';

const WANTED: ReadOptions = { method: 'GET', maxBodyBytes: 64 };

/** What a member that sends these pieces and closes has answered: `200 "body"`, or what is missing. */
function read(pieces: readonly Buffer[], options: Partial<ReadOptions> = {}): string {
  const reader = new AnswerReader({ ...WANTED, ...options });
  for (const piece of pieces) {
    const answer = reader.take(piece);
    if (answer !== undefined)
      return `${answer.code} ${JSON.stringify(answer.body.toString('latin1'))}${answer.cut ? ' cut' : ''}`;
  }
  const end = reader.end();
  return typeof end === 'string'
    ? end
    : `${end.code} ${JSON.stringify(end.body.toString('latin1'))} at the end`;
}

function readText(text: string, options: Partial<ReadOptions> = {}): string {
  return read([Buffer.from(text, 'latin1')], options);
}

const ANSWERS: readonly (readonly [
  name: string,
  text: string,
  told: string,
  options?: Partial<ReadOptions>,
])[] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more', '200 "ok"'],
  ['no body at all', 'HTTP/1.1 204 No Content\r\n\r\n', '204 ""'],
  ['a length of nothing', 'HTTP/1.0 503 \r\ncontent-length:0\r\n\r\n', '503 ""'],
  ['the end of the connection', 'HTTP/1.0 200\r\n\r\nok', '200 "ok" at the end'],
  [
    'chunks',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n1 \r\n!\r\n0\r\nX: y\r\n\r\n',
    '200 "ok!"',
  ],
  [
    'chunks and a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    '200 "ok"',
  ],
  ['lines without CR', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', '200 "ok"'],
  [
    'interim answers first',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n-',
    '404 "-"',
  ],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81', '101 ""'],
  ['the answer to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', '200 ""', { method: 'HEAD' }],
  ['a head alone', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', '200 "" cut', { maxBodyBytes: 0 }],
  ['more than the limit', `HTTP/1.1 200 OK\r\n\r\n${'z'.repeat(65)}`, `200 "${'z'.repeat(64)}" cut`],
  ['just the limit', `HTTP/1.1 200 OK\r\n\r\n${'z'.repeat(64)}`, `200 "${'z'.repeat(64)}" at the end`],
  ['nothing', '', 'nothing'],
  ['half a head', 'HTTP/1.1 200 OK\r\nServer: x', 'head'],
  ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok', 'body'],
  ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok', 'body'],
];

describe('AnswerReader', () => {
  for (const [name, text, told, options] of ANSWERS)
    it(`reads ${name}, in one piece and in any`, () => {
      const bytes = Buffer.from(text, 'latin1');

      assert.equal(read([bytes], options), told);
      assert.equal(
        read(
          [...bytes].map((byte) => Buffer.of(byte)),
          options,
        ),
        told,
      );
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 4 }), (cuts) => {
          const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
          const pieces = at.slice(1).map((to, i) => bytes.subarray(at[i], to));
          assert.equal(read(pieces, options), told);
        }),
        { numRuns: 50 },
      );
    });

  const REFUSED: readonly (readonly [text: string, why: string])[] = [
    ['SSH-2.0-OpenSSH_9.2\r\n', 'it begins with "SSH-2.0-OpenSSH_9.2"'],
    ['HTTP/2.0 200 OK\r\n\r\n', 'it begins with "HTTP/2.0 200 OK"'],
    ['HTTP/1.1 20 OK\r\n\r\n', 'it begins with "HTTP/1.1 20 OK"'],
    ['HTTP/1.1 200 OK\r\nX-\0: y\r\n\r\n', 'it has the header line "X-.: y"'],
    ['HTTP/1.1 200 OK\r\nX : y\r\n\r\n', 'it has the header line "X : y"'],
    ['HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n', 'it has the header line " z"'],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', 'its Content-Length is "-1"'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 'it has two lengths, 1 and 2'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'a chunk has the size "zz"'],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n',
      'a chunk goes on with "bc" after its end',
    ],
    [
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(5000)}`,
      'a chunk has no end of its size',
    ],
    [
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'X: y\r\n'.repeat(2000)}`,
      'its trailer has no end',
    ],
    [
      `HTTP/1.1 200 OK\r\n${'X-Padding: y\r\n'.repeat(3000)}`,
      `its headers are longer than ${MAX_HEAD_BYTES} bytes`,
    ],
    ['HTTP/1.1 100 C\r\n\r\n'.repeat(2000), `its headers are longer than ${MAX_HEAD_BYTES} bytes`],
  ];
  for (const [text, why] of REFUSED)
    it(`refuses what is no HTTP: ${why}`, () => {
      assert.throws(() => readText(text), { constructor: NoHttp, message: why });
      assert.throws(() => read([...Buffer.from(text, 'latin1')].map((byte) => Buffer.of(byte))), NoHttp);
    });

  it('throws nothing but NoHttp at garbage behind a good beginning, and keeps no more than the limit', () => {
    const beginning = fc.constantFrom('', ...ANSWERS.map(([, text]) => text));
    fc.assert(
      fc.property(beginning, fc.uint8Array({ maxLength: 300 }), fc.nat(200), (text, noise, cut) => {
        const reader = new AnswerReader(WANTED);
        try {
          const answer =
            reader.take(Buffer.concat([Buffer.from(text, 'latin1').subarray(0, cut), noise])) ?? reader.end();
          assert.ok(typeof answer === 'string' || answer.body.length <= WANTED.maxBodyBytes);
        } catch (error) {
          assert.ok(error instanceof NoHttp, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('holds a body in a million chunks of one byte as the bytes that it is', () => {
    const reader = new AnswerReader({ method: 'GET', maxBodyBytes: 1 << 20 });
    reader.take(Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'));
    const piece = Buffer.from('1\r\nz\r\n'.repeat(10_000));

    let answer = reader.take(piece);
    for (let i = 0; i < 200 && answer === undefined; i++) answer = reader.take(piece);

    assert.equal(answer?.body.length, 1 << 20);
    assert.equal(answer?.body.buffer.byteLength, 1 << 20);
    assert.equal(answer?.cut, true);
  });
});

describe('encodeRequest()', () => {
  it('writes the line and the headers, the later of a name alone', () => {
    const headers = { Host: 'a.example', Connection: 'close', host: 'b.example', 'X-Name': 'Zoë' };

    const bytes = encodeRequest({ version: '1.0', method: 'GET', path: '/a?b', headers });

    assert.equal(
      bytes.toString('utf8'),
      'GET /a?b HTTP/1.0\r\nhost: b.example\r\nConnection: close\r\nX-Name: Zoë\r\n\r\n',
    );
  });

  it('says that a body is empty where a server waits for one', () => {
    const bytes = encodeRequest({ version: '1.1', method: 'POST', path: '/', headers: {} });

    assert.equal(bytes.toString(), 'POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n');
  });

  it('refuses what would begin another line', () => {
    const base = { version: '1.1', method: 'GET', path: '/', headers: {} } as const;
    for (const wrong of [
      { method: 'GET /' },
      { path: '/ HTTP/1.1\r\nX: y' },
      { headers: { 'X\r\nY': 'z' } },
      { headers: { X: 'y\r\nZ: a' } },
    ])
      assert.throws(
        () => encodeRequest({ ...base, ...wrong }),
        /^RangeError: Cannot send .* as HTTP does not allow/,
      );
  });
});
