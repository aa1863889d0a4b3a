import { describe, expect, it } from 'vitest';
import { progressLine } from '../../src/cli/training.ts';

describe('the progress line of training', () => {
  it('says where it is, how good it is and how long it will take', () => {
    const figures = { loss: 0.0123456, 'held out': 0.013 };
    const line = progressLine({ phase: 'training', done: 320, of: 800, figures }, { perS: 1250.4, etaS: 11.2 });
    expect(line).toBe('training 320/800 40 %  loss 0.01235  held out 0.01300  1250 /s  12 s left');
  });

  it('leaves out what is not known yet, and does not round a slow pace to nothing', () => {
    const at = { phase: 'demonstrations', done: 1, of: 3, figures: { loss: Number.NaN } };
    expect(progressLine(at, { perS: 0.44, etaS: 4.5 })).toBe('demonstrations 1/3 33 %  0.4 /s  5 s left');
    expect(progressLine(at, { perS: Number.NaN, etaS: Number.NaN })).toBe('demonstrations 1/3 33 %');
  });
});
