import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { robotSchema, taskSchema } from '../../../src/core/config-schema.ts';
import { ReflexArcError } from '../../../src/core/errors.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { makeRobotState, type Observation } from '../../../src/core/signals.ts';
import { compileObservation } from '../../../src/pipeline/observation/compile.ts';

export const MS = 1e6;

const yaml = (file: string) =>
  parse(readFileSync(join(packageRoot, 'configs', file), 'utf8')) as Record<string, unknown>;

/** Two joints, j1 and j2, as `/joint_states` names them. */
export const robot = robotSchema.parse({
  name: 'arm',
  joints: ['j1', 'j2'].map((name) => ({ name, position: [-3, 3], velocity: 1, acceleration: 1, jerk: 1, effort: 1 })),
  topics: {},
  interface: { type: 'joint_velocity' },
});
export const fr3 = robotSchema.parse(yaml('robots/fr3.yaml'));
export const peg = taskSchema.parse(yaml('tasks/peg.yaml'));

export const task = (observation: object) => taskSchema.parse({ name: 'test', observation });
export const compile = (observation: object) => compileObservation(robot, task(observation));

/** The mapping whose base is made of these features. */
export const mapped = (features: object[], rest: object = {}) => compile({ base: { features }, ...rest });

/** All complaints about a mapping, one a line. */
export function complaints(observation: object): string {
  try {
    compile(observation);
  } catch (error) {
    if (error instanceof ReflexArcError && error.code === 'RA_CONFIG_INVALID') return error.seen;
    throw error;
  }
  return '';
}

export const stamp = (ms: number) => ({
  stamp: { sec: Math.floor(ms / 1e3), nanosec: (ms % 1e3) * 1e6 },
  frame_id: 'base',
});

/** A timeline of frames and states, with stamps and arrivals in ms. */
export class Timeline {
  readonly mapping: ReturnType<typeof compileObservation>;
  readonly #state = makeRobotState(2);
  #index = 0;

  constructor(mapping: ReturnType<typeof compileObservation>) {
    this.mapping = mapping;
  }

  frame(topic: string, message: unknown, atMs: number, linkEpoch = 1): this {
    this.mapping.accept({ topic, type: '', message, receivedNs: atMs * MS, linkEpoch });
    return this;
  }

  /** A JointState of `j1 j2`; arrives `lateMs` after its stamp. */
  joints(position: unknown[], atMs: number, lateMs = 0, name: unknown = ['j1', 'j2']): this {
    const zero = position.map(() => 0);
    return this.frame(
      '/joint_states',
      { header: stamp(atMs), name, position, velocity: zero, effort: zero },
      atMs + lateMs,
    );
  }

  /** A PoseStamped `[x y z qx qy qz qw]`. */
  pose(topic: string, p: (number | null)[], atMs: number, lateMs = 0): this {
    const [x, y, z, qx, qy, qz, qw] = p;
    const pose = { position: { x, y, z }, orientation: { x: qx, y: qy, z: qz, w: qw } };
    return this.frame(topic, { header: stamp(atMs), pose }, atMs + lateMs);
  }

  /** What the mapping makes of a state of this stamp and arrival. */
  observe(atMs: number, index = this.#index + 1, lateMs = 0): Observation | null {
    this.#index = index;
    Object.assign(this.#state, { seq: index, stampNs: atMs * MS, receivedNs: (atMs + lateMs) * MS });
    return this.mapping.observe(this.#state, index);
  }

  /** The base vector, or why there is none. */
  base(atMs: number, index?: number): number[] | string {
    const observation = this.observe(atMs, index);
    return observation === null ? this.mapping.lastMissing : Array.from(observation.base);
  }
}
