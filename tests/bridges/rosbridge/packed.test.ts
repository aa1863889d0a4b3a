import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfPng } from '../../../bridges/messages/png.ts';
import { Fragments } from '../../../bridges/rosbridge/fragments.ts';
import { covers } from '../../interop/conformance.ts';
import { chunk, fragments, png } from './encode.ts';

function joiner(maxBytes = 1000): { join: (f: object) => string | null; look: () => void; lost: string[] } {
  const lost: string[] = [];
  const parts = new Fragments(maxBytes, (why) => lost.push(why));
  return { join: (f) => parts.join(f), look: () => parts.look(2), lost };
}

describe('fragments', () => {
  const long = 'x'.repeat(40) + 'y'.repeat(40) + 'z'.repeat(30);

  it('as the real server numbers them (id 0, total 3.725) are three, in their order by number', () => {
    covers('client', 'fragment.total', 'unit');
    const [a, b, c] = fragments(long, 40);
    expect(a).toMatchObject({ id: 0, num: 0, total: 3.725 });
    const { join, lost } = joiner();
    expect([join(c!), join(a!), join(b!)]).toEqual([null, null, long]);
    expect(lost).toEqual([]);
  });

  it('of two messages under one id are told apart by their totals', () => {
    const other = 'w'.repeat(90);
    const [a, b, c] = fragments(long, 40);
    const [d, e, f] = fragments(other, 40);
    const { join } = joiner();
    expect([a, d, b, e, f, c].map((part) => join(part!)).filter((text) => text !== null)).toEqual([other, long]);
  });

  it('that come twice begin a new message, and the old one is said to be lost', () => {
    const [a, b, c] = fragments(long, 40);
    const { join, lost } = joiner();
    expect([a, b, a, b, c].map((part) => join(part!))).toEqual([null, null, null, null, long]);
    expect(lost).toEqual(['fragment 0 of 3 came twice']);
  });

  it.each([
    [{ id: 0, num: 0, total: 2 }, 'a fragment without data, num or total'],
    [{ id: 0, data: 'x', num: '0', total: 2 }, 'a fragment without data, num or total'],
    [{ id: 0, data: 'x', num: 0.5, total: 2 }, 'a fragment without data, num or total'],
    [{ id: 0, data: 'x', num: 0, total: 0 }, 'a fragment without data, num or total'],
    [{ id: 0, data: 'x', num: 0, total: 1e12 }, 'a fragment without data, num or total'],
    [{ id: 0, data: 'x', num: 2, total: 2.9 }, 'fragment 2 of 2'],
    [{ id: 0, data: 'x', num: -1, total: 2 }, 'fragment -1 of 2'],
  ])('%j is refused: %s', (fragment, why) => {
    const { join, lost } = joiner();
    expect(join(fragment)).toBeNull();
    expect(lost).toEqual([why]);
  });

  it('are given up after two looks without another one, and counted anew from each that comes', () => {
    const [a, b, c] = fragments(long, 40);
    const { join, look, lost } = joiner();
    for (const part of [a, b]) {
      expect(join(part!)).toBeNull();
      look();
      look();
    }
    expect(lost).toEqual([]);
    look();
    expect(lost).toEqual(['2 of 3 fragments, and then no more']);
    expect([join(c!), join(b!), join(a!)]).toEqual([null, null, long]);
  });

  it('are held for 16 messages and so many bytes; then the oldest is given up', () => {
    const { join, lost } = joiner();
    for (let id = 0; id < 17; id++) join({ id, data: 'x', num: 0, total: 2 });
    expect(lost).toEqual(['1 of 2 fragments, and then too much else']);
    join({ id: 99, data: 'x'.repeat(990), num: 0, total: 2 });
    expect(lost.length).toBeGreaterThan(1);
    const big = joiner(1000);
    expect(big.join({ id: 1, data: 'x'.repeat(1001), num: 0, total: 2 })).toBeNull();
    expect(big.join({ id: 1, data: 'x', num: 1, total: 2 })).toBeNull();
    expect(big.lost).toEqual(['1 of 2 fragments, and then too much else']);
  });
});

describe('a picture of JSON', () => {
  const text = '{"op":"publish","topic":"/tä","msg":{"data":[1,2,3]}}';

  it.each([[[0]], [[1]], [[2]], [[3]], [[4]], [[0, 1, 2, 3, 4]]])('is read, whatever its filters: %j', (filters) => {
    expect(textOfPng(png(text, filters), 10_000)).toBe(text);
  });

  it('of any text is that text', () => {
    const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).filter((s) => s === s.trimEnd());
    fc.assert(
      fc.property(words, fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }), (s, filters) => {
        expect(textOfPng(png(s, filters), 10_000)).toBe(s);
      }),
    );
  });

  it('made of pieces of data is read', () => {
    const whole = png(text);
    const length = whole.readUInt32BE(33);
    const data = whole.subarray(41, 41 + length);
    const cut = Buffer.concat([
      whole.subarray(0, 33),
      chunk('tEXt', Buffer.from('Comment')),
      chunk('IDAT', data.subarray(0, 10)),
      chunk('IDAT', data.subarray(10)),
      chunk('IEND', Buffer.alloc(0)),
    ]);
    expect(textOfPng(cut, 10_000)).toBe(text);
  });

  it('that would unpack to more than allowed is refused before it does', () => {
    expect(() => textOfPng(png('x'.repeat(5000)), 1000)).toThrow('a PNG of');
    const bomb = png(text);
    const inflated = Buffer.concat([
      bomb.subarray(0, 33),
      chunk('IDAT', deflateSync(Buffer.alloc(10_000_000))),
      chunk('IEND', Buffer.alloc(0)),
    ]);
    expect(() => textOfPng(inflated, 10_000)).toThrow();
  });

  it.each<[string, (good: Buffer) => unknown]>([
    ['nothing', () => Buffer.alloc(0)],
    ['JSON', () => Buffer.from(text.repeat(2))],
    ['grey', (good) => void good.set([0], 25)],
    ['interlaced', (good) => void good.set([1], 28)],
    ['without width', (good) => void good.writeUInt32BE(0, 16)],
    ['cut off', (good) => good.subarray(0, good.length - 20)],
    ['with less data than pixels', (good) => void good.writeUInt32BE(100, 20)],
    ['with damaged data', (good) => void good.fill(0, 45, 60)],
    ['of filter 7', () => png(text, [7])],
  ])('that is %s is refused', (_name, make) => {
    const good = png(text);
    const made = make(good);
    expect(() => textOfPng(Buffer.isBuffer(made) ? made : good, 100_000)).toThrow();
  });
});
