import { describe, expect, it } from 'vitest';
import { readNetwork } from '../../../policies/kernels/network.ts';
import { readSafetensors, writeSafetensors } from '../../../policies/kernels/safetensors.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';

const file = () =>
  writeSafetensors({
    metadata: { kind: 'test' },
    tensors: new Map([['w', { shape: [1, 2], data: Float32Array.of(1, -2) }]]),
  });

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof ReflexArcError ? error.code : String(error);
  }
  return '';
}

describe('safetensors', () => {
  it('has the bytes of the format: length, padded JSON header, little-endian data', () => {
    const bytes = file();
    const header = '{"__metadata__":{"kind":"test"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    const padded = Math.ceil(header.length / 8) * 8;
    expect(Buffer.from(bytes.subarray(0, 8)).readBigUInt64LE()).toBe(BigInt(padded));
    expect(Buffer.from(bytes.subarray(8, 8 + padded)).toString()).toBe(header.padEnd(padded));
    expect(Buffer.from(bytes.subarray(8 + padded)).toString('hex')).toBe('0000803f000000c0');
  });

  it('comes back as it was', () => {
    const { metadata, tensors } = readSafetensors(file(), 'f');
    expect(metadata).toEqual({ kind: 'test' });
    expect(tensors.get('w')).toEqual({ shape: [1, 2], data: Float32Array.of(1, -2) });
  });

  it('is refused with a code when it is cut anywhere', () => {
    const bytes = file();
    for (let length = 0; length < bytes.length; length++)
      expect(codeOf(() => readSafetensors(bytes.subarray(0, length), 'f'))).toBe('RA_WEIGHTS_UNREADABLE');
  });

  it('is refused when something follows its tensors', () => {
    const longer = new Uint8Array([...file(), 0]);
    expect(() => readSafetensors(longer, 'f')).toThrow(/1 bytes after the last tensor/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused when a weight is %s, naming it', (bad) => {
    const bytes = writeSafetensors({
      metadata: {},
      tensors: new Map([['w', { shape: [2], data: Float32Array.of(1, bad) }]]),
    });
    expect(() => readSafetensors(bytes, 'f')).toThrow(/w\[1\].*finite weights/);
  });

  it('is refused when a tensor is of another type or does not fit its shape', () => {
    const text = (header: string, data = 8) => {
      const h = Buffer.from(header);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(h.length));
      return Buffer.concat([length, h, Buffer.alloc(data)]);
    };
    for (const header of [
      '{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}',
      '{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}',
      '{"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}',
      '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
      '{"w":{"dtype":"F32"}}',
      '[]x',
    ])
      expect(codeOf(() => readSafetensors(text(header), 'f'))).toBe('RA_WEIGHTS_UNREADABLE');
  });
});

describe('a network description', () => {
  const network = (over: object) => ({
    inputs: 1,
    outputs: 1,
    heads: 1,
    layers: [{ units: 1, activation: 'linear', layer_norm: false }],
    normalisation: { mean: [0], std: [1] },
    ...over,
  });
  const tensors = new Map([
    ['layer0.weight', { shape: [1, 1], data: Float32Array.of(1) }],
    ['layer0.bias', { shape: [1], data: Float32Array.of(0) }],
  ]);
  const read = (over: object) => () =>
    readNetwork({ metadata: { network: JSON.stringify(network(over)) }, tensors }, 'f');

  it('is read when everything fits', () => {
    expect(read({})().heads[0]![0]!.units).toBe(1);
  });

  it.each([
    ['outputs', { outputs: 2 }],
    ['inputs', { inputs: 2 }],
    ['heads', { heads: 2 }],
    ['a normalisation of 0', { normalisation: { mean: [0], std: [0] } }],
    ['an unknown activation', { layers: [{ units: 1, activation: 'gelu' }] }],
    ['a norm without tensors', { layers: [{ units: 1, activation: 'linear', layer_norm: true }] }],
  ])('is refused when %s does not fit', (_what, over) => {
    expect(codeOf(read(over))).toBe('RA_WEIGHTS_UNREADABLE');
  });

  it('is refused when it is missing or no JSON', () => {
    expect(codeOf(() => readNetwork({ metadata: {}, tensors }, 'f'))).toBe('RA_WEIGHTS_UNREADABLE');
    expect(codeOf(() => readNetwork({ metadata: { network: '{' }, tensors }, 'f'))).toBe('RA_WEIGHTS_UNREADABLE');
  });
});
