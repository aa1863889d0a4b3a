import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { InvertedPendulum } from '../../src/learning/environments/inverted-pendulum.ts';
import { MountainCar } from '../../src/learning/environments/mountain-car.ts';
import { Pendulum } from '../../src/learning/environments/pendulum.ts';
import { Reacher } from '../../src/learning/environments/reacher.ts';
import { needs } from '../interop/peers.ts';
import { venv } from '../interop/venv.ts';

const GYMNASIUM = '1.4.0';
/** The release of MuJoCo that our WebAssembly package holds. */
const MUJOCO = '3.14.0';
const { python: PYTHON, prepare } = venv(
  `gymnasium-${GYMNASIUM}-mujoco-${MUJOCO}`,
  [`gymnasium[mujoco]==${GYMNASIUM}`, `mujoco==${MUJOCO}`],
  'gymnasium.envs.mujoco',
);

let missing = '';
beforeAll(() => {
  missing = prepare();
});

interface Played {
  id: string;
  /** Before each step. */
  states: number[][];
  actions: number[][];
  follow: boolean;
}
interface Heard {
  observations: number[][];
  rewards: number[];
  terminated: boolean[];
}

/** The same, by Gymnasium; skips the test where there is none. */
function gymnasium(context: TestContext, played: Played): Heard {
  needs(context, 'pypi', `Gymnasium ${GYMNASIUM}`, missing);
  const script = join(packageRoot, 'tests/interop/gymnasium_peer.py');
  const said = execFileSync(PYTHON, ['-W', 'ignore', script], {
    input: `${JSON.stringify(played)}\n`,
    encoding: 'utf8',
  });
  return JSON.parse(said) as Heard;
}

function compare(ours: Heard, theirs: Heard, within: number): void {
  expect(ours.terminated).toEqual(theirs.terminated);
  for (const [t, observation] of ours.observations.entries()) {
    expect(Math.abs(ours.rewards[t]! - theirs.rewards[t]!), `reward of step ${t}`).toBeLessThan(within);
    for (const [i, value] of observation.entries())
      expect(Math.abs(value - theirs.observations[t]![i]!), `observation ${i} of step ${t}`).toBeLessThan(within);
  }
}

const random = new SeededRandom(1);
const action = (size: number) => Array.from({ length: size }, () => random.range(-1, 1));

describe('beside Gymnasium itself, the same actions give the same observations and rewards', () => {
  // The classic ones keep or show their state in 32 bits: each step begins at our state, and is compared in 32 bits.
  it.for([
    ['Pendulum-v1', new Pendulum(), 2, 200],
    ['MountainCarContinuous-v0', new MountainCar(), 1, 300],
  ] as const)('%s, step by step', ([id, environment, scale, steps], context) => {
    const observation = new Float64Array(environment.observationSize);
    const played: Played = { id, states: [], actions: [], follow: true };
    const ours: Heard = { observations: [], rewards: [], terminated: [] };
    environment.reset(1, observation);
    for (let t = 0; t < steps; t++) {
      // Now and then from elsewhere: at the walls, beyond the goal, at full speed.
      if (t % 10 === 9) environment.state.set(id === 'Pendulum-v1' ? [t, 7.9] : [random.range(-1.2, 0.6), 0.06]);
      const a = action(1);
      played.states.push(Array.from(environment.state));
      played.actions.push([a[0]! * scale]);
      const { reward, terminated } = environment.step(Float64Array.from(a), observation);
      ours.observations.push(Array.from(observation));
      ours.rewards.push(reward);
      ours.terminated.push(terminated);
    }
    compare(ours, gymnasium(context, played), 1e-6);
  });

  it('InvertedPendulum-v5, over whole falls', async (context) => {
    const environment = await InvertedPendulum.load();
    for (let episode = 0; episode < 5; episode++) {
      const at = Array.from({ length: 4 }, () => random.range(-0.01, 0.01));
      const observation = new Float64Array(4);
      const played: Played = { id: 'InvertedPendulum-v5', states: [at], actions: [], follow: false };
      const ours: Heard = { observations: [], rewards: [], terminated: [] };
      environment.begin(Float64Array.from(at.slice(0, 2)), Float64Array.from(at.slice(2)), observation);
      for (let t = 0; t < 30 && ours.terminated.at(-1) !== true; t++) {
        const a = action(1).map((v) => v / 10);
        const { reward, terminated } = environment.step(Float64Array.from(a), observation);
        played.actions.push([a[0]! * 3]);
        ours.observations.push(Array.from(observation));
        ours.rewards.push(reward);
        ours.terminated.push(terminated);
      }
      compare(ours, gymnasium(context, played), 1e-6);
    }
    environment.dispose();
  });

  it('Reacher-v5, over whole episodes', async (context) => {
    const environment = await Reacher.load();
    for (let episode = 0; episode < 3; episode++) {
      const at = [...action(2), 0.1, -0.05, 0.004, -0.002, 0, 0];
      const observation = new Float64Array(10);
      const played: Played = { id: 'Reacher-v5', states: [at], actions: [], follow: false };
      const ours: Heard = { observations: [], rewards: [], terminated: [] };
      environment.begin(Float64Array.from(at.slice(0, 4)), Float64Array.from(at.slice(4)), observation);
      for (let t = 0; t < 50; t++) {
        const a = action(2);
        const { reward, terminated } = environment.step(Float64Array.from(a), observation);
        played.actions.push(a);
        ours.observations.push(Array.from(observation));
        ours.rewards.push(reward);
        ours.terminated.push(terminated);
      }
      compare(ours, gymnasium(context, played), 1e-6);
    }
    environment.dispose();
  });
});
