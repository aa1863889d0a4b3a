import { expect, it } from 'vitest';
import { stepsToSuccess } from '../../../src/learning/judging/steps-to-success.ts';

it('steps to success by hand: failures do not count, and without a success there is no number', () => {
  const failed = { success: false, steps: 300 };
  expect(stepsToSuccess([{ success: true, steps: 10 }, failed, { success: true, steps: 13 }])).toBe(11.5);
  expect(stepsToSuccess([failed])).toBeNull();
});
