import { describe, expect, it } from 'vitest';
import { CLIPPED, type Envelope, type Situation } from '../../../controllers/safety/envelope.ts';
import { Output } from '../../../controllers/safety/output.ts';

/** An envelope whose filter writes 1 and whose brake writes 2; `refuses` says what the post-check has against each. */
function made({ refuses = {}, flags = 0 }: { refuses?: Record<number, number>; flags?: number } = {}) {
  const envelope = {
    given: [] as unknown[],
    limit(wish: Float64Array, by: Situation, speedScale: number, out: Float64Array) {
      this.given = [wish, by, speedScale];
      out[0] = 1;
      return flags;
    },
    brake(_by: Situation, out: Float64Array) {
      out[0] = 2;
    },
    judge: (setpoint: Float64Array) => refuses[setpoint[0]!] ?? 0,
  };
  return { envelope, output: new Output(envelope as unknown as Envelope), out: new Float64Array(1) };
}
const wish = Float64Array.of(7);
const by = {} as Situation;

describe('the last line', () => {
  it('lets out what the filter made and the post-check admits', () => {
    const { envelope, output, out } = made({ flags: CLIPPED.speed });
    expect(output).toMatchObject({ clipped: 0, refusal: 0, braked: false, conflicts: 0 });
    expect(output.limit(wish, by, 0.5, out)).toBe(true);
    expect(envelope.given).toEqual([wish, by, 0.5]);
    expect(out[0]).toBe(1);
    expect(output).toMatchObject({ clipped: CLIPPED.speed, refusal: 0, braked: false, conflicts: 0 });
  });

  it('brakes when the post-check refuses what the filter made', () => {
    const { output, out } = made({ refuses: { 1: 3 } });
    expect(output.limit(wish, by, 1, out)).toBe(true);
    expect(out[0]).toBe(2);
    expect(output).toMatchObject({ refusal: 3, braked: true });
  });

  it('lets nothing out when it refuses the braking law too', () => {
    const { output, out } = made({ refuses: { 1: 3, 2: 4 } });
    expect(output.limit(wish, by, 1, out)).toBe(false);
    expect(output).toMatchObject({ refusal: 3, braked: true });
  });

  it('judges the positions that go out with a setpoint, after it and as it goes; refused, it brakes, or nothing goes out', () => {
    const { envelope, output, out } = made({ refuses: { 7: 3 } });
    const led: number[] = [];
    let says: Record<number, number> = {};
    const lead = (setpoint: Float64Array) => {
      led.push(setpoint[0]!);
      return says[setpoint[0]!] ?? 0;
    };
    Object.assign(envelope, { lead });
    expect([output.limit(wish, by, 1, out), output.refusal, led.splice(0)]).toEqual([true, 0, [1]]);
    says = { 1: 5 };
    expect([output.limit(wish, by, 1, out), out[0], output.braked, output.refusal]).toEqual([true, 2, true, 5]);
    expect(led.splice(0)).toEqual([1, 2]);
    says = { 1: 5, 2: 1 };
    expect([output.limit(wish, by, 1, out), output.braked, output.refusal]).toEqual([false, true, 5]);
    // Of a setpoint that is refused, there are none.
    const other = made({ refuses: { 1: 3 } });
    Object.assign(other.envelope, { lead });
    led.length = 0;
    expect(other.output.limit(wish, by, 1, out)).toBe(false);
    expect(led).toEqual([2]);
  });

  it('counts conflicts in a row, whatever else was clipped', () => {
    let flags: number = CLIPPED.conflict | CLIPPED.speed;
    const { envelope, out } = made();
    const output = new Output(envelope as unknown as Envelope, () => flags);
    output.limit(wish, by, 1, out);
    output.limit(wish, by, 1, out);
    expect(output.conflicts).toBe(2);
    flags = CLIPPED.speed;
    output.limit(wish, by, 1, out);
    expect(output.conflicts).toBe(0);
  });
});
