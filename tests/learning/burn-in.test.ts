import { describe, expect, it } from 'vitest';
import { BurnIn } from '../../src/learning/burn-in.ts';
import { ResidualLearner } from '../../src/learning/residual.ts';
import { transitionsOf } from '../../src/practice/episode.ts';
import { episode, RESIDUAL, SIZES } from '../practice/make.ts';

const see = (guard: BurnIn, losses: readonly number[]) =>
  losses.map((loss) => {
    guard.see(loss);
    return guard.over;
  });

describe('the burn-in', () => {
  it('lasts while the loss of a window is far from that of the one before, and says why it ended', () => {
    const guard = new BurnIn({ window: 2, change: 0.1, most: 100 });
    // Windows: 9, 5, 4.8. The third is 4 % from the second.
    expect(see(guard, [10, 8, 6, 4, 5, 4.6])).toEqual([false, false, false, false, false, true]);
    expect(guard.reason).toBe("the critic's loss moved by 4 % over 2 updates");
    see(guard, [1000, 1000]);
    expect(guard.over).toBe(true);
  });

  it('ends in time, and is not there where nobody asks for it', () => {
    const guard = new BurnIn({ window: 1, change: 0, most: 3 });
    expect(see(guard, [1, 2, 3])).toEqual([false, false, true]);
    expect(guard.reason).toBe('the most that was allowed, though the loss still moves');
    expect(new BurnIn({ window: 1, change: 0, most: 0 }).over).toBe(true);
  });

  it('goes on where it was saved', () => {
    const options = { window: 2, change: 0.1, most: 100 };
    const a = new BurnIn(options);
    see(a, [10, 8, 6]);
    const b = new BurnIn(options);
    b.numbers = JSON.parse(JSON.stringify(a.numbers));
    expect(see(b, [4, 5, 4.6])).toEqual(see(a, [4, 5, 4.6]));
    const c = new BurnIn(options);
    c.numbers = JSON.parse(JSON.stringify(a.numbers));
    expect(c.reason).toBe("the critic's loss moved by 4 % over 2 updates");
  });

  it('is told by the learner: nothing before it learns, then that the actor is held, then what let it go', () => {
    const burnIn = { window: 100, change: 0, most: 3 };
    const learner = new ResidualLearner(
      { ...SIZES, baseSize: 1 },
      { ...RESIDUAL, learningStarts: 2, criticWarmUp: 0, burnIn },
    );
    const notes = [...transitionsOf(episode('e', 5), SIZES)].map((transition) => {
      learner.observe(transition);
      return learner.note;
    });
    const held = 'burn-in: the actor is held until the critic has settled';
    const moves =
      'burn-in: the actor moves, after 3 updates of the critic: the most that was allowed, though the loss still moves';
    expect(notes).toEqual(['', held, held, moves, moves]);
  });
});
