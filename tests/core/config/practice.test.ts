import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';

const load = (...set: string[]) => loadRun(join(packageRoot, 'configs/runs/peg.yaml'), set);

describe('a run that practises', () => {
  it('is off unless it is asked for, and then has a default for everything', () => {
    expect(load().config.practice).toBeUndefined();
    expect(load('practice={}').config.practice).toMatchObject({ learner: 'ws://127.0.0.1:8790', reward: 'success' });
  });

  it.each([
    [['practice={reward: progress}'], /practice\.progress.*name the module/],
    [
      ['practice={}', 'policies.residual.scale=0'],
      /policies\.residual\.scale 0: nothing that is learned would ever act/,
    ],
    [['practice={learner: "http://127.0.0.1:1"}'], /practice\.learner.*ws:\/\/host:port/],
    [['practice={held_out_every: 1}'], /practice\.held_out_every/],
  ])('%j is refused', (set, says) => {
    expect(() => load(...set)).toThrow(says);
  });

  it('is refused for a robot of another interface', () => {
    const servo = () => loadRun(join(packageRoot, 'configs/runs/servo.yaml'), ['practice={}']);
    expect(servo).toThrow(/practice.*interface tip_twist.*only known of cartesian_impedance/);
  });

  it('warns of a critic of progress that nobody asks', () => {
    expect(load('practice={progress: critic.js}').warnings.join()).toMatch(/reward is success: it is not asked/);
  });
});
