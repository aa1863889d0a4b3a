import { describe, expect, it } from 'vitest';
import { BrainPresence } from '../../src/daemon/brain-presence.ts';

describe('the brain as the reflex knows it', () => {
  it('may be engaged once it has decided on this connection', () => {
    const brain = new BrainPresence();
    expect([brain.sinceNs, brain.decides, brain.forbids]).toEqual([
      Number.NaN,
      false,
      'brain_lost: the brain process is gone',
    ]);
    brain.came(5);
    expect([brain.sinceNs, brain.decides, brain.forbids.split(':')[0]]).toEqual([5, false, 'decision_missing']);
    brain.decided();
    expect([brain.decides, brain.forbids]).toEqual([true, '']);
  });

  it('begins anew with each connection, and a decision that comes after its end counts for none', () => {
    const brain = new BrainPresence();
    brain.came(5);
    brain.decided();
    brain.gone();
    brain.decided();
    expect(brain.forbids).toMatch(/^brain_lost/);
    brain.came(9);
    expect(brain.forbids).toMatch(/^decision_missing/);
  });
});
