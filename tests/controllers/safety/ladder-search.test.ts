import { describe, expect, it } from 'vitest';
import { type LadderState, reduce } from '../../../controllers/safety/ladder.ts';
import { MODES } from '../../../src/core/signals.ts';
import { type Reducer, search } from './ladder-search.ts';

describe('every reachable state of the ladder', () => {
  it('keeps I1 to I11, L1 and L2', () => {
    const found = search();
    expect([...found.violations]).toEqual([]);
    // All modes were really there, and the space is what it was when this was written, or larger.
    expect([...found.modes].sort()).toEqual([...MODES].sort());
    expect(found.states).toBeGreaterThan(3000);
    expect(found.steps).toBeGreaterThan(46_000);
  });
});

const as = (state: LadderState, changes: Partial<LadderState>): LadderState => ({ ...state, ...changes });

/** Mistakes that a ladder could have; the search must see each. */
const MUTANTS: Record<string, Reducer> = {
  'reset without incident match': (s, e) =>
    e.kind === 'request' && e.request.kind === 'reset'
      ? reduce(s, { ...e, request: { kind: 'reset', incident: s.incident } })
      : reduce(s, e),
  'reset while dirty': (s, e) =>
    reduce(s, e.kind === 'request' && e.request.kind === 'reset' ? { ...e, clear: true } : e),
  'reset straight to ACTIVE': (s, e) => {
    const next = reduce(s, e);
    return next.transition?.cause === 'reset' ? as(next, { mode: 'ACTIVE' }) : next;
  },
  'auto-resume on e-stop release': (s, e) => {
    const next = reduce(s, e);
    return s.mode === 'ESTOP' && s.estopHeld && !next.estopHeld ? as(next, { mode: 'ENGAGING' }) : next;
  },
  'reset under a held e-stop': (s, e) =>
    e.kind === 'request' && e.request.kind === 'reset' ? reduce(as(s, { estopHeld: false }), e) : reduce(s, e),
  'unbounded recovery': (s, e) => as(reduce(as(s, { recoveries: 0 }), e), {}),
  'recovery budget refilled at reset': (s, e) => {
    const next = reduce(s, e);
    return next.transition?.cause === 'reset' ? as(next, { recoveries: 0 }) : next;
  },
  'no dwell': (s, e) => reduce(s.mode === 'RECOVERY' ? as(s, { limits: { ...s.limits, riskDwellNs: 0 } }) : s, e),
  'ACTIVE blind to hard faults': (s, e) =>
    reduce(s, e.kind === 'tick' && s.mode === 'ACTIVE' && e.severity === 4 ? { ...e, severity: 0 } : e),
  'e-stop ignored while stopping': (s, e) =>
    s.mode === 'STOPPING' && e.kind === 'request' && e.request.kind === 'estop' ? s : reduce(s, e),
  'FAULT left by arm': (s, e) =>
    s.mode === 'FAULT' && e.kind === 'request' && e.request.kind === 'arm' ? as(s, { mode: 'HOLD' }) : reduce(s, e),
  'no epoch at engage': (s, e) => {
    const next = reduce(s, e);
    return next.transition?.cause === 'engage' ? as(next, { epoch: s.epoch }) : next;
  },
  'stop that ends in HOLD': (s, e) => {
    const next = reduce(s, e);
    return s.mode === 'STOPPING' && next.mode === 'STOPPED' ? as(next, { mode: 'HOLD' }) : next;
  },
  'a decision given back that engages': (s, e) =>
    e.kind === 'takeover_released' && s.mode === 'HOLD'
      ? as(s, { mode: 'ENGAGING', epoch: s.epoch + 1 })
      : reduce(s, e),
  'a decision given back that stops a recovery': (s, e) =>
    e.kind === 'takeover_released' && s.mode === 'RECOVERY' ? as(s, { mode: 'ENGAGING' }) : reduce(s, e),
  'a decision given back at full authority': (s, e) =>
    e.kind === 'takeover_released' ? as(reduce(s, e), { mode: s.mode }) : reduce(s, e),
  'a decision given back within its epoch': (s, e) =>
    e.kind === 'takeover_released' ? as(reduce(s, e), { epoch: s.epoch }) : reduce(s, e),
  'reset that never succeeds': (s, e) =>
    e.kind === 'request' && e.request.kind === 'reset' ? reduce(s, { ...e, clear: false }) : reduce(s, e),
};

describe('the search', () => {
  it.each(Object.keys(MUTANTS))('catches: %s', (name) => {
    const { violations } = search(MUTANTS[name], true);
    expect([...violations.keys()].length).toBeGreaterThan(0);
  });
});
