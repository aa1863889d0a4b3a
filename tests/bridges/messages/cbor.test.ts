import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCbor } from '../../../bridges/messages/cbor.ts';
import { encodeCbor } from '../../../bridges/messages/cbor-writer.ts';
import { cbor } from '../rosbridge/encode.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('a CBOR value', () => {
  // Appendix A of RFC 8949, as far as ROS bridges write it.
  it.each<[string, unknown]>([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
    ['20', -1],
    ['3903e7', -1000],
    ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
    ['f93c00', 1],
    ['f9c400', -4],
    ['f90001', 2 ** -24],
    ['f97c00', Number.POSITIVE_INFINITY],
    ['f97e00', Number.NaN],
    ['fa47c35000', 100_000],
    ['fbc010666666666666', -4.1],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', undefined],
    ['60', ''],
    ['6449455446', 'IETF'],
    ['62c3bc', 'ü'],
    ['83010203', [1, 2, 3]],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['c11a514b67b0', 1_363_896_240],
  ])('%s is %s', (bytes, value) => {
    expect(decodeCbor(hex(bytes))).toEqual(value);
  });

  it('of float64[] is what the real server sent for [1, 2.5]: tag 86 on little-endian bytes', () => {
    expect(decodeCbor(hex('d8 56 50 000000000000f03f 0000000000000440'))).toEqual(Float64Array.of(1, 2.5));
  });

  it.each<[number, ArrayBufferView]>([
    [64, Uint8Array.of(1, 255)],
    [69, Uint16Array.of(1, 65_535)],
    [70, Uint32Array.of(1, 4_294_967_295)],
    [71, BigUint64Array.of(1n, 18_446_744_073_709_551_615n)],
    [72, Int8Array.of(-1, 1)],
    [77, Int16Array.of(-1, 1)],
    [78, Int32Array.of(-1, 1)],
    [79, BigInt64Array.of(-1n, 9_007_199_254_740_993n)],
    [85, Float32Array.of(-0.5, 1)],
    [86, Float64Array.of(-0.1, Number.NaN)],
  ])('under tag %i is an array of its own, wherever in the frame it stands', (tag, array) => {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    const frame = Buffer.concat([hex('8201'), Buffer.from([0xd8, tag, 0x58, bytes.length]), bytes]);
    const [, got] = decodeCbor(frame) as [number, ArrayBufferView];
    expect(got).toEqual(array);
    frame.fill(0);
    expect(got).toEqual(array);
  });

  it('comes back as it was written, whatever it is', () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double(),
        fc.string(),
        fc.string({ unit: 'grapheme', minLength: 20 }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(value, (v) => {
        expect(decodeCbor(cbor(v))).toEqual(v);
      }),
    );
  });
});

describe('a frame that is no CBOR', () => {
  it.each([
    ['', 'cut off'],
    ['a1', 'cut off'],
    ['6449', 'cut off'],
    ['5bffffffffffffffff', 'cut off'],
    ['9bffffffffffffffff01', 'cut off'],
    ['0000', 'bytes behind'],
    ['9f01ff', 'indefinite'],
    ['f8ff', 'simple value'],
    ['a10101', 'key 1'],
    ['a1695f5f70726f746f5f5f01', 'key __proto__'],
    ['d85643000000', '8-byte numbers'],
    ['d85601', '8-byte numbers'],
    [`${'81'.repeat(40)}01`, 'deeper'],
  ])('%s is refused: %s', (bytes, why) => {
    expect(() => decodeCbor(hex(bytes))).toThrow(RangeError);
    expect(() => decodeCbor(hex(bytes))).toThrow(why);
  });

  it('is refused or read, never worse, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeCbor(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('a value that is written', () => {
  // A byte that no longer fits is where the buffer is replaced by a larger one.
  it.each([true, null, 7, 'a', 0.5])('comes back, wherever the room for %s ends', (value) => {
    for (let size = 1000; size < 1030; size++) {
      const text = 'x'.repeat(size);
      expect(decodeCbor(encodeCbor([text, value, value]))).toEqual([text, value, value]);
    }
  });
});
