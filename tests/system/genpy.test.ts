import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg-serialization';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../bridges/messages/definitions.ts';
import { ros1Text } from '../../bridges/messages/ros1.ts';
import { type Field, type Shape, shapeOf } from '../../bridges/messages/shape.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { needs } from '../interop/peers.ts';

/** The distribution's own Python: ROS 1 is packaged for that one. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = join(packageRoot, 'tests/interop/genpy_check.py');

interface Answer {
  type: string;
  installed: boolean;
  md5: string;
  ours_md5: string;
  bytes: string;
}

const short = (type: string) => type.replace(/\/(msg|srv)\//, '/');
/** Of what ROS 1 has as a message: the halves of a service are checked by the service. */
const TYPES = [...definitions.keys()].filter(
  (type) => type.includes('/msg/') && !type.startsWith('builtin_interfaces/'),
);

/** Where ROS 2, whose definitions ours are, has changed a type since. We read these and send none. */
const CHANGED = new Set(['sensor_msgs/Range']);

/** A header of ROS 1 begins with its `seq`; `ros1Text` sees to the headers within other messages. */
const textOfRoot = (type: string) =>
  `${type === 'std_msgs/msg/Header' ? 'uint32 seq\n' : ''}${ros1Text(definitions.get(type)!)}`;

/** A value with another number in every field, in the spelling of ROS 1. */
function sampleOf(shape: Shape): Record<string, unknown> {
  let n = 0;
  const one = (field: Field): unknown => {
    n++;
    switch (field.kind) {
      case 'message':
        return message(field.shape!);
      case 'time':
        return { secs: n, nsecs: 2 * n };
      case 'string':
        return `text ${n} é`;
      case 'bool':
        return n % 2 === 0;
      case 'float32':
        return n * 0.5;
      case 'float64':
        return n * 1.1;
      default:
        return n % 100;
    }
  };
  const message = (of: Shape): Record<string, unknown> => ({
    ...(of.header ? { seq: 7 } : {}),
    ...Object.fromEntries(
      of.fields.map((field) => [
        field.name,
        field.list ? Array.from({ length: field.length < 0 ? 3 : field.length }, () => one(field)) : one(field),
      ]),
    ),
  });
  return message(shape);
}

/** The same as the writer wants it: `{sec, nsec}`, bigint where there are 64 bits. */
function forWriter(value: unknown, shape: Shape): unknown {
  const from = value as Record<string, unknown>;
  const one = (v: unknown, field: Field): unknown => {
    if (field.kind === 'message') return forWriter(v, field.shape!);
    if (field.kind === 'time') {
      const { secs, nsecs } = v as { secs: number; nsecs: number };
      return { sec: secs, nsec: nsecs };
    }
    return field.kind === 'int64' || field.kind === 'uint64' ? BigInt(v as number) : v;
  };
  const fields = shape.fields.map((f) => {
    const v = from[f.name];
    return [f.name, f.list ? (v as unknown[]).map((e) => one(e, f)) : one(v, f)];
  });
  return { ...from, ...Object.fromEntries(fields) };
}

function ask(lines: object[]): Answer[] | string {
  try {
    execFileSync(PYTHON, ['-c', 'import genpy, std_msgs.msg'], { stdio: 'pipe' });
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
  const said = execFileSync(PYTHON, [SCRIPT], {
    input: lines.map((line) => JSON.stringify(line)).join('\n'),
    encoding: 'utf8',
  });
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

describe("ROS 1's own serialisation", () => {
  it('makes of our definitions the types that it knows, and of our values the same bytes', (context) => {
    const asked = TYPES.map((type) => ({
      type: short(type),
      text: textOfRoot(type),
      value: sampleOf(shapeOf(type)!),
    }));
    const answers = ask(asked);
    if (typeof answers === 'string') {
      needs(context, 'ros1', 'genpy', answers);
      return;
    }
    const missing = answers.filter((a) => !a.installed && !a.type.startsWith('reflexarc_msgs/')).map((a) => a.type);
    if (missing.length > 0)
      process.stderr.write(`of no installed package, so only our own text was checked: ${missing.join(', ')}\n`);
    const installed = answers.filter((a) => a.installed);
    const differ = installed.filter((a) => a.ours_md5 !== a.md5);
    expect(differ.map((a) => a.type)).toEqual([...CHANGED]);
    const written = asked.map(({ type, text, value }, i) => {
      const bytes = new MessageWriter(parse(text)).writeMessage(forWriter(value, shapeOf(TYPES[i]!)!));
      return `${type} ${Buffer.from(bytes).toString('hex')}`;
    });
    const same = (line: string) => !CHANGED.has(line.split(' ')[0]!);
    expect(answers.map((a) => `${a.type} ${a.bytes}`).filter(same)).toEqual(written.filter(same));
    expect(installed.length).toBeGreaterThan(8);
  });
});
