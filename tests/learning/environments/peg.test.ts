import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { createBase } from '../../../policies/base/registry.ts';
import { scriptedAction } from '../../../policies/base/scripted.ts';
import type { RiskCritic } from '../../../policies/policy.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { worldOf } from '../../../src/core/task-world.ts';
import { carefree, noResidual } from '../../../src/learning/demonstrations.ts';
import type { Agent, Transition } from '../../../src/learning/environment.ts';
import { PegEnvironment, type PegOptions } from '../../../src/learning/environments/peg.ts';
import { ProgressReward } from '../../../src/learning/rewards/progress.ts';
import { InProcessRun } from '../../../src/pipeline/in-process.ts';

let config: RunConfig;
const loaded: PegEnvironment[] = [];
beforeAll(() => {
  config = loadRun(`${packageRoot}/configs/runs/peg.yaml`, []).config;
});
afterAll(() => {
  for (const environment of loaded) environment.dispose();
});
async function load(options: PegOptions = {}): Promise<PegEnvironment> {
  const environment = await PegEnvironment.load(config, { critic: carefree, ...options });
  loaded.push(environment);
  return environment;
}

/** Does as `act` says and keeps what it is told. */
function recorder(act: Agent['act'] = () => {}): Agent & { transitions: Transition[]; asked: number } {
  const transitions: Transition[] = [];
  return {
    transitions,
    asked: 0,
    act(step, out) {
      this.asked++;
      act(step, out);
    },
    observe: (t) => void transitions.push(structuredClone(t)),
  };
}

/** Who sees the true hole. */
const expert = (environment: PegEnvironment): Agent['act'] => {
  const relative = new Float64Array(3);
  return (_step, out) => {
    const { pose, holePose } = environment.world;
    for (let i = 0; i < 3; i++) relative[i] = pose[i]! - holePose[i]!;
    scriptedAction(relative, out);
  };
};

describe('the peg task as an environment', () => {
  it('an agent that leaves the base as it is sends what the base alone would, bit for bit', async () => {
    const environment = await load();
    expect(environment).toMatchObject({ observationSize: 9, actionSize: 4, baseSize: 4, horizon: 200 });
    const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
    const base = createBase(config.policies.base);
    const alone = new InProcessRun({ config, world, base, residual: noResidual, critic: carefree });
    const sent = (run: InProcessRun) => {
      const setpoints: number[][] = [];
      run.sent$.subscribe(({ mode, setpoint }) => {
        if (mode === 'ENGAGING' || mode === 'ACTIVE') setpoints.push(Array.from(setpoint));
      });
      return setpoints;
    };
    const [ours, theirs] = [sent(environment.run), sent(alone)];
    const agent = recorder();
    const result = environment.episode(5, agent);
    const { episode } = alone.episode(5);
    world.dispose();
    expect([result.success, result.violation]).toEqual([episode.success, episode.violation]);
    // The environment goes on to its next decision, at most a period of five states.
    expect(theirs.length).toBeGreaterThan(100);
    expect(ours.length - theirs.length).toBeLessThanOrEqual(5);
    expect(ours.slice(0, theirs.length)).toEqual(theirs);
    for (const t of agent.transitions) expect(t.proposed).toEqual(t.base);
  });

  it('each transition begins where the last one ended, and only the last one ends anything', async () => {
    const environment = await load();
    const agent = recorder();
    const result = environment.episode(5, agent);
    const { transitions } = agent;
    expect(agent.asked).toBe(transitions.length);
    expect(result).toMatchObject({
      seed: 5,
      success: true,
      ended: 'success',
      steps: transitions.length,
      return: 1,
      cost: 0,
    });
    for (const [i, t] of transitions.entries()) {
      const last = i === transitions.length - 1;
      expect([t.reward, t.terminated, t.truncated]).toEqual([last ? 1 : 0, last, false]);
      if (last) continue;
      expect(transitions[i + 1]!.observation).toEqual(t.nextObservation);
      expect(transitions[i + 1]!.base).toEqual(t.nextBase);
    }
  });

  it('an expert succeeds in about 28 decisions; what was executed is what it proposed, or less where a limit stood in the way', async () => {
    const environment = await load({ authority: 2 });
    for (const seed of [11, 12, 13, 14]) {
      const agent = recorder(expert(environment));
      const result = environment.episode(seed, agent);
      expect(result).toMatchObject({ success: true, violation: false, interventions: 0 });
      expect(Math.abs(result.steps - 28)).toBeLessThan(12);
      const whole = agent.transitions.filter((t) => t.executed.every((v, i) => v === t.proposed[i]));
      expect(whole.length).toBeGreaterThan(8);
      for (const { proposed, executed } of agent.transitions)
        expect(Math.abs(executed[2]!)).toBeLessThanOrEqual(Math.abs(proposed[2]!) + 1e-9);
      // The ramp gives authority within the first 300 ms: 0 … 4 of 30 ticks, of a way that takes one speed limit.
      expect(agent.transitions[0]!.executed[2]! / agent.transitions[0]!.proposed[2]!).toBeCloseTo(
        (1 + 2 + 3 + 4) / 30 / 4,
        2,
      );
    }
  });

  it('on demand, where nobody intervened, what was executed is all that the policy was let ask for', async () => {
    const environment = await load({ executed: 'admitted' });
    const agent = recorder((_step, out) => void out.fill(1));
    environment.episode(5, agent);
    for (const t of agent.transitions)
      for (const [i, e] of t.executed.entries()) expect(e).toBeCloseTo(Math.min(1, t.base[i]! + 0.3), 12);
  });

  it('keeps an agent within the authority of the base, and gives it all at 2', async () => {
    const push: Agent['act'] = (_step, out) => void out.fill(1);
    const bound = await load({ authority: 0.3 });
    const agent = recorder(push);
    bound.episode(5, agent);
    // In the air, after the ramp.
    const air = agent.transitions.slice(6, 12);
    for (const t of air) {
      expect(t.proposed).toEqual(new Float64Array(4).fill(1));
      for (let i = 0; i < 2; i++) expect(t.executed[i]!).toBeCloseTo(t.base[i]! + 0.3, 9);
    }
    const whole = await load({ authority: 2 });
    const free = recorder(push);
    const result = whole.episode(2, free);
    // Up and away: out of the workspace, which is a violation.
    expect(result).toMatchObject({ violation: true, success: false, ended: 'violation', cost: 1, return: 0 });
    expect(free.transitions.at(-1)).toMatchObject({ cost: 1, terminated: true, truncated: false });
    expect(Math.max(...free.transitions.map((t) => t.executed[0]! - t.base[0]!))).toBeGreaterThan(0.5);
  });

  it('an episode after one that ended in a violation is the same as without that', async () => {
    const push: Agent = { act: (_step, out) => void out.fill(1) };
    const one = await load({ authority: 2 });
    const came = [2, 3, 4, 6].map((seed) => one.episode(seed, push));
    const alone = await load({ authority: 2 });
    expect(came.every((c) => c.violation && c.steps > 0)).toBe(true);
    expect(alone.episode(6, push)).toEqual(came.at(-1));
  });

  it('time truncates, and the observation after the end is a fresh one', async () => {
    const environment = await load({ authority: 2 });
    const agent = recorder((_step, out) => void out.fill(0));
    const result = environment.episode(3, agent);
    expect(result).toMatchObject({ success: false, violation: false, ended: 'timeout' });
    expect(Math.abs(result.steps - 200)).toBeLessThanOrEqual(1);
    const last = agent.transitions.at(-1)!;
    expect([last.terminated, last.truncated, last.reward]).toEqual([false, true, 0]);
    expect(last.nextObservation).not.toEqual(last.observation);
  });

  it('a critic that cuts the residual is an intervention, and what is executed is what it left', async () => {
    // Danger wherever the aim is more than 1 mm sideways of the tip: the whole residual is, the base alone is not.
    const critic: RiskCritic = {
      inputSize: 13,
      sha256: '',
      evaluate(rows, count, risks) {
        for (let i = 0; i < count; i++) risks[i] = Math.abs(rows[i * 13 + 9]!) > 0.4 && i === 0 ? 1 : 0;
      },
    };
    const environment = await load({ critic });
    const agent = recorder(({ base }, out) => {
      out.set(base);
      out[0] = base[0]! + 0.3;
    });
    const result = environment.episode(4, agent);
    const cut = agent.transitions.filter((t) => t.intervened === 'safety');
    expect(result.interventions).toBe(cut.length);
    expect(cut.length).toBeGreaterThan(0);
    expect(cut.some((t) => Math.abs(t.executed[0]! - t.proposed[0]!) > 0.02)).toBe(true);
  });

  it('without its force rules the gate lets a violation happen, and the episode may go on after it', async () => {
    const slam: Agent['act'] = (_step, out) => {
      out.set([0.6, 0, -1, 1]);
    };
    const environment = await load({ authority: 2, forceRules: false, endOnViolation: false });
    const agent = recorder(slam);
    const result = environment.episode(5, agent);
    expect(result).toMatchObject({ violation: true, cost: 1 });
    const at = agent.transitions.findIndex((t) => t.cost === 1);
    expect(at).toBeGreaterThan(0);
    expect(agent.transitions.length - 1).toBeGreaterThan(at);
    expect(agent.transitions[at]!.terminated).toBe(false);
    const guarded = await load({ authority: 2, endOnViolation: false });
    expect(guarded.episode(5, recorder(slam)).ended).toMatch(/^(force_limit|success)$/);
  });

  it('takes its reward from another source, which may end the episode', async () => {
    const down = new ProgressReward({
      name: 'height',
      compare: (before, now) => ({
        progress: (before.observation[2]! - now.observation[2]!) / 10,
        done: now.observation[2]! < 1,
      }),
    });
    const environment = await load({ reward: down });
    const agent = recorder();
    const result = environment.episode(5, agent);
    const { transitions } = agent;
    const [first, last] = [transitions[0]!, transitions.at(-1)!];
    expect(result).toMatchObject({ ended: 'done', success: false, steps: transitions.length });
    expect(result.return).toBeCloseTo((first.observation[2]! - last.nextObservation[2]!) / 10, 9);
    expect([last.terminated, last.truncated]).toEqual([true, false]);
    expect(last.nextObservation[2]).toBeLessThan(1);
    expect(last.observation[2]).toBeGreaterThanOrEqual(1);
  });

  it('what an agent throws comes out, and the next episode is a whole one', async () => {
    const environment = await load();
    let n = 0;
    const broken = recorder(() => {
      if (++n === 5) throw new Error('no more');
    });
    expect(() => environment.episode(1, broken)).toThrow('no more');
    const observer: Agent = {
      act: () => {},
      observe: () => {
        throw new Error('not that');
      },
    };
    expect(() => environment.episode(1, observer)).toThrow('not that');
    expect(environment.episode(5, recorder())).toMatchObject({ success: true });
  });

  it('the same seed and agent give the same bits, in another environment and after other episodes too', async () => {
    const play = async (...before: number[]) => {
      const agent = recorder(({ base }, out) => {
        out[0] = base[0]! + 0.1;
      });
      const environment = await load();
      for (const seed of before) environment.episode(seed, recorder());
      environment.episode(6, agent);
      return agent.transitions;
    };
    expect(await play()).toEqual(await play(5, 7, 16));
  });
});
