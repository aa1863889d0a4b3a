import { describe, expect, it } from 'vitest';
import { Arrivals, balance, commandBalance, stateBalance } from '../../../src/cli/bench/bridge/soak-balance.ts';
import { frameOf, readFrame } from '../../../src/cli/bench/bridge/soak-terms.ts';

const arrived = (...all: [connection: number, number: number][]) => {
  const arrivals = new Arrivals();
  for (const one of all) arrivals.accept(...one);
  return arrivals;
};

describe('the books of a soak', () => {
  it('have what came, by connection, and what was under way when one ended', () => {
    const { all, disordered } = arrived([0, 0], [0, 1], [2, 0]);
    expect([all, disordered]).toEqual([
      [
        [2, 2],
        [0, 0],
        [1, 1],
      ],
      0,
    ]);
    // Over the second connection four were sent, and none came.
    expect(balance([3, 4, 1], all)).toEqual({ sent: 8, came: 3, underWay: 5, missing: 0, unsent: 0 });
  });

  it('miss what is not there between two that came', () => {
    expect(balance([9], arrived([0, 0], [0, 3], [0, 7]).all)).toEqual({
      ...{ sent: 9, came: 3, underWay: 1, missing: 5, unsent: 0 },
    });
  });

  it('count what comes twice, out of order or over no connection by itself', () => {
    const { all, disordered } = arrived([0, 0], [0, 0], [0, 2], [0, 1], [-1, -1], [Number.NaN, 0]);
    expect([all, disordered]).toEqual([[[2, 3]], 4]);
  });

  it('see what came and was never sent', () => {
    expect(balance([1], arrived([0, 0], [0, 1], [1, 0]).all)).toMatchObject({ came: 3, underWay: 0, unsent: 2 });
  });
});

describe('the balance of states', () => {
  const over = { sent: 95, came: 90, underWay: 5, missing: 0, unsent: 0 };
  const states = { published: 100, superseded: 2, down: 3, over };

  it('holds when each has a place, and says the equation', () => {
    expect(stateBalance(states)).toEqual([
      true,
      '100 states published = 90 received + 2 superseded + 3 while the link was down + 5 under way at a cut',
    ]);
  });

  it.each([
    ['one that nobody counted', { ...states, published: 101 }, '1 UNACCOUNTED FOR'],
    ['one counted twice', { ...states, down: 4 }, '-1 UNACCOUNTED FOR'],
    ['one that is missing in mid-stream', { ...states, over: { ...over, came: 89, missing: 1 } }, '1 UNACCOUNTED FOR'],
  ])('does not hold with %s', (_name, wrong, says) => {
    const [holds, text] = stateBalance(wrong);
    expect(holds).toBe(false);
    expect(text).toContain(says);
  });

  it('does not hold with one that was never sent in the place of one that was lost', () => {
    expect(stateBalance({ ...states, over: { ...over, missing: 1, unsent: 1 } })[0]).toBe(false);
  });
});

describe('the balance of commands', () => {
  const over = { sent: 10, came: 7, underWay: 3, missing: 0, unsent: 0 };

  it('holds when what did not come was under way at a cut, and not otherwise', () => {
    expect(commandBalance(over)).toEqual([true, '10 commands sent = 7 received + 3 under way at a cut']);
    const [holds, text] = commandBalance({ ...over, came: 5, missing: 2 });
    expect([holds, text.includes('2 UNACCOUNTED FOR')]).toEqual([false, true]);
  });
});

it('a state says its connection and its number there, and one over a dead wire neither', () => {
  expect(readFrame(frameOf(3, 14))).toEqual([3, 14]);
  expect(readFrame(frameOf(-1, -1))).toBeNull();
  expect(readFrame('base')).toBeNull();
});
