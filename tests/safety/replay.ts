import { afterAll, beforeAll } from 'vitest';
import { CartesianEnvelope } from '../../controllers/safety/cartesian/envelope.ts';
import { JointEnvelope } from '../../controllers/safety/joint/envelope.ts';
import { safetyOf } from '../controllers/safety/rig.ts';
import { Watched } from './rig.ts';
import { play, type Step } from './script.ts';

/** Two runs of the gate that must be the same to the last bit: what the properties in `replay-*.property.test.ts` share. */
export const safety = safetyOf({ engage_ramp_ms: 10 });

/** It has properties of its own. No spy: it keeps every gate. */
export function withoutSelfTests(): void {
  const selfTests = [CartesianEnvelope.prototype.selfTest, JointEnvelope.prototype.selfTest] as const;
  beforeAll(() => {
    CartesianEnvelope.prototype.selfTest = () => '';
    JointEnvelope.prototype.selfTest = () => '';
  });
  afterAll(() => {
    [CartesianEnvelope.prototype.selfTest, JointEnvelope.prototype.selfTest] = selfTests;
  });
}

/** All that a run says, as one text: every command and every change of mode. Numbers are written so that bits show. */
export function said(rig: Watched, steps: readonly Step[]): string {
  rig.active();
  for (const step of steps) play(rig, step);
  return `${JSON.stringify(rig.wire)} ${rig.path.join(' ')}`;
}

export const cartesian = (steps: readonly Step[], change: (rig: Watched) => void = () => {}): string => {
  const rig = new Watched({}, { safety });
  change(rig);
  return said(rig, steps);
};

export const same = (a: string, b: string): void => {
  if (a !== b) throw new Error(`differs:\n${a}\n${b}`);
};
