import { beforeEach, describe, expect, it } from 'vitest';
import { Echo } from '../../../controllers/safety/echo.ts';

describe('the echo of commands', () => {
  let echo: Echo;
  const of = (seq: number) => Float64Array.of(0.1 * seq, -seq);
  const seen = (seq: number, changes: object = {}) => ({
    epoch: 3,
    seq,
    stampNs: seq * 10,
    setpoint: of(seq),
    ...changes,
  });
  const flags = () => [echo.foreignSeq, echo.changedSeq, echo.repeatedSeq];
  beforeEach(() => {
    echo = new Echo(2);
    for (const seq of [1, 2, 3, 4]) echo.sent(of(seq), 3, seq, seq * 10);
  });

  it('acknowledges in order, and measures what still waits', () => {
    expect(echo.age(100)).toBe(0);
    echo.observe(seen(1));
    expect(echo.age(100)).toBe(80);
    echo.observe(seen(3));
    expect(echo.age(100)).toBe(60);
    echo.observe(seen(4));
    expect([echo.age(1e9), ...flags()]).toEqual([0, -1, -1, -1]);
    echo.sent(of(7), 3, 7, 70);
    expect(echo.age(75)).toBe(5);
  });

  it('skips sequences that the bridge refused', () => {
    echo.sent(of(7), 3, 7, 70);
    echo.observe(seen(4));
    expect(echo.age(100)).toBe(30);
  });

  it.each([
    ['a sequence that was never sent', seen(5), 5],
    ['one of another epoch', seen(2, { epoch: 4 }), 2],
    ['one that was forgotten', seen(2 + 1024), 1026],
    ['a negative one', seen(-7), 0],
    ['a broken one', seen(1.5), 1.5],
    ['one that is no number', seen(Number.NaN), 0],
    ['one without a number, of another time', seen(-1, { epoch: -1, stampNs: 22 }), 0],
  ])('a command is foreign by %s', (_what, command, value) => {
    echo.observe(command);
    expect(flags()).toEqual([value, -1, -1]);
    expect(echo.heard).toBe(false);
  });

  it('knows a command without a number by its stamp', () => {
    echo.observe(seen(-1, { epoch: -1, stampNs: 21, setpoint: of(2) }));
    expect(flags()).toEqual([-1, -1, -1]);
    expect(echo.age(100)).toBe(70);
  });

  it.each([
    ['a value', Float64Array.of(0.2, -2.00001)],
    ['a NaN', Float64Array.of(0.2, Number.NaN)],
    ['its length', Float64Array.of(0.2)],
    ['nothing to read', null],
  ])('a command is changed by %s', (_what, setpoint) => {
    echo.observe(seen(2, { setpoint }));
    expect(flags()).toEqual([-1, 2, -1]);
  });

  it('allows the rounding of other encodings', () => {
    echo.observe(seen(2, { setpoint: Float64Array.of(0.2 + 1e-10, -2 - 1e-9) }));
    expect(flags()).toEqual([-1, -1, -1]);
  });

  it('a command that comes again, or after a newer one, is repeated', () => {
    echo.observe(seen(2));
    echo.observe(seen(1));
    expect(flags()).toEqual([-1, -1, 1]);
    echo.observe(seen(2));
    expect(flags()).toEqual([-1, -1, 2]);
    echo.clearFlags();
    expect(flags()).toEqual([-1, -1, -1]);
  });

  it('after a restart nothing that was sent before is waited for, and what comes late is repeated', () => {
    echo.observe(seen(1));
    echo.restart();
    expect([echo.heard, echo.age(1e9)]).toEqual([false, 0]);
    echo.observe(seen(4));
    expect(echo.repeatedSeq).toBe(4);
    echo.sent(of(5), 3, 5, 50);
    echo.observe(seen(5, { setpoint: of(5) }));
    expect(echo.age(1e9)).toBe(0);
  });

  it('forgets the oldest command after 1024', () => {
    for (let seq = 5; seq <= 1025; seq++) echo.sent(of(seq), 3, seq, seq);
    echo.observe(seen(1));
    expect(echo.foreignSeq).toBe(1);
  });
});
