import { describe, expect, it } from 'vitest';
import type { LadderTransition, Mode } from '../../../src/core/signals.ts';
import { transitionLine } from '../../../src/daemon/citizen/rosout.ts';

const transition = (from: Mode, to: Mode, over: Partial<LadderTransition> = {}): LadderTransition => ({
  ...{ atNs: 0, from, to, cause: 'force_limit', detail: '31 N; allowed: 30 N', value: 31, limit: 30, margin: -1 },
  ...{ incident: 0, epoch: 1, ...over },
});

describe('a transition on /rosout', () => {
  it.each<[Mode, Mode, string]>([
    ['ACTIVE', 'STOPPING', 'error'],
    ['HOLD', 'ESTOP', 'error'],
    ['ACTIVE', 'HOLD', 'warn'],
    ['ACTIVE', 'RECOVERY', 'warn'],
    ['STOPPING', 'STOPPED', 'info'],
    ['STOPPED', 'DISARMED', 'info'],
    ['HOLD', 'ENGAGING', 'info'],
    ['RECOVERY', 'ACTIVE', 'info'],
  ])('from %s to %s is of level %s', (from, to, level) => {
    expect(transitionLine(transition(from, to))[0]).toBe(level);
  });

  it('says from where to where, why, and which incident a stop is', () => {
    const [, text] = transitionLine(transition('ACTIVE', 'STOPPING', { incident: 3 }));
    expect(text).toBe('ACTIVE to STOPPING: force_limit, 31 N; allowed: 30 N (incident 3)');
    expect(transitionLine(transition('HOLD', 'ENGAGING', { cause: 'engage', detail: '', incident: 3 }))[1]).toBe(
      'HOLD to ENGAGING: engage',
    );
  });
});
