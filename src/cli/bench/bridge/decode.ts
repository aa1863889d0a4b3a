import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeCbor } from '../../../../bridges/messages/cbor.ts';
import { encodePublication } from '../../../../bridges/messages/cbor-writer.ts';
import { TYPES } from '../../../../bridges/messages/messages.ts';
import { shapeOf } from '../../../../bridges/messages/shape.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { packageRoot } from '../../../core/paths.ts';
import { type BenchOptions, type Outcome, rowOf } from '../rows.ts';
import { jointStateText } from './robot.ts';

const ROUNDS = 5;
const ARRAY = 10_000;

/** A message on the wire, in both spellings, and how often one sample decodes it. */
interface Frame {
  readonly name: string;
  readonly cbor: Uint8Array;
  readonly json: string;
  readonly times: number;
}

function frames(): Frame[] {
  const state = JSON.parse(jointStateText(1)) as { topic: string; msg: object };
  const array = {
    op: 'publish',
    topic: '/array',
    msg: {
      layout: { dim: [], data_offset: 0 },
      data: Array.from({ length: ARRAY }, (_, i) => Math.sin(i) * 1.234567),
    },
  };
  const type = 'std_msgs/msg/Float64MultiArray';
  const of = (name: string, { topic, msg }: typeof state, as: string, times: number): Frame => ({
    name: `decode ${name}`,
    cbor: encodePublication(topic, msg, shapeOf(as)),
    json: JSON.stringify({ op: 'publish', topic, msg }),
    times,
  });
  return [of('JointState', state, TYPES.jointState, 2000), of(`float64[${ARRAY}]`, array, type, 20)];
}

/** The very library that roslib decodes with; it is a dependency of roslib, not of ours. */
async function ofRoslib(): Promise<(bytes: Uint8Array) => unknown> {
  const roslib = join(packageRoot, 'node_modules/roslib/package.json');
  const { decode } = (await import(pathToFileURL(createRequire(roslib).resolve('cbor2')).href)) as {
    decode(bytes: Uint8Array): unknown;
  };
  return decode;
}

/** µs to decode a message: our CBOR reader, the one that roslib uses, and JSON of the same message, in turns. */
export async function benchDecode(_config: RunConfig, { samples = ROUNDS }: BenchOptions): Promise<Outcome> {
  const cbor2 = await ofRoslib();
  const results = frames().flatMap(({ name, cbor, json, times }) => {
    const subjects: readonly [string, () => unknown][] = [
      ['ours', () => decodeCbor(cbor)],
      ['cbor2 (roslib)', () => cbor2(cbor)],
      ['JSON.parse', () => JSON.parse(json)],
    ];
    for (const [subject, decode] of subjects)
      if (written(decode()) !== json) throw new Error(`${name}: ${subject} reads another message`);
    const all = subjects.map((): number[] => []);
    for (let round = 0; round <= samples; round++)
      for (const [i, [, decode]] of subjects.entries()) {
        const begin = performance.now();
        for (let n = 0; n < times; n++) decode();
        // The first turn warms up.
        if (round > 0) all[i]!.push(((performance.now() - begin) * 1000) / times);
      }
    return subjects.map(([subject], i) => rowOf(name, subject, 'µs', all[i]!));
  });
  return { results };
}

/** As JSON; typed arrays as plain ones. */
const written = (value: unknown): string =>
  JSON.stringify(value, (_key, v) => (ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v));
