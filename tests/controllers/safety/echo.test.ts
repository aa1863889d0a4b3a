import { beforeEach, describe, expect, it } from 'vitest';
import { Echo } from '../../../controllers/safety/echo.ts';
import { UNSTAMPED } from '../../../src/core/signals.ts';

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

  it('remembers when a command went out, by epoch and sequence together, as long as there is room', () => {
    expect(echo.sentAtNs(3, 2)).toBe(20);
    expect(echo.sentAtNs(2, 2)).toBeNaN();
    expect(echo.sentAtNs(3, 5)).toBeNaN();
    // Its place is taken by a later one.
    for (let seq = 5; seq <= 2000; seq++) echo.sent(of(seq), 3, seq, seq * 10);
    expect(echo.sentAtNs(3, 2)).toBeNaN();
    expect(echo.sentAtNs(3, 2000)).toBe(20_000);
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

  it('counts the commands of others, and ours among them not', () => {
    echo.observe(seen(5));
    echo.observe(seen(1));
    echo.observe(seen(2));
    echo.observe(seen(0, { epoch: -1 }));
    expect(echo.foreignCommands).toBe(2);
    echo.clearFlags();
    echo.restart();
    expect(echo.foreignCommands).toBe(2);
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

  it('rounding is a share of a large value, and 1e-9 of a small one', () => {
    echo.sent(Float64Array.of(1000, 0), 3, 5, 50);
    echo.observe(seen(5, { setpoint: Float64Array.of(1000 + 9e-7, 1e-9) }));
    expect(flags()).toEqual([-1, -1, -1]);
    echo.sent(Float64Array.of(1000, 0), 3, 6, 60);
    echo.observe(seen(6, { setpoint: Float64Array.of(1000 + 1.1e-6, 0) }));
    expect(echo.changedSeq).toBe(6);
    echo.sent(Float64Array.of(1000, 0), 3, 7, 70);
    echo.observe(seen(7, { setpoint: Float64Array.of(1000, 1.1e-9) }));
    expect(echo.changedSeq).toBe(7);
  });

  it('a command with a number but more values than ours is changed', () => {
    echo.observe(seen(2, { setpoint: Float64Array.of(0.2, -2, 0) }));
    expect(echo.changedSeq).toBe(2);
  });

  it('a command with a number is known by it, stamp or not', () => {
    echo.observe(seen(2, { stampNs: UNSTAMPED, setpoint: Float64Array.of(9, 9) }));
    expect(flags()).toEqual([-1, 2, -1]);
  });

  it('a stamp at which nothing was sent is foreign, also where a sequence was left out', () => {
    echo.sent(of(6), 3, 6, 60);
    echo.observe(seen(-1, { epoch: -1, stampNs: 0 }));
    expect(flags()).toEqual([0, -1, -1]);
  });

  it('knows the first command by its stamp too', () => {
    echo.observe(seen(-1, { epoch: -1, stampNs: 10, setpoint: of(1) }));
    expect([echo.heard, ...flags()]).toEqual([true, -1, -1, -1]);
  });

  it('keeps the values of 1024 commands apart', () => {
    for (let seq = 5; seq <= 1024; seq++) echo.sent(of(seq), 3, seq, seq * 10);
    echo.observe(seen(1));
    expect(flags()).toEqual([-1, -1, -1]);
    echo.observe(seen(-1, { epoch: -1, stampNs: 20, setpoint: of(2) }));
    expect(flags()).toEqual([-1, -1, -1]);
    expect(echo.age(100)).toBe(70);
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

describe('the echo of commands without sequence and stamp', () => {
  let echo: Echo;
  let seq: number;
  /** Sends these values, 10 ns apart; the first at 10 ns. */
  const send = (...values: number[]) => {
    for (const v of values) echo.sent(Float64Array.of(v, 0), 3, ++seq, seq * 10);
  };
  const hear = (...values: number[]) => {
    for (const v of values) echo.observe({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: Float64Array.of(v, 0) });
  };
  const flags = () => [echo.foreignSeq, echo.changedSeq, echo.repeatedSeq];
  beforeEach(() => {
    echo = new Echo(2);
    seq = 0;
  });

  it('acknowledges by value, in the order of sending', () => {
    send(1, 2, 1, 3);
    hear(1);
    expect(echo.age(100)).toBe(80);
    hear(2);
    expect(echo.age(100)).toBe(70);
    hear(1);
    expect(echo.age(100)).toBe(60);
    hear(3);
    expect([echo.age(1e9), ...flags()]).toEqual([0, -1, -1, -1]);
  });

  it('what cannot be read, or has other values than any, is foreign', () => {
    send(1, 2);
    echo.observe({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: null });
    expect([echo.heard, echo.foreignCommands, ...flags()]).toEqual([false, 1, 0, -1, -1]);
    echo.clearFlags();
    hear(7);
    expect([echo.heard, ...flags()]).toEqual([false, 0, -1, -1]);
  });

  it('zeros are not the echo of a sequence that was left out', () => {
    send(1);
    seq++;
    send(2);
    hear(0);
    expect([echo.heard, ...flags()]).toEqual([false, 0, -1, -1]);
  });

  it('the echo of the last command may come again, and what waits goes on waiting', () => {
    send(1, 2);
    hear(1, 1, 1);
    expect([echo.age(100), ...flags()]).toEqual([80, -1, -1, -1]);
  });

  it('an echo that is lost is passed over by the next one', () => {
    send(1, 2, 3);
    hear(3);
    expect([echo.age(1e9), ...flags()]).toEqual([0, -1, -1, -1]);
  });

  it('a row of equal commands counts as one, and its echoes are no strangers', () => {
    send(0, 0, 0);
    hear(0);
    expect(echo.age(100)).toBe(0);
    send(1);
    hear(0, 0);
    expect([echo.age(100), ...flags()]).toEqual([60, -1, -1, -1]);
    hear(1);
    expect([echo.age(100), ...flags()]).toEqual([0, -1, -1, -1]);
  });

  it('skips sequences that the bridge refused', () => {
    send(1);
    seq++;
    send(1, 2);
    hear(1);
    expect(echo.age(100)).toBe(60);
  });

  it.each([
    ['a value that was never sent', 4],
    ['a value from before what was acknowledged last', 1],
    ['no number', Number.NaN],
  ])('%s has another author', (_what, value) => {
    send(1, 2, 3);
    hear(1, 2, value);
    expect([echo.foreignSeq, echo.age(100)]).toEqual([0, 70]);
  });

  it('before anything was sent every command is a stranger', () => {
    hear(0);
    expect([echo.foreignSeq, echo.heard]).toEqual([0, false]);
    echo.clearFlags();
    echo.observe({ epoch: -1, seq: -1, stampNs: UNSTAMPED, setpoint: null });
    expect(echo.foreignSeq).toBe(0);
  });

  it('a message that ought to have a stamp and has none stays a stranger, whatever its values', () => {
    send(1);
    echo.observe({ epoch: -1, seq: -1, stampNs: Number.NaN, setpoint: Float64Array.of(1, 0) });
    expect(echo.foreignSeq).toBe(0);
  });
});
