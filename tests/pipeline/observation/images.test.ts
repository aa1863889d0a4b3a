import { describe, expect, it } from 'vitest';
import { observationSchema } from '../../../src/core/observation-schema.ts';
import { decoderOf } from '../../../src/pipeline/observation/images/decode.ts';
import { loadSharp } from '../../../src/pipeline/observation/images/sharp.ts';
import { ImageSlot } from '../../../src/pipeline/observation/images/slot.ts';
import { compile, complaints, MS, stamp, Timeline } from './rig.ts';

const IMAGE = 'sensor_msgs/msg/Image';
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';

const config = (image: object) =>
  observationSchema.parse({
    base: { features: [{ from: '/a.b' }] },
    images: [{ name: 'wrist', topic: '/wrist', ...image }],
  }).images[0]!;

const decoded = async (image: object, message: unknown, type = IMAGE) =>
  Array.from(await decoderOf(config(image), type)(message));

/** A sensor_msgs/Image of 2 × 2 or so, its data as base64 text, as a JSON wire has it. */
const raw = (encoding: string, bytes: number[], over: object = {}) => ({
  header: stamp(0),
  width: 2,
  height: 2,
  encoding,
  is_bigendian: 0,
  step: bytes.length / 2,
  data: Buffer.from(bytes).toString('base64'),
  ...over,
});
const small = { width: 2, height: 2 };

/** An optional package: where it did not install, what needs it is left out, and the run says so. */
const noSharp = await loadSharp().then(
  () => false,
  () => true,
);

describe('a raw image', () => {
  const rgb = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

  it('of rgb8 is RGB already, without a copy', async () => {
    const data = Uint8Array.from(rgb);
    const out = await decoderOf(config(small), IMAGE)(raw('rgb8', [], { step: 6, data }));
    expect([Array.from(out), out.buffer === data.buffer]).toEqual([rgb, true]);
  });

  it.skipIf(noSharp).each([
    ['bgr8', [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]],
    ['rgba8', [1, 2, 3, 99, 4, 5, 6, 99, 7, 8, 9, 99, 10, 11, 12, 99]],
    ['bgra8', [3, 2, 1, 99, 6, 5, 4, 99, 9, 8, 7, 99, 12, 11, 10, 99]],
  ])('of %s becomes RGB, row by row', async (encoding, bytes) => {
    expect(await decoded(small, raw(encoding, bytes))).toEqual(rgb);
  });

  it.skipIf(noSharp)('of mono8 becomes RGB with three equal channels', async () => {
    expect(await decoded(small, raw('mono8', [1, 2, 3, 4]))).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
  });

  it('of mono8 is grey already; colour becomes grey by its brightness', async () => {
    expect(await decoded({ ...small, channels: 1 }, raw('mono8', [1, 2, 3, 4]))).toEqual([1, 2, 3, 4]);
    const primaries = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    expect(await decoded({ ...small, channels: 1 }, raw('rgb8', primaries))).toEqual([76, 150, 29, 255]);
  });

  it('loses the padding of its rows; the last need not have any', async () => {
    const padded = [1, 2, 77, 77, 3, 4, 77, 77];
    expect(await decoded({ ...small, channels: 1 }, raw('mono8', padded))).toEqual([1, 2, 3, 4]);
    expect(await decoded({ ...small, channels: 1 }, raw('mono8', padded.slice(0, 6), { step: 4 }))).toEqual([
      1, 2, 3, 4,
    ]);
  });

  it('comes as bytes or as a list too', async () => {
    for (const data of [Uint8Array.of(1, 2, 3, 4), [1, 2, 3, 4]])
      expect(await decoded({ ...small, channels: 1 }, raw('mono8', [], { step: 2, data }))).toEqual([1, 2, 3, 4]);
  });

  it.skipIf(noSharp)('is resized: two grey halves stay two grey halves', async () => {
    const halves = Array.from({ length: 8 * 8 }, (_, i) => (i % 8 < 4 ? 10 : 200));
    const message = raw('mono8', halves, { width: 8, height: 8, step: 8 });
    const out = await decoded({ width: 4, height: 4, channels: 1, fit: 'fill' }, message);
    expect(out).toHaveLength(16);
    expect([out[0], out[3], out[12], out[15]]).toEqual([10, 200, 10, 200]);
  });

  it.skipIf(noSharp)('is padded with black to fit, or cropped to cover', async () => {
    const wide = raw('mono8', new Array(32).fill(100), { width: 8, height: 4, step: 8 });
    const contained = await decoded({ width: 4, height: 4, channels: 1 }, wide);
    expect([contained.slice(0, 4), contained.slice(4, 8), contained.slice(12)]).toEqual([
      [0, 0, 0, 0],
      [100, 100, 100, 100],
      [0, 0, 0, 0],
    ]);
    expect(await decoded({ width: 4, height: 4, channels: 1, fit: 'cover' }, wide)).toEqual(new Array(16).fill(100));
  });

  /** Colours by a plain loop; then, where it is to be resized, by sharp from those very bytes. */
  async function byHand(message: ReturnType<typeof raw>, places: number[], size: number, wanted: object) {
    const bytes = Buffer.from(message.data, 'base64');
    const { width, height, step } = message;
    const plain = Array.from({ length: width * height }, (_, i) =>
      places.map((place) => bytes[Math.floor(i / width) * step + (i % width) * size + place]!),
    ).flat();
    const { width: w, height: h, fit, channels } = config(wanted);
    const one = places.length as 1 | 3;
    const sharp = (await loadSharp())(Uint8Array.from(plain), { raw: { width, height, channels: one } });
    const scaled = sharp.resize({ width: w, height: h, fit, kernel: 'linear', background: { r: 0, g: 0, b: 0 } });
    const space = one === 1 ? 'b-w' : 'srgb';
    const { data } = await scaled.toColourspace(space).raw().toBuffer({ resolveWithObject: true });
    if (one === channels) return Array.from(data);
    if (one === 1) return Array.from(data).flatMap((v) => [v, v, v]);
    return Array.from({ length: w * h }, (_, i) =>
      Math.round(0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!),
    );
  }

  it.skipIf(noSharp).each([
    ['rgb8', 3, [0, 1, 2]],
    ['bgr8', 3, [2, 1, 0]],
    ['rgba8', 4, [0, 1, 2]],
    ['bgra8', 4, [2, 1, 0]],
    ['mono8', 1, [0]],
  ])(
    'of %s is to the last bit what a loop over its pixels makes of it, resized or not, padded or not',
    async (encoding, size, places) => {
      const [width, height] = [20, 14];
      for (const step of [width * size, width * size + 5]) {
        // Of everything that a byte can be, the fourth channel too.
        const bytes = Array.from({ length: step * height }, (_, i) => (i * 7919 + (i >> 3) * 31) & 255);
        const message = raw(encoding, bytes, { width, height, step });
        for (const wanted of [
          { width, height },
          { width, height, channels: 1 },
          { width: 9, height: 9 },
          { width: 9, height: 9, fit: 'cover', channels: 1 },
          { width: 31, height: 17, fit: 'fill' },
        ])
          expect(await decoded(wanted, message)).toEqual(await byHand(message, places, size, wanted));
      }
    },
  );

  it('of many pixels is worked off in bands, none left out', async () => {
    const [width, height] = [400, 300];
    const grey = (i: number) => (i * 31) & 255;
    const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => grey(Math.floor(i / 3)));
    const message = raw('rgb8', [], { width, height, step: 3 * width, data: bytes });
    const out = await decoderOf(config({ width, height, channels: 1 }), IMAGE)(message);
    expect(out.every((v, i) => v === grey(i))).toBe(true);
    const mm = Buffer.alloc(width * height * 2);
    for (let i = 0; i < width * height; i++) mm.writeUInt16LE(i % 2000, 2 * i);
    const image = raw('16UC1', [], { width, height, step: 2 * width, data: mm });
    const shades = await decoderOf(config({ width, height, channels: 1, range: [0, 2] }), IMAGE)(image);
    expect(shades.every((v, i) => v === Math.round((255 * (i % 2000)) / 2000))).toBe(true);
  });

  it('of depth may begin at an odd byte', async () => {
    const bytes = Uint8Array.from([99, ...[0, 0, 244, 1, 232, 3, 136, 19]]);
    const message = raw('16UC1', [], { step: 4, data: bytes.subarray(1) });
    expect(await decoded(depth, message)).toEqual([0, 64, 128, 255]);
    expect(bytes[1 + 2]).toBe(244);
  });

  const depth = { ...small, channels: 1, range: [0, 2] };
  const mm = (bigEndian: boolean, ...values: number[]) =>
    values.flatMap((v) => (bigEndian ? [v >> 8, v & 255] : [v & 255, v >> 8]));

  it('of 16UC1, mm, becomes 0 to 255 over its range; 0 is no depth; either byte order', async () => {
    const wanted = [0, 64, 128, 255];
    expect(await decoded(depth, raw('16UC1', mm(false, 0, 500, 1000, 5000)))).toEqual(wanted);
    expect(await decoded(depth, raw('16UC1', mm(true, 0, 500, 1000, 5000), { is_bigendian: 1 }))).toEqual(wanted);
  });

  it('of 32FC1, m: NaN is no depth, ∞ is too far; either byte order', async () => {
    for (const isBigEndian of [0, 1]) {
      const bytes = Buffer.alloc(16);
      for (const [i, v] of [Number.NaN, 0.5, 1, Number.POSITIVE_INFINITY].entries())
        if (isBigEndian) bytes.writeFloatBE(v, 4 * i);
        else bytes.writeFloatLE(v, 4 * i);
      expect(await decoded(depth, raw('32FC1', [...bytes], { is_bigendian: isBigEndian }))).toEqual([0, 64, 128, 255]);
    }
  });

  it('of depth is looked up, not averaged, and padded by nothing', async () => {
    const values = [1000, 1000, 2000, 2000, 1000, 1000, 2000, 2000];
    const message = raw('16UC1', mm(false, ...values), { width: 4, height: 2, step: 8 });
    expect(await decoded({ ...depth, width: 4, height: 4 }, message)).toEqual([
      ...[0, 0, 0, 0],
      ...[128, 128, 255, 255],
      ...[128, 128, 255, 255],
      ...[0, 0, 0, 0],
    ]);
  });

  it.each([
    [raw('bayer_rggb8', [1, 2, 3, 4]), /^encoding is bayer_rggb8, allowed rgb8, /],
    [raw('mono8', [1, 2, 3, 4], { width: 0 }), /^width is 0, allowed 1 to 8192$/],
    [raw('mono8', [1, 2, 3, 4], { height: 1e9 }), /^height is 1000000000, allowed 1 to 8192$/],
    [raw('rgb8', [1, 2, 3, 4]), /^step is 2, at least 6 bytes make a row$/],
    [raw('mono8', [1, 2, 3, 4], { step: 8 }), /^data has 4 bytes of 10$/],
    [raw('mono8', [1, 2, 3, 4], { data: undefined }), /^data is missing$/],
    [raw('mono8', [1, 2, 3, 4], { data: [300, 0, 0, 0] }), /^data is no bytes$/],
    [raw('mono8', [1, 2, 3, 4], { data: [1, 2, 3.5, 4] }), /^data is no bytes$/],
    [raw('mono8', [1, 2, 3, 4], { data: [1, '2', 3, 4] }), /^data is no bytes$/],
    [raw('16UC1', mm(false, 1, 2, 3, 4)), /^is a depth image, and the config gives it no range$/],
    [null, /^encoding is undefined/],
  ])('that is none is refused: %#', async (message, why) => {
    await expect(decoded({ ...small, channels: 1 }, message)).rejects.toThrow(why);
  });
});

describe.skipIf(noSharp)('a compressed image', () => {
  type Maker = (
    input: Uint8Array,
    options: object,
  ) => {
    png(options?: object): { toBuffer(): Promise<Buffer> };
    jpeg(options: object): { toBuffer(): Promise<Buffer> };
    toColourspace(space: string): ReturnType<Maker>;
  };
  const sharp = async () => (await loadSharp()) as unknown as Maker;
  const packed = (format: string, data: Buffer) => ({ header: stamp(0), format, data: data.toString('base64') });
  const red = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => (i % 3 === 0 ? 200 : 30));

  it('of PNG comes out bit for bit, with or without an alpha channel', async () => {
    const rgba = Uint8Array.from({ length: 16 * 4 }, (_, i) => (i % 4 === 3 ? 255 : red[i - Math.floor(i / 4)]!));
    for (const [data, channels] of [
      [red, 3],
      [rgba, 4],
    ] as const) {
      const png = await (await sharp())(data, { raw: { width: 4, height: 4, channels } })
        .png()
        .toBuffer();
      expect(await decoded({ width: 4, height: 4 }, packed('png', png), COMPRESSED)).toEqual(Array.from(red));
    }
  });

  it('of JPEG comes out near enough, resized', async () => {
    const jpeg = await (await sharp())(red, { raw: { width: 4, height: 4, channels: 3 } })
      .jpeg({ quality: 95 })
      .toBuffer();
    const out = await decoded({ width: 2, height: 2 }, packed('rgb8; jpeg compressed bgr8', jpeg), COMPRESSED);
    expect(out).toHaveLength(12);
    for (const [i, v] of out.entries()) expect(Math.abs(v - (i % 3 === 0 ? 200 : 30))).toBeLessThanOrEqual(4);
  });

  it('of grey becomes RGB or stays grey', async () => {
    const grey = Uint8Array.from({ length: 16 }, (_, i) => 10 * i);
    const png = await (await sharp())(grey, { raw: { width: 4, height: 4, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
    expect(await decoded({ width: 4, height: 4, channels: 1 }, packed('png', png), COMPRESSED)).toEqual(
      Array.from(grey),
    );
    expect(await decoded({ width: 4, height: 4 }, packed('png', png), COMPRESSED)).toEqual(
      Array.from(grey).flatMap((v) => [v, v, v]),
    );
  });

  it('of 16-bit depth is read in mm, behind the header of compressedDepth too', async () => {
    const values = Uint16Array.of(0, 500, 1000, 5000);
    const png = await (await sharp())(values as unknown as Uint8Array, { raw: { width: 2, height: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const depth = { ...small, channels: 1, range: [0, 2] };
    expect(await decoded(depth, packed('16UC1; png compressed', png), COMPRESSED)).toEqual([0, 64, 128, 255]);
    const behind = Buffer.concat([Buffer.alloc(12), png]);
    expect(await decoded(depth, packed('16UC1; compressedDepth png', behind), COMPRESSED)).toEqual([0, 64, 128, 255]);
    await expect(decoded(depth, packed('32FC1; compressedDepth png', behind), COMPRESSED)).rejects.toThrow(
      /only 16UC1/,
    );
  });

  it('that is none is refused', async () => {
    for (const data of [Buffer.from('no picture'), Buffer.alloc(0)])
      await expect(decoded(small, packed('jpeg', data), COMPRESSED)).rejects.toThrow(/^cannot be decoded: /);
  });
});

describe('the newest image', () => {
  /** A slot whose decoder answers when it is told to. */
  function slot() {
    const asked: { message: unknown; answer(data: Uint8Array): void; fail(error: Error): void }[] = [];
    const decode = (message: unknown) =>
      new Promise<Uint8Array>((answer, fail) => {
        asked.push({ message, answer, fail });
      });
    const image = new ImageSlot(config(small), decode, 100 * MS);
    const frame = (message: unknown, atMs: number, linkEpoch = 1) =>
      image.accept({ topic: '/wrist', type: IMAGE, message, receivedNs: atMs * MS, linkEpoch });
    const settled = () => new Promise((resolve) => setImmediate(resolve));
    const data = (atMs: number) => {
      const seen = image.read(atMs * MS);
      return typeof seen === 'string' ? seen : seen.data[0];
    };
    return { image, asked, frame, settled, data };
  }

  it('wins: one is decoded, the newest waits, the others are dropped and counted', async () => {
    const { image, asked, frame, settled, data } = slot();
    for (const n of [1, 2, 3, 4]) frame(n, n);
    expect(data(4)).toBe('nothing came on /wrist');
    asked[0]!.answer(Uint8Array.of(1));
    await settled();
    expect([data(5), asked.map((a) => a.message)]).toEqual([1, [1, 4]]);
    asked[1]!.answer(Uint8Array.of(4));
    await settled();
    expect([data(5), image.counters]).toEqual([4, { decoded: 2, dropped: 2, failed: 0 }]);
  });

  it('is too old 100 ms after it came, not after it was decoded', async () => {
    const { asked, frame, settled, data } = slot();
    frame(1, 0);
    asked[0]!.answer(Uint8Array.of(1));
    await settled();
    expect([data(100), data(101)]).toEqual([1, 'the latest on /wrist is 101 ms old, at most 100 allowed']);
  });

  it('that cannot be decoded is missing, until a good one comes', async () => {
    const { image, asked, frame, settled, data } = slot();
    frame(1, 0);
    asked[0]!.answer(Uint8Array.of(1));
    await settled();
    frame(2, 10);
    asked[1]!.fail(new Error('has no end'));
    await settled();
    expect(data(10)).toBe('the image has no end');
    frame(3, 20);
    asked[2]!.answer(Uint8Array.of(3));
    await settled();
    expect([data(20), image.counters.failed]).toEqual([3, 1]);
  });

  it('of before a reconnection is not used, nor one that is decoded after it', async () => {
    const { asked, frame, settled, data } = slot();
    frame(1, 0, 1);
    frame(2, 10, 2);
    asked[0]!.answer(Uint8Array.of(1));
    await settled();
    expect(data(10)).toBe('nothing came on /wrist');
  });
});

describe('images in an observation', () => {
  const features = [{ from: '/joint_states.position[*]' }];
  const images = [{ name: 'wrist', topic: '/wrist', ...small, channels: 1 }];

  it('come with it, and without them there is none', async () => {
    const topics = { '/wrist': { type: 'sensor_msgs/Image' } };
    const t = new Timeline(compile({ topics, base: { features }, images }));
    t.joints([1, 2], 0);
    expect(t.base(0)).toBe('wrist: nothing came on /wrist');
    t.frame('/wrist', raw('mono8', [1, 2, 3, 4]), 0);
    await new Promise((resolve) => setImmediate(resolve));
    const [image] = t.observe(0)!.images!;
    expect(image).toMatchObject({ name: 'wrist', width: 2, height: 2, channels: 1, receivedNs: 0 });
    expect([...image!.data]).toEqual([1, 2, 3, 4]);
  });

  it.each([
    [
      {},
      'task.observation.images[0] /wrist: its type is not known: say `/wrist: { type: pkg/msg/Type }` under observation.topics',
    ],
    [
      { '/wrist': { type: 'std_msgs/String' } },
      'task.observation.images[0] /wrist: is std_msgs/msg/String, no sensor_msgs/msg/Image or CompressedImage',
    ],
    [
      { '/wrist': { type: 'sensor_msgs/Image', sync: 'nearest' } },
      'task.observation.images[0] /wrist: the newest image is taken: sync nearest is not possible',
    ],
  ])('need a topic of their kind: %j', (topics, why) => {
    expect(complaints({ topics, base: { features }, images })).toBe(why);
  });

  it('need sharp, and say how to get it where it is not', async () => {
    await expect(loadSharp('no-such-image-library')).rejects.toMatchObject({
      code: 'RA_IMAGE_SUPPORT',
      exitCode: 2,
      next: expect.stringContaining('npm install sharp'),
    });
  });
});
