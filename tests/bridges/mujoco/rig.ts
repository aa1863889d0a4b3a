import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { EquilibriumCommand } from '../../../bridges/messages/messages.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { scriptedAction } from '../../../policies/base/scripted.ts';
import { robotSchema, type TaskConfig, taskSchema } from '../../../src/core/config-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { makeRobotState } from '../../../src/core/signals.ts';
import { type WorldConfig, worldOf } from '../../../src/core/task-world.ts';

const yaml = (file: string) => parse(readFileSync(join(packageRoot, 'configs', file), 'utf8'));

export const robot = robotSchema.parse(yaml('robots/fr3.yaml'));
export const modelFile = join(packageRoot, 'configs/worlds/peg.xml');

/** The shipped task, with the deadman of these tests' hand-worked times. */
export function task(world: Partial<WorldConfig> = {}): TaskConfig {
  const shipped = taskSchema.parse(yaml('tasks/peg.yaml'));
  return { ...shipped, world: { ...worldOf(shipped), deadman_ms: 100, ...world } };
}

export const makeWorld = (world: Partial<WorldConfig> = {}) => PegWorld.load(robot, task(world), modelFile);

/** A command for the setpoint `[x y z qx qy qz qw kt kr]`. */
export function command(
  epoch: number,
  seq: number,
  s: ArrayLike<number> = [0.5, 0, 0.1, 1, 0, 0, 0, 2000, 150],
  over: Partial<EquilibriumCommand> = {},
): EquilibriumCommand {
  return {
    header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base' },
    epoch,
    seq,
    lease_ms: 100,
    state_stamp: { sec: 0, nanosec: 0 },
    pose: {
      position: { x: s[0]!, y: s[1]!, z: s[2]! },
      orientation: { x: s[3]!, y: s[4]!, z: s[5]!, w: s[6]! },
    },
    stiffness: s[7]!,
    stiffness_rotation: s[8]!,
    mode: 'ACTIVE',
    source: 'policy',
    ...over,
  };
}

/** The setpoint that keeps the tip where it is. */
export function here(world: PegWorld, stiffness = 2000): Float64Array {
  return Float64Array.of(...world.pose, stiffness, 150);
}

/**
 * One episode of the script at 20 Hz, without a gate: setpoint += action · 5 mm, then held within 10 mm of the measured
 * pose. `epoch` must be newer than any before.
 */
export function playScript(world: PegWorld, seed: number, epoch: number, hole: 'true' | 'estimate') {
  const state = makeRobotState(7);
  const action = new Float64Array(4);
  const relative = new Float64Array(3);
  const jointsMin = new Float64Array(7).fill(Number.POSITIVE_INFINITY);
  const jointsMax = new Float64Array(7).fill(Number.NEGATIVE_INFINITY);
  world.reset(seed);
  const setpoint = here(world);
  let seq = 0;
  for (let decision = 0; decision < 220 && !world.ended; decision++) {
    const to = hole === 'true' ? world.holePose : world.estimate;
    for (let i = 0; i < 3; i++) relative[i] = world.pose[i]! - to[i]!;
    scriptedAction(relative, action);
    for (let i = 0; i < 3; i++) {
      const wanted = setpoint[i]! + 0.005 * action[i]!;
      setpoint[i] = Math.min(world.pose[i]! + 0.01, Math.max(world.pose[i]! - 0.01, wanted));
    }
    for (let tick = 0; tick < 5; tick++) {
      world.receive(command(epoch, ++seq, setpoint));
      world.advance();
      world.readState(state);
      for (let j = 0; j < 7; j++) {
        jointsMin[j] = Math.min(jointsMin[j]!, state.position[j]!);
        jointsMax[j] = Math.max(jointsMax[j]!, state.position[j]!);
      }
    }
  }
  return { ...world.episode(), jointsMin, jointsMax };
}
