import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeCbor } from '../../../../bridges/messages/cbor.ts';
import { encodeCbor, encodePublication } from '../../../../bridges/messages/cbor-writer.ts';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { rawWriter } from '../../../../bridges/messages/raw-writer.ts';
import { shapeOf } from '../../../../bridges/messages/shape.ts';
import { rawReader } from '../../../../bridges/rosbridge/raw.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { packageRoot } from '../../../core/paths.ts';
import { type BenchOptions, type Outcome, rowOf } from '../rows.ts';
import { jointState, STATES } from './robot.ts';
import { inTurns, ROUNDS } from './turns.ts';

const ARRAY = 10_000;
const [WIDTH, HEIGHT] = [640, 480];

/** A message, and how often one sample decodes it. */
interface Kind {
  readonly name: string;
  readonly type: string;
  readonly message: object;
  readonly times: number;
  /** A `uint8[]` in it, which JSON has as base64 text. */
  readonly bytes?: string;
}

const header = jointState(1).header;
const KINDS: readonly Kind[] = [
  { name: 'JointState', type: TYPES.jointState, message: jointState(1), times: 2000 },
  {
    ...{ name: `float64[${ARRAY}]`, type: 'std_msgs/msg/Float64MultiArray', times: 20 },
    message: {
      layout: { dim: [], data_offset: 0 },
      data: Array.from({ length: ARRAY }, (_, i) => Math.sin(i) * 1.234567),
    },
  },
  {
    ...{ name: `Image ${WIDTH}x${HEIGHT} rgb8`, type: 'sensor_msgs/msg/Image', times: 20, bytes: 'data' },
    message: {
      ...{ header, height: HEIGHT, width: WIDTH, encoding: 'rgb8', is_bigendian: 0, step: 3 * WIDTH },
      data: Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (i * 7919) >> 5),
    },
  },
];

type Cbor = (bytes: Uint8Array) => unknown;
type Decoders = readonly (readonly [subject: string, decode: () => object])[];

/** From the frame on the wire to the message, bytes as bytes, in each spelling that the client can ask for. */
function decodersOf({ type, message, bytes }: Kind, cbor2: Cbor): Decoders {
  const topic = STATES;
  const cbor = encodePublication(topic, message, shapeOf(type));
  const { sec: secs, nanosec: nsecs } = header.stamp;
  const raw = encodeCbor({ op: 'publish', topic, msg: { secs, nsecs, bytes: rawWriter(type)!(message) } });
  const text = Buffer.from(
    JSON.stringify({ op: 'publish', topic, msg: message }, (_key, v) =>
      v instanceof Uint8Array ? Buffer.from(v).toString('base64') : v,
    ),
  );
  const readRaw = rawReader(type, 2)!;
  const msgOf = (operation: unknown) => (operation as { msg: Record<string, unknown> }).msg;
  return [
    ['ours', () => msgOf(decodeCbor(cbor))],
    ['ours, cbor-raw', () => readRaw(msgOf(decodeCbor(raw)).bytes as Uint8Array) as object],
    ['cbor2 (roslib)', () => msgOf(cbor2(cbor))],
    [
      'JSON.parse',
      () => {
        const msg = msgOf(JSON.parse(text.toString('utf8')));
        return bytes === undefined ? msg : { ...msg, [bytes]: Buffer.from(msg[bytes] as string, 'base64') };
      },
    ],
  ];
}

/** The very library that roslib decodes with; it is a dependency of roslib, not of ours. */
async function ofRoslib(): Promise<Cbor> {
  const roslib = join(packageRoot, 'node_modules/roslib/package.json');
  const { decode } = (await import(pathToFileURL(createRequire(roslib).resolve('cbor2')).href)) as { decode: Cbor };
  return decode;
}

/**
 * µs from a frame to its message: our CBOR reader, the same with ROS's own bytes inside (`cbor-raw`), the reader that roslib uses, and JSON of
 * the same message, in turns.
 */
export async function benchDecode(_config: RunConfig, { samples = ROUNDS }: BenchOptions): Promise<Outcome> {
  const cbor2 = await ofRoslib();
  const outcome: Outcome = { results: [] };
  for (const kind of KINDS) {
    const decoders = decodersOf(kind, cbor2);
    const name = `decode ${kind.name}`;
    for (const [subject, decode] of decoders)
      if (written(decode()) !== written(kind.message)) throw new Error(`${name}: ${subject} reads another message`);
    const all = await inTurns(decoders, samples, async ([, decode]) => {
      const begin = performance.now();
      for (let n = 0; n < kind.times; n++) decode();
      return [((performance.now() - begin) * 1000) / kind.times];
    });
    for (const [[subject], µs] of all) outcome.results.push(rowOf(name, subject, 'µs', µs));
  }
  return outcome;
}

/** As JSON; bytes by what is in them, other typed arrays as plain ones. */
const written = (message: object): string =>
  JSON.stringify(
    Object.entries(message).map(([key, v]) => [
      key,
      v instanceof Uint8Array
        ? Buffer.from(v).toString('base64')
        : ArrayBuffer.isView(v)
          ? Array.from(v as Float64Array)
          : v,
    ]),
  );
