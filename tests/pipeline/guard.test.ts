import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EquilibriumCommand } from '../../bridges/messages/messages.ts';
import { Rollout } from '../../bridges/mujoco/rollout.ts';
import { PegWorld } from '../../bridges/mujoco/world.ts';
import { cartesianImpedance } from '../../controllers/interfaces/cartesian-impedance.ts';
import type { Situation } from '../../controllers/safety/envelope.ts';
import { FORESEEN, type Foresight } from '../../controllers/safety/guard.ts';
import { createBase } from '../../policies/base/registry.ts';
import { loadRun } from '../../src/core/config/load.ts';
import { type RunConfig, robotSchema, safetySchema } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { makeRobotState, type SafeAction } from '../../src/core/signals.ts';
import { carefree, noResidual } from '../../src/learning/demonstrations.ts';
import { loadGuard, lookAhead, type MujocoGuard } from '../../src/pipeline/guard.ts';
import { InProcessRun } from '../../src/pipeline/in-process.ts';

const MODEL = join(packageRoot, 'configs/worlds/peg.xml');
const SEED = 3;
let config: RunConfig;
beforeAll(() => {
  config = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), [`safety.guard.model=${MODEL}`]).config;
});

const open: { dispose(): void }[] = [];
afterEach(() => {
  for (const made of open.splice(0)) made.dispose();
});
const loaded = async (run: RunConfig): Promise<MujocoGuard> => {
  const guard = (await loadGuard(run))!;
  open.push(guard);
  return guard;
};
const worldOf = async (): Promise<PegWorld> => {
  const world = await PegWorld.load(config.robot, config.task, MODEL);
  open.push(world);
  return world;
};
const withSafety = (run: RunConfig, changes: Record<string, unknown>): RunConfig => ({
  ...run,
  safety: safetySchema.parse({ ...run.safety, ...changes }),
});
const withInterface = (run: RunConfig, type: 'joint_velocity' | 'joint_position'): RunConfig => ({
  ...run,
  robot: robotSchema.parse({ ...run.robot, interface: { type } }),
});

const endless = { isUp: () => false };
function ask(
  guard: MujocoGuard,
  setpoint: Float64Array,
  by: Situation,
  budget = endless,
): Foresight & { name: string } {
  const out: Foresight = { what: Number.NaN, value: 0, limit: 0, after: 0 };
  guard.check(setpoint, by, budget, out);
  return { ...out, name: FORESEEN[out.what] ?? String(out.what) };
}

const commandOf = (s: Float64Array, epoch: number, seq: number): EquilibriumCommand =>
  cartesianImpedance(config.robot).codec.encode({
    ...{ setpoint: s, mode: 'ACTIVE', source: 'policy', epoch, seq, stampNs: 0, expiresNs: 0, leaseMs: 80 },
    stateStampNs: 0,
  } as unknown as SafeAction).message as EquilibriumCommand;

/** The simulated arm `height` m above the estimated hole, or so many m beside it, on its way down at `speed` m/s. */
async function above(height: number, speed: number, stiffness = 2000, beside = 0): Promise<Situation> {
  const world = await worldOf();
  const setpoint = new Float64Array(9);
  const target = world.estimate.slice();
  const state = makeRobotState(7);
  world.reset(SEED);
  target.set(world.estimate);
  const aim = (z: number) => {
    setpoint.set(world.pose);
    setpoint[0] = target[0]! + beside;
    setpoint[1] = target[1]!;
    setpoint[2] = z;
    setpoint[7] = stiffness;
    setpoint[8] = 150;
  };
  // Through the world's own receiver: first to the height, slowly, then at the speed that was asked.
  let seq = 0;
  const send = () => world.receive(commandOf(setpoint, 5, ++seq));
  const run = speed === 0 ? 0 : 0.02;
  let z = world.pose[2]!;
  while (Math.abs(z - (target[2]! + height + run)) > 1e-4) {
    z += Math.max(-0.0003, Math.min(0.0003, target[2]! + height + run - z));
    aim(z);
    send();
    world.advance();
  }
  for (let n = 0; n < 50; n++) {
    send();
    world.advance();
  }
  while (speed > 0 && world.pose[2]! > target[2]! + height) {
    z = Math.max(z - speed * 0.01, world.pose[2]! - 0.01);
    aim(z);
    send();
    world.advance();
  }
  if (world.receiver.holding) throw new Error(`the world holds: ${world.receiver.reason}`);
  world.readState(state);
  return { last: setpoint.slice(), state, force: state.wrench.slice(0, 3), target, elapsed: 0.01, nowNs: 0 };
}

describe('the model-based guard, Cartesian', () => {
  const down = (by: Situation, metres: number): Float64Array => {
    const setpoint = by.last.slice();
    setpoint[2] = by.state.pose[2]! - metres;
    return setpoint;
  };

  /** A task that breaks at half the force: every fast touch is too hard. */
  const tender = () => withSafety(config, { force_soft: 12, force_limit: 15 });

  it('passes free motion at full speed: braking has room', async () => {
    const guard = await loaded(config);
    const by = await above(0.03, 0.08);
    expect(by.state.velocity.some((v) => Math.abs(v) > 0.05)).toBe(true);
    expect(ask(guard, down(by, 0.01), by)).toMatchObject({ name: '' });
    // Only a robot that has come to rest ends the look ahead before its horizon.
    expect(guard.steps).toBeLessThan(160);
  });

  it('foresees the force of a touch that braking comes too late for, before there is any', async () => {
    const guard = await loaded(tender());
    const by = await above(0.001, 0.1, 3000, 0.02);
    expect(Math.hypot(...by.force)).toBeLessThan(10);
    const seen = ask(guard, down(by, 0.01), by);
    expect(seen.name).toBe('force');
    expect(seen.value).toBeGreaterThan(15);
    expect(seen.limit).toBe(15);
    // Who does not judge forces foresees none.
    const off = await loaded(withSafety(tender(), { off: ['force_limit'] }));
    expect(ask(off, down(by, 0.01), by).name).toBe('');
    expect(seen.after).toBeGreaterThan(0.002);
    expect(seen.after).toBeLessThan(0.1);
  });

  it('passes a slow touch at the same place', async () => {
    const guard = await loaded(tender());
    const by = await above(0.001, 0.02, 2000, 0.02);
    expect(ask(guard, down(by, 0.001), by).name).toBe('');
  });

  it('foresees the wall of the workspace, with the margin of its rule, and not while the rule is off', async () => {
    const by = await above(0.03, 0.1);
    const floor = by.state.pose[2]! + 0.0045;
    const box = { min: [0.3, -0.2, floor], max: [0.7, 0.2, 0.4] };
    const seen = ask(await loaded(withSafety(config, { pose_box: box })), down(by, 0.01), by);
    expect(seen).toMatchObject({ name: 'workspace', limit: floor - 0.005 });
    expect(seen.value).toBeLessThan(floor - 0.005);
    const wide = withSafety(config, { pose_box: box, rules: { workspace: { margin: 0.03 } } });
    expect(ask(await loaded(wide), down(by, 0.01), by).name).toBe('');
    const off = withSafety(config, { pose_box: box, off: ['workspace'] });
    expect(ask(await loaded(off), down(by, 0.01), by).name).toBe('');
    const planes = [{ normal: [0, 0, -2], offset: -2 * floor }];
    expect(ask(await loaded(withSafety(config, { planes })), down(by, 0.01), by)).toMatchObject({
      name: 'workspace',
      limit: -floor + 0.005,
    });
  });

  it('sees a tip deep in the hole as in the hole, wherever the estimate is, and one barely below as on the surface', async () => {
    const guard = await loaded(config);
    const by = await above(0.03, 0);
    // The estimate says that the mouth is above the tip, 3 mm to the side: inside, nothing is touched.
    by.target.set([by.state.pose[0]! + 0.003, by.state.pose[1]!, by.state.pose[2]! + 0.01]);
    expect(ask(guard, down(by, 0.001), by).name).toBe('');
    // A millimetre below: it lies on the surface, and is no millimetre inside of it.
    by.target[2] = by.state.pose[2]! + 0.001;
    expect(ask(guard, down(by, 0.0005), by).name).toBe('');
  });

  it('gives the same answer to the same question, to the last bit, whatever was asked in between', async () => {
    const guard = await loaded(tender());
    const by = await above(0.001, 0.1, 3000, 0.02);
    const other = await above(0.02, 0.05);
    const first = ask(guard, down(by, 0.01), by);
    expect(ask(guard, down(other, 0.005), other).name).toBe('');
    expect(ask(guard, down(by, 0.01), by)).toEqual(first);
    expect(ask(await loaded(tender()), down(by, 0.01), by)).toEqual(first);
    expect(first.name).toBe('force');
  });

  it('stops looking when its budget is up', async () => {
    const guard = await loaded(config);
    const by = await above(0.03, 0.05);
    let left = 3;
    const out = ask(guard, down(by, 0.01), by, { isUp: () => --left === 0 });
    expect(guard.steps).toBe(3);
    // What it did not see to the end is no answer.
    expect(out.what).toBeNaN();
  });

  it('throws when the physics has no answer', async () => {
    const guard = await loaded(config);
    const by = await above(0.03, 0);
    by.state.velocity[2] = Number.NaN;
    expect(() => ask(guard, down(by, 0.001), by)).toThrow('unstable');
    by.state.velocity[2] = 0;
    expect(ask(guard, down(by, 0.001), by).name).toBe('');
  });
});

describe('a rollout', () => {
  it('comes to where the simulated robot comes to, in free space', async () => {
    const world = await worldOf();
    const rollout = await Rollout.load(config.robot, MODEL, 0.002, 0.002);
    open.push(rollout);
    const state = makeRobotState(7);
    world.reset(SEED);
    for (let n = 0; n < 20; n++) world.advance();
    world.readState(state);
    const setpoint = Float64Array.of(...state.pose, 2000, 150);
    rollout.begin(state, setpoint, world.estimate);
    setpoint[0] = setpoint[0]! + 0.008;
    setpoint[2] = setpoint[2]! + 0.008;
    rollout.command(setpoint, 0.01);
    for (let n = 0; n < 50; n++) rollout.step();
    for (let n = 0; n < 10; n++) {
      world.receive(commandOf(setpoint, 9, n + 1));
      world.advance();
    }
    expect(world.receiver.holding).toBe(false);
    const moved = world.pose[0]! - state.pose[0]!;
    expect(moved).toBeGreaterThan(0.002);
    for (let i = 0; i < 3; i++) expect(Math.abs(rollout.pose[i]! - world.pose[i]!)).toBeLessThan(0.1 * moved);
  });
});

describe.each(['joint_velocity', 'joint_position'] as const)('the model-based guard, %s', (type) => {
  /** Joint 1 at `position`, driven at `velocity`; the others at home. */
  const driven = (position: number, velocity: number): { setpoint: Float64Array; by: Situation } => {
    const state = makeRobotState(7);
    state.position.set([position, 0.1, 0, -2.0, 0, 2.1, 0.7854]);
    state.velocity[0] = velocity;
    state.pose.set([0.5, 0, 0.4, 1, 0, 0, 0]);
    const last = new Float64Array(7);
    if (type === 'joint_velocity') last[0] = velocity;
    else last.set(state.position);
    const setpoint = last.slice();
    if (type === 'joint_position') setpoint[0] = setpoint[0]! + velocity * 0.01;
    const target = new Float64Array(7).fill(Number.NaN);
    return { setpoint, by: { last, state, force: new Float64Array(3), target, elapsed: 0.01, nowNs: 0 } };
  };

  it('foresees a joint that is driven past its limit, and passes one that has room to brake', async () => {
    const base = withSafety(withInterface(config, type), { pose_box: undefined });
    const guard = await loaded({
      ...base,
      safety: { ...base.safety, guard: { ...config.safety.guard!, horizon_ms: 600 } },
    });
    // At 1 rad/s and 10 rad/s² a stop takes 0.05 rad, and a tick 0.01; the limit is 2.3093 rad, its margin 0.0087.
    const near = driven(2.3093 - 0.02, 1);
    const seen = ask(guard, near.setpoint, near.by);
    expect(seen).toMatchObject({ name: 'limit', limit: 2.3093 + 0.0087 });
    expect(seen.value).toBeGreaterThan(2.318);
    const far = driven(2.3093 - 0.12, 1);
    expect(ask(guard, far.setpoint, far.by).name).toBe('');
    const below = driven(-2.3093 + 0.02, -1);
    expect(ask(guard, below.setpoint, below.by)).toMatchObject({ name: 'limit', limit: -2.3093 - 0.0087 });
    const away = driven(2.3093 - 0.02, -1);
    expect(ask(guard, away.setpoint, away.by).name).toBe('');
  });
});

describe('a run with the guard', () => {
  /** Every number that was sent, and how the episode ended. The base alone: nothing else foresees. */
  async function episode(seed: number, guard: MujocoGuard | undefined, by = config) {
    const world = await worldOf();
    const base = createBase(config.policies.base);
    const run = new InProcessRun({
      config: by,
      world,
      base,
      residual: noResidual,
      critic: carefree,
      ...(guard && { guard }),
    });
    const sent: number[] = [];
    run.sent$.subscribe(({ setpoint, stampNs }) => sent.push(...setpoint, stampNs));
    const { episode, ended } = run.episode(seed);
    return { sent, violation: episode.violation, ended, counters: run.gate.counters };
  }

  it('is the same to the last bit where nothing is foreseen', async () => {
    const plain = await episode(20_000, undefined);
    const guarded = await episode(20_000, await loaded(config));
    expect(guarded.counters.guardChecks).toBeGreaterThan(50);
    expect(guarded.counters.guardForeseen).toBe(0);
    expect(guarded.ended).toBe('success');
    expect(guarded.sent).toEqual(plain.sent);
  });

  it('stops before the touch that without it breaks the force limit', async () => {
    // Slow near the hole, this policy would break none.
    const fast = withSafety(config, { approach: undefined });
    const plain = await episode(20_055, undefined, fast);
    expect([plain.violation, plain.ended]).toEqual([true, 'force_limit']);
    const guarded = await episode(20_055, await loaded(fast), fast);
    expect([guarded.violation, guarded.ended]).toEqual([false, 'foreseen_force']);
    expect(guarded.counters.interventionsBy).toMatchObject({ foreseen_force: 1 });
  });
});

describe('loading the guard', () => {
  const model = (change: (xml: string) => string): RunConfig => {
    const file = join(mkdtempSync(join(tmpdir(), 'guard-')), 'model.xml');
    writeFileSync(file, change(readFileSync(MODEL, 'utf8')));
    open.push({ dispose: () => rmSync(join(file, '..'), { recursive: true }) });
    return { ...config, safety: { ...config.safety, guard: { ...config.safety.guard!, model: file } } };
  };

  it('makes none when the config has none', async () => {
    const { guard: _, ...safety } = config.safety;
    const off = { ...config, safety };
    expect(await loadGuard(off)).toBeUndefined();
    expect(await lookAhead(off, { nowNs: () => 0 })).toBeUndefined();
    const on = (await lookAhead(config, { nowNs: () => 0 }))!;
    open.push(on.guard as MujocoGuard);
    expect(on.budgetUs).toBe(2000);
  });

  it('refuses a model without what it measures by, and one of another robot', async () => {
    await expect(loadGuard(model((xml) => xml.replace('name="tip"', 'name="top"')))).rejects.toMatchObject({
      code: 'RA_WORLD',
      seen: expect.stringContaining('no site named tip'),
    });
    await expect(loadGuard(model((xml) => xml.replace('fr3_joint3', 'elbow')))).rejects.toMatchObject({
      code: 'RA_JOINT_NAMES',
    });
    await expect(loadGuard(model(() => '<mujoco>'))).rejects.toMatchObject({ code: 'RA_WORLD' });
  });
});
