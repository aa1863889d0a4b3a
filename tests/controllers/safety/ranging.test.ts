import { describe, expect, it } from 'vitest';
import { Ranging } from '../../../controllers/safety/ranging.ts';
import { MS } from './rig.ts';

const reading = (over: object = {}) => ({
  ...{ sensor: 0, stampNs: 1e9, receivedNs: 5e9, beams: 10, invalid: 0, count: 0, points: new Float64Array(0) },
  ...over,
});
const limits = [
  { ageNs: 300 * MS, invalidShare: 0.5 },
  { ageNs: 100 * MS, invalidShare: 1 },
];

describe('readings of sensors that see obstacles', () => {
  it('each sensor has a freshness of its own', () => {
    const ranging = new Ranging(limits);
    expect([...ranging.receivedNs]).toEqual([-Infinity, -Infinity]);
    expect(ranging.ingest(reading(), () => true)).toBe(true);
    expect([...ranging.receivedNs]).toEqual([5e9, -Infinity]);
    ranging.ingest(reading({ sensor: 1, receivedNs: 6e9 }), () => true);
    expect([...ranging.receivedNs]).toEqual([5e9, 6e9]);
    expect([ranging.readings, ranging.refused]).toEqual([2, 0]);
  });

  it.each([
    ['with too many blind beams', { invalid: 6 }],
    ['with no beam', { beams: 0 }],
    ['without a stamp', { stampNs: Number.NaN }],
    ['of the same stamp', { stampNs: 1e9 }],
    ['of an older stamp', { stampNs: 0.9e9 }],
    ['from before the last arrival', { receivedNs: 4.9e9 }],
    ['of a sensor that there is not', { sensor: 2 }],
  ])('one %s is refused and does not refresh freshness', (_what, over) => {
    const ranging = new Ranging(limits);
    ranging.ingest(reading(), () => true);
    const good = { stampNs: 1.1e9, receivedNs: 5.1e9 };
    expect(ranging.ingest(reading({ ...good, ...over }), () => true)).toBe(false);
    expect([ranging.receivedNs[0], ranging.refused]).toEqual([5e9, 1]);
  });

  it('half of the beams may be blind, and one that nobody can use counts as none', () => {
    const ranging = new Ranging(limits);
    expect(ranging.ingest(reading({ invalid: 5 }), () => false)).toBe(false);
    expect(ranging.receivedNs[0]).toBe(-Infinity);
    expect(ranging.ingest(reading({ invalid: 5 }), () => true)).toBe(true);
  });

  it('the next one may come in the same instant, if its stamp is later', () => {
    const ranging = new Ranging(limits);
    ranging.ingest(reading(), () => true);
    expect(ranging.ingest(reading({ stampNs: 1.1e9, receivedNs: 5.1e9 }), () => true)).toBe(true);
    expect(ranging.ingest(reading({ stampNs: 1.2e9, receivedNs: 5.1e9 }), () => true)).toBe(true);
    expect([ranging.receivedNs[0], ranging.readings]).toEqual([5.1e9, 3]);
  });

  it('after a silence longer than its age the stamps of a sensor may begin anew', () => {
    const ranging = new Ranging(limits);
    ranging.ingest(reading(), () => true);
    expect(ranging.ingest(reading({ stampNs: 5, receivedNs: 5.3e9 }), () => true)).toBe(false);
    expect(ranging.ingest(reading({ stampNs: 5, receivedNs: 5.3e9 + 1 }), () => true)).toBe(true);
  });
});
