import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact, parseFrame, stringifyExact } from '../../../bridges/messages/json.ts';

describe('a frame of JSON', () => {
  it.each<[string, unknown[]]>([
    ['{"a":1}', [{ a: 1 }]],
    ['{"a":1}{"b":[2]} \n[3]', [{ a: 1 }, { b: [2] }, [3]]],
    ['{"a":NaN,"b":[-Infinity,Infinity]}', [{ a: null, b: [null, null] }]],
    ['{"a":"NaN }{ \\" Infinity","b":NaN}', [{ a: 'NaN }{ " Infinity', b: null }]],
  ])('%s is read as %j', (text, objects) => {
    expect(parseFrame(text)).toEqual(objects);
    expect(parseExact(text)).toEqual(objects);
  });

  it.each(['', '{', '{"a":1}x', '1 2', '{"a":NaNa}', '{"a":"', '}{'])('%j is refused whole', (text) => {
    expect(() => parseFrame(text)).toThrow(SyntaxError);
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });
});

describe('an integer beyond 2^53', () => {
  const text =
    '{"data":9007199254740993,"low":[-9223372036854775808,1.5],"safe":9007199254740991,"s":"9007199254740993"}';

  it('is rounded by JSON.parse, and exact when asked for', () => {
    expect(parseFrame(text)[0]).toMatchObject({ data: 9_007_199_254_740_992 });
    expect(parseExact(text)).toEqual([
      {
        data: 9_007_199_254_740_993n,
        low: [-9_223_372_036_854_775_808n, 1.5],
        safe: 9_007_199_254_740_991,
        s: '9007199254740993',
      },
    ]);
  });

  it('is not looked for in a fraction, an exponent or a string', () => {
    const others = '{"a":0.1234567890123457,"b":12345678901234567e3,"c":"x:12345678901234567,","d":NaN}';
    expect(parseExact(others)).toEqual([
      { a: 0.1234567890123457, b: 1.2345678901234567e19, c: 'x:12345678901234567,', d: null },
    ]);
  });

  it('is written as it is, and comes back', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n),
            fc.string(),
            fc.double({ min: -1e6, max: 1e6, noNaN: true }),
          ),
        ),
        (list) => {
          const back = (parseExact(stringifyExact({ wire: list }))[0] as { wire: unknown[] }).wire;
          const safe = (v: unknown) => (typeof v === 'bigint' && Number.isSafeInteger(Number(v)) ? Number(v) : v);
          expect(back).toEqual(list.map(safe).map((v) => (Object.is(v, -0) ? 0 : v)));
        },
      ),
    );
  });
});
