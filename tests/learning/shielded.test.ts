import { describe, expect, it } from 'vitest';
import type { Transition } from '../../src/learning/environment.ts';
import { Navigation } from '../../src/learning/environments/navigation.ts';
import { offlineNavigation } from '../../src/learning/environments/navigation-offline.ts';
import { episodeOf } from '../../src/learning/environments/stepped.ts';
import { SAC_DEFAULTS } from '../../src/learning/sac.ts';
import { SHIELD_MODES, type ShieldMode } from '../../src/learning/shield.ts';
import { Shielded } from '../../src/learning/shielded.ts';

const NONE = new Float64Array(0);
const SIZES = { observationSize: 2, actionSize: 2, baseSize: 0 };

function made(mode: ShieldMode, ratio = 1, pretraining = 800) {
  const offline = offlineNavigation(2, 3000, 1, ratio).map(
    (t): Transition => ({
      ...{ observation: t.observation.map((v) => v / 25), nextObservation: t.nextObservation.map((v) => v / 25) },
      ...{ base: NONE, nextBase: NONE, proposed: t.action, executed: t.action, reward: 0, cost: t.cost },
      ...{ terminated: t.terminated, truncated: false, intervened: 'none' },
    }),
  );
  const small = { hidden: [32, 32], batch: 32, learningStarts: 20, relabelling: 'proposed' as const };
  return new Shielded(SIZES, offline, {
    ...{ mode, seed: 1, ratio, threshold: 0.2, gamma: 0.65, hidden: [32, 32], batch: 32, riskRate: 1e-3 },
    ...{ pretraining, sac: { ...SAC_DEFAULTS, ...small } },
  });
}

const risk = (learner: Shielded, x: number, y: number, ax: number): number => {
  const out = new Float64Array(1);
  learner.critic.risks(Float64Array.of(x / 25, y / 25), Float64Array.of(ax, 0), 1, out);
  return out[0]!;
};

describe('a task policy that learns under a shield', () => {
  it('knows before the first step that towards the box is risky, and its recovery goes the other way', () => {
    const learner = made('recover', 1, 3000);
    expect(risk(learner, -30.7, 0, 1)).toBeGreaterThan(0.4);
    expect(risk(learner, 5, 20, 1)).toBeLessThan(0.2);
    expect(risk(learner, -30.7, 0, 1)).toBeGreaterThan(risk(learner, -30.7, 0, -1));
    const out = new Float64Array(2);
    learner.recovery.act(Float64Array.of(-31 / 25, 0), out);
    expect(out[0]).toBeLessThan(0);
  });

  it('teaches the task policy what it proposed, and the critic what was done', () => {
    const learner = made('recover', 1, 3000);
    // It is shoved against the box: the shield has to act.
    const environment = new Navigation({ map: 2 });
    const observation = new Float64Array(2);
    environment.reset(1, observation);
    environment.state.set([-31, 0]);
    const before = learner.critic.buffer.size;
    const proposed = Float64Array.of(1, 0);
    const executed = proposed.slice();
    const step = { observation: environment.state.map((v) => v / 25), base: NONE };
    expect(learner.shield.judge(step, proposed, executed)).toBe(true);
    expect(executed[0]).toBeLessThan(0);
    learner.agent.act(step, new Float64Array(2));
    learner.agent.observe!({
      ...{ observation: step.observation, base: NONE, proposed, executed, reward: -1, cost: 0 },
      ...{
        nextObservation: step.observation,
        nextBase: NONE,
        terminated: false,
        truncated: true,
        intervened: 'safety',
      },
    });
    expect(learner.critic.buffer.size).toBe(before + 1);
    expect(learner.task.replay.size).toBe(1);
    expect(learner.task.replay.safety).toBe(1);
  });

  it.each(SHIELD_MODES)('%s runs episodes whose violations and interventions are counted', (mode) => {
    const ratio = mode === 'reflex' ? 5 : 1;
    const learner = made(mode, ratio);
    const environment = episodeOf(new Navigation({ map: 2, controlSteps: ratio }), { shield: learner.shield });
    const results = [1, 2].map((seed) => environment.episode(seed, learner.agent));
    const interventions = results.reduce((sum, r) => sum + r.interventions, 0);
    expect(learner.shield.counters.interventions).toBe(interventions);
    expect(learner.shield.counters.judged).toBe(mode === 'off' ? 0 : results.reduce((sum, r) => sum + r.steps, 0));
    // One decision of the task policy for `ratio` steps of the environment.
    const decisions = results.reduce((sum, r) => sum + Math.ceil(r.steps / ratio), 0);
    expect(learner.task.steps).toBe(decisions);
  });
});
