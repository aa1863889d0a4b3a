import { describe, expect, it } from 'vitest';
import type { Step, Transition } from '../../src/learning/environment.ts';
import { AtDecisionRate, type ShieldMode, SwitchableShield } from '../../src/learning/shield.ts';

const at = (x: number): Step => ({ observation: Float64Array.of(x), base: new Float64Array(0) });

/** Risk is x + a, bounded; the recovery backs off by 0.5; draws come from a list. */
function shield(mode: ShieldMode, draws: number[] = [], recovery = -0.5) {
  const asked: number[] = [];
  const made = new SwitchableShield(mode, {
    ...{ actionSize: 1, threshold: 0.3 },
    risks(observation, actions, count, out) {
      asked.push(count);
      for (let c = 0; c < count; c++) out[c] = Math.max(0, Math.min(1, observation[0]! + actions[c]!));
    },
    draw: (_step, out) => void out.fill(draws.shift() ?? 0.9),
    recover: (_observation, out) => void out.fill(recovery),
  });
  const judge = (x: number, a: number) => {
    const executed = Float64Array.of(a);
    const changed = made.judge(at(x), Float64Array.of(a), executed);
    return [changed, executed[0]];
  };
  return { made, judge, asked };
}

describe('one shield, four modes', () => {
  it('off asks nobody', () => {
    const { judge, asked } = shield('off');
    expect([judge(5, 1), asked]).toEqual([[false, 1], []]);
  });

  it('every mode lets pass what is at or below its threshold', () => {
    for (const mode of ['filter', 'recover', 'reflex'] as const)
      expect(shield(mode).judge(0.1, 0.2 - 1e-12)).toEqual([false, 0.2 - 1e-12]);
  });

  it('filter takes the first draw that is safe, or the least risky of a hundred', () => {
    const { made, judge, asked } = shield('filter', [0.8, 0.25, 0.1]);
    expect(judge(0, 0.9)).toEqual([true, 0.25]);
    expect(asked).toEqual([1, 100]);
    expect(made.counters).toEqual({ judged: 1, interventions: 1, noSafeCandidate: 0 });
    const lost = shield('filter', [0.8, 0.5, 0.7]);
    expect(lost.judge(0, 0.9)).toEqual([true, 0.5]);
    expect(lost.made.counters.noSafeCandidate).toBe(1);
  });

  it('recover does the recovery, and counts when not even that is safe', () => {
    const { made, judge } = shield('recover');
    expect(judge(0.2, 0.9)).toEqual([true, -0.5]);
    expect(made.counters.noSafeCandidate).toBe(0);
    expect(judge(0.9, 0.9)).toEqual([true, -0.5]);
    expect(made.counters.noSafeCandidate).toBe(1);
  });

  it('reflex fires in the middle of a decision, keeps the rest of it, and gives the next one back', () => {
    const { made, judge } = shield('reflex');
    made.decide();
    expect(judge(0, 0.2)).toEqual([false, 0.2]);
    expect(judge(0.2, 0.2)).toEqual([true, -0.5]);
    // Safe again, but the decision was broken off.
    expect(judge(-1, 0.2)).toEqual([true, -0.5]);
    made.decide();
    expect(judge(-1, 0.2)).toEqual([false, 0.2]);
    expect(made.counters).toEqual({ judged: 4, interventions: 2, noSafeCandidate: 0 });
  });

  it('reflex does not ask the recovery without end: after three of them it stands still where that is less risky', () => {
    const { made, judge } = shield('reflex', [], 0.4);
    made.decide();
    const seen = [1, 2, 3, 4].map(() => judge(0.3, 0.9));
    expect(seen).toEqual([
      [true, 0.4],
      [true, 0.4],
      [true, 0],
      [true, 0],
    ]);
    // 0.3 + 0 is as risky as allowed, but the recoveries never were.
    expect(made.counters.noSafeCandidate).toBe(4);
  });

  it('a risk that is no number is one', () => {
    const made = new SwitchableShield('recover', {
      ...{ actionSize: 1, threshold: 0.3 },
      risks: (_o, _a, _count, out) => void out.fill(Number.NaN),
      draw: () => {},
      recover: (_o, out) => void out.fill(-1),
    });
    const executed = Float64Array.of(0);
    expect(made.judge(at(0), Float64Array.of(0), executed)).toBe(true);
    expect(executed[0]).toBe(-1);
  });
});

describe('decisions above control steps', () => {
  it('an action is kept for its decision, and the decision is what the agent observes', () => {
    const observed: Transition[] = [];
    let decisions = 0;
    let told = 0;
    const agent = new AtDecisionRate(
      { act: (_s, out) => void out.fill(++decisions / 10), observe: (t) => void observed.push(structuredClone(t)) },
      3,
      { onDecision: () => void told++ },
    );
    const step = (x: number, over: Partial<Transition> = {}): number => {
      const proposed = new Float64Array(1);
      agent.act(at(x), proposed);
      agent.observe({
        ...{ observation: Float64Array.of(x), base: new Float64Array(0), proposed, executed: proposed.slice() },
        ...{ reward: 1, cost: 0, nextObservation: Float64Array.of(x + 1), nextBase: new Float64Array(0) },
        ...{ terminated: false, truncated: false, intervened: 'none' as const },
        ...over,
      });
      return proposed[0]!;
    };
    expect([step(0), step(1, { intervened: 'safety', executed: Float64Array.of(-0.5) }), step(2)]).toEqual([
      0.1, 0.1, 0.1,
    ]);
    expect(observed).toHaveLength(1);
    expect(observed[0]).toMatchObject({ reward: 3, cost: 0, terminated: false, intervened: 'safety' });
    expect([observed[0]!.observation[0], observed[0]!.nextObservation[0]]).toEqual([0, 3]);
    expect(observed[0]!.proposed[0]).toBe(0.1);
    expect(observed[0]!.executed[0]).toBeCloseTo((0.1 - 0.5 + 0.1) / 3, 12);
    // An end within a decision ends the decision.
    expect([step(3), step(4, { cost: 1, terminated: true })]).toEqual([0.2, 0.2]);
    expect(observed[1]).toMatchObject({ reward: 2, cost: 1, terminated: true });
    expect([step(0), told, decisions]).toEqual([0.3, 3, 3]);
  });
});
