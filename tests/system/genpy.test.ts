import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@foxglove/rosmsg';
import { MessageWriter } from '@foxglove/rosmsg-serialization';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { definitions } from '../../bridges/messages/definitions.ts';
import { type Field, type Shape, shapeOf } from '../../bridges/messages/shape.ts';
import { spellOutgoing, spellType } from '../../bridges/rosbridge/dialect.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { withLease } from '../../controllers/interfaces/lease.ts';
import { type RobotConfig, robotSchema } from '../../src/core/config-schema.ts';
import type { SafeAction } from '../../src/core/signals.ts';
import { scene } from '../../src/daemon/scene.ts';
import { EXAMPLES } from '../bridges/messages/examples.ts';
import {
  type Asked,
  askGenpy,
  buildOurs,
  buildPackage,
  CHECKED_MESSAGES,
  CHECKED_SERVICES,
  GENPY_MODULES,
  NOT_IN_DEBIAN,
  OF_PACKAGE,
  ros1TextOf,
} from '../interop/genpy.ts';
import { needs, ros1Lacks } from '../interop/peers.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-genpy-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const lacking = ros1Lacks(GENPY_MODULES);
const short = (type: string) => type.replace(/\/(msg|srv)\//, '/');
const packageOf = (type: string) => type.split('/')[0]!;
const TYPES = CHECKED_MESSAGES.filter((type) => !OF_PACKAGE.includes(type));
const SERVICES = CHECKED_SERVICES;

/** Where ROS 2, whose definitions ours are, has changed a type since. We read these and send none. */
const CHANGED = new Set(['sensor_msgs/Range']);

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

const JOINT = { position: [-2, 2], velocity: 2, acceleration: 10, jerk: 5000, effort: 87 };
function robotOf(how: object): RobotConfig {
  const joints = ['shoulder', 'elbow'].map((name) => ({ ...JOINT, name }));
  return robotSchema.parse({ name: 'arm', joints, topics: { command: '/command' }, interface: how });
}
const action = (setpoint: readonly number[]) =>
  ({
    ...{
      setpoint: Float64Array.from(setpoint),
      reach: Float64Array.of(0.25, -0.5),
      mode: 'ACTIVE',
      source: 'policy',
      epoch: 1_700_000_000_123,
      seq: 34,
    },
    ...{ stampNs: 77, expiresNs: 0, leaseMs: 100, stateStampNs: 2_000_000_001 },
  }) as unknown as SafeAction;

/** Every way in which a robot is commanded, with a setpoint of it. */
const COMMANDED: readonly [how: Record<string, unknown>, setpoint: number[]][] = [
  ...['joint_velocity', 'joint_position'].flatMap((type) =>
    ['float64_multi_array', 'joint_jog', 'joint_trajectory'].map((message): [Record<string, unknown>, number[]] => [
      { type, message },
      [0.5, -1],
    ]),
  ),
  [{ type: 'cartesian_impedance' }, [0.5, 0, 0.1, 1, 0, 0, 0, 2000, 150]],
  [{ type: 'cartesian_impedance', message: 'pose_stamped', stiffness_topic: '/k' }, [1, 2, 3, 0, 0, 0.6, 0.8, 700, 30]],
  [{ type: 'twist', message: 'twist', footprint: { radius: 0.3 }, scale: [0.5, 0, 1] }, [0.5, 0, -1]],
  [{ type: 'twist', message: 'twist_stamped', footprint: { radius: 0.3 }, scale: [0.5, 0, 1] }, [0.5, 0, -1]],
  [{ type: 'tip_twist', scale: [0.1, 0.1, 0.1, 0, 0, 0.5] }, [0.1, 0, -0.1, 0, 0, 0.5]],
];

/** Where Debian has no package of the type, its class is made of our own text. */
const asked = (type: string, wire: unknown): Asked => ({
  message: short(type),
  wire: JSON.parse(JSON.stringify(wire)),
  ...(NOT_IN_DEBIAN.includes(packageOf(type)) && { text: ros1TextOf(type) }),
});

describe("ROS 1's own serialisation", () => {
  it('makes of our definitions the types that it knows, and of our values the same bytes', (context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const lines = TYPES.map((type) => ({
      ...{ definition: short(type), text: ros1TextOf(type), value: sampleOf(shapeOf(type)!) },
    }));
    const answers = askGenpy(lines).map((answer, i) => ({ ...answer, type: lines[i]!.definition }));
    // Of every package that Debian has, every type of ours is there: none was held against nothing but itself.
    const own = answers.filter((a) => !a.installed).map((a) => a.type);
    expect(own.filter((type) => !type.startsWith('reflexarc_msgs/'))).toEqual(['control_msgs/JointJog']);
    expect(own.filter((type) => type.startsWith('reflexarc_msgs/'))).toHaveLength(12);
    const differ = answers.filter((a) => a.installed && a.ours_md5 !== a.md5);
    expect(differ.map((a) => a.type)).toEqual([...CHANGED]);
    const written = lines.map(({ definition, text, value }, i) => {
      const bytes = new MessageWriter(parse(text)).writeMessage(forWriter(value, shapeOf(TYPES[i]!)!));
      return `${definition} ${Buffer.from(bytes).toString('hex')}`;
    });
    const same = (line: string) => !CHANGED.has(line.split(' ')[0]!);
    expect(answers.map((a) => `${a.type} ${a.bytes}`).filter(same)).toEqual(written.filter(same));
  });

  it('makes of the scene that we draw the same bytes, and a node of ROS 1 has every field of it', (context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const header = { stamp: { sec: 12, nanosec: 345_678_901 }, frame_id: 'base' };
    const box = { min: [0.3, -0.2, 0.02], max: [0.6, 0.2, 0.5] };
    const safety = { pose_box: box, target_box: box, force_limit: 30, force_soft: 20 } as never;
    const drawn = scene(header, { safety }, [0.4, 0, 0.1, 0, 0, 0, 1], [0.5, 0, 0.05, 0, 0, 0, 1], [3, -25, 1]);
    // What ROS 1 has besides, and has empty where nobody says it.
    const unsaid = {
      ...{ lifetime: { sec: 0, nanosec: 0 }, frame_locked: false, colors: [], text: '' },
      ...{ mesh_resource: '', mesh_use_embedded_materials: false },
    };
    const filled = drawn.markers.map((marker) => ({ ...unsaid, ...marker }));
    const whole = [filled[2], { markers: filled }].map((message) => wireOf(message));
    expect(OF_PACKAGE.map(short)).toEqual(['visualization_msgs/Marker', 'visualization_msgs/MarkerArray']);
    const wires = OF_PACKAGE.map((type, i) => ({ type, wire: wireOf([drawn.markers[2], drawn][i]) }));
    const same = wires.map(({ type, wire }) => ({ definition: short(type), text: ros1TextOf(type), value: wire }));
    const written = OF_PACKAGE.map((type, i) => {
      const bytes = new MessageWriter(parse(ros1TextOf(type))).writeMessage(nsec(whole[i]));
      return Buffer.from(bytes).toString('hex');
    });
    const answers = askGenpy(same);
    expect(answers.map(({ installed, bytes }) => [installed, bytes])).toEqual(written.map((bytes) => [true, bytes]));
    expect(answers.map((a) => a.ours_md5)).toEqual(answers.map((a) => a.md5));
    const read = askGenpy(wires.map((one) => asked(one.type, one.wire)));
    // Colours are float32.
    expect(read).toEqual(whole.map((message) => ({ read: float32(message) })));
    expect(drawn.markers.map((marker) => (marker as { ns: string }).ns)).toEqual(['workspace', 'target', 'force']);
  });

  it.for(COMMANDED)('reads our commands as they go to a ROS 1 bridge, every field: %j', ([how, setpoint], context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const encoder = withLease(commandInterface(robotOf(how)).codec, '/lease');
    const { before = [], ...command } = encoder.encode(action(setpoint));
    const all = [command, ...before].map(({ type, message }) => ({ type, wire: spellOutgoing(message, 1) }));
    // Of our own types the package is generated below; here they are of our text.
    const lines = all.map(({ type, wire }) => {
      const line = asked(type, wire);
      return packageOf(type) === 'reflexarc_msgs' ? { ...line, text: ros1TextOf(type) } : line;
    });
    expect(all.every(({ type }) => spellType(type, 1).split('/').length === 2)).toBe(true);
    expect(askGenpy(lines)).toEqual(lines.map(({ wire }) => ({ read: wire })));
  });

  it('generates our package as users build it, and reads each of our messages and services with it', (context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const python = join(dir, 'python');
    buildOurs(python, dir);
    // NaN has no JSON; int64 beyond 2^53 neither.
    const spelt = (value: unknown) =>
      JSON.parse(
        JSON.stringify(spellOutgoing(plain(value), 1), (_key, v) =>
          typeof v === 'bigint' ? Number(v) : Number.isNaN(v) ? 0 : v,
        ),
      ) as unknown;
    const messages = TYPES.filter((type) => packageOf(type) === 'reflexarc_msgs');
    const lines: Asked[] = messages.map((type) => ({ message: short(type), wire: spelt(EXAMPLES[type]) }));
    for (const service of SERVICES) {
      const half = (name: string) => spelt(EXAMPLES[`${service}_${name}`] ?? {});
      lines.push(
        { request: short(service), wire: half('Request') },
        { response: short(service), wire: half('Response') },
      );
    }
    expect(askGenpy(lines, python)).toEqual(lines.map(({ wire }) => ({ read: wire })));
    expect(lines.map(({ message, response }) => message ?? response).filter(Boolean)).toEqual(
      expect.arrayContaining(['reflexarc_msgs/SetScale', 'std_srvs/Trigger', 'std_srvs/SetBool']),
    );
  });

  it('knows the services that we answer by the same digest', (context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const standard = SERVICES.filter((type) => packageOf(type) === 'std_srvs');
    mkdirSync(join(dir, 'twins/srv'), { recursive: true });
    for (const type of standard) {
      const half = (name: string) => definitions.get(`${type}_${name}`) ?? '';
      const file = join(dir, 'twins/srv', `${type.split('/').at(-1)}.srv`);
      writeFileSync(file, `${half('Request')}\n---\n${half('Response')}\n`);
    }
    const python = join(dir, 'twins-python');
    buildPackage('twins', join(dir, 'twins'), python, dir);
    const digests = (of: (type: string) => string) =>
      askGenpy(
        standard.map((type) => ({ service: of(type) })),
        python,
      );
    expect(standard.map(short)).toEqual(['std_srvs/Trigger', 'std_srvs/SetBool']);
    expect(digests((type) => `twins/${type.split('/').at(-1)}`)).toEqual(digests(short));
  });

  it('refuses what a ROS 1 bridge drops without a word: a time of ROS 2, an unknown field, null', (context) => {
    needs(context, 'ros1', 'genpy', lacking);
    const header = { seq: 0, stamp: { secs: 1, nsecs: 2 }, frame_id: 'base' };
    const bad = [
      asked('std_msgs/msg/Header', { ...header, stamp: { sec: 1, nanosec: 2 } }),
      asked('geometry_msgs/msg/PoseStamped', { header, pose: {}, lease_ms: 100 }),
      asked('std_msgs/msg/Float64', { data: null }),
      asked('std_msgs/msg/Header', { ...header, seq: 0.5 }),
    ];
    for (const answer of askGenpy(bad)) expect(answer).toEqual({ error: expect.any(String) });
  });
});

const wireOf = (message: unknown): unknown => JSON.parse(JSON.stringify(spellOutgoing(message, 1)));

/** Times as the writer wants them. */
const nsec = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(nsec);
  const { secs, nsecs, ...more } = value as Record<string, unknown>;
  return secs === undefined ? mapped(more, nsec) : { sec: secs, nsec: nsecs };
};

/** Colours as far as their numbers reach. */
const float32 = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(float32);
  return 'r' in value ? mapped(value, (v) => Math.fround(v as number)) : mapped(value, float32);
};
const mapped = (of: object, by: (v: unknown) => unknown) =>
  Object.fromEntries(Object.entries(of).map(([key, v]) => [key, by(v)]));

/** Lists of numbers as JSON has them. */
const plain = (value: unknown): unknown =>
  ArrayBuffer.isView(value)
    ? Array.from(value as unknown as ArrayLike<number>)
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]))
        : value;
