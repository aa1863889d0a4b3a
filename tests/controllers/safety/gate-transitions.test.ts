// long: what the gate keeps and forgets at each change of mode, side by side
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CLIPPED } from '../../../controllers/safety/envelope.ts';
import { fail, PASS, type RuleContext, type RulePlugin } from '../../../controllers/safety/rule.ts';
import { RULES } from '../../../controllers/safety/rules/index.ts';
import { defineRule } from '../../../src/core/plugin.ts';
import type { SeenCommand, SentCommand } from '../../../src/core/signals.ts';
import { MS, Rig } from './rig.ts';

const SIDE = [0, 1, 0, 0];

/** A rule of the test's own: asks for HOLD while told to, and keeps what it saw. */
class Own {
  asks = false;
  calls = 0;
  seen: RuleContext[] = [];
  readonly plugin: RulePlugin = defineRule({
    name: 'own',
    summary: 'asks for HOLD while told to',
    options: z.strictObject({}),
    create: () => ({
      name: 'own',
      cause: 'own',
      action: 'hold' as const,
      clears: 'auto' as const,
      says: 'told to',
      evaluate: (c: RuleContext) => {
        this.calls++;
        this.seen.push({ ...c });
        return this.asks ? fail(c, 'hold', 1, 0) : PASS;
      },
    }),
  });
  readonly rig = new Rig({}, { rules: [...RULES, this.plugin] });
}

const outcome = (sent: boolean, epoch: number, seq: number): SentCommand => ({
  ...{ sent, refused: sent ? null : 'backpressure', epoch, seq, sentNs: 0 },
});

/** A tick whose outcome nobody tells. */
const untold = (rig: Rig) => {
  rig.nowNs += 10 * MS;
  return rig.gate.tick(rig.nowNs);
};

describe('the outcome of a command', () => {
  it('is not taken before there was one', () => {
    const { gate } = new Rig();
    gate.sent(outcome(true, 0, 0));
    expect(gate.record.sent).toBe(false);
  });

  it('is taken once', () => {
    const rig = new Rig().boot().arm();
    const { counters } = rig.gate;
    rig.sense();
    const { epoch, seq } = untold(rig)!;
    rig.gate.sent(outcome(false, epoch, seq));
    rig.gate.sent(outcome(false, epoch, seq));
    expect(counters.refusedSends).toBe(1);
  });

  it('is not taken any more after a tick that sent nothing', () => {
    const rig = new Rig().boot().arm();
    const { epoch, seq } = untold(rig)!;
    rig.must('disarm');
    expect(untold(rig)).toBeNull();
    rig.gate.sent(outcome(true, epoch, seq));
    expect(rig.gate.record.sent).toBe(false);
  });

  it('is not taken after a tick that failed', () => {
    const rig = new Rig().boot().arm();
    const { epoch, seq } = untold(rig)!;
    rig.gate.tick(Number.NaN);
    rig.gate.sent(outcome(true, epoch, seq));
    expect(rig.gate.record.sent).toBe(false);
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'FAULT', detail: 'the clock says NaN' });
  });
});

describe('the time between ticks', () => {
  it('is told to the rules: none at the first, and how far the clock went back', () => {
    const own = new Own();
    const { rig } = own;
    rig.boot();
    expect(own.seen.at(-1)).toMatchObject({ sinceTickNs: 0, clockBackNs: 0 });
    rig.tick();
    expect(own.seen.at(-1)).toMatchObject({ sinceTickNs: 10 * MS, clockBackNs: 0 });
    rig.gate.tick(rig.nowNs - 3 * MS);
    expect(own.seen.at(-1)).toMatchObject({ sinceTickNs: 0, clockBackNs: 3 * MS });
  });

  it('lets the speed scale rise by half a unit a second, and over one period only', () => {
    const rig = new Rig().boot().arm();
    rig.gate.request({ kind: 'speed_scale', value: 0.2 }, rig.nowNs);
    rig.gate.request({ kind: 'speed_scale', value: 1 }, rig.nowNs);
    rig.tick();
    expect(rig.gate.speedScale).toBeCloseTo(0.205, 12);
    rig.nowNs += 40 * MS;
    rig.tick();
    expect(rig.gate.speedScale).toBeCloseTo(0.21, 12);
    rig.nowNs -= 5 * MS;
    rig.tick();
    expect(rig.gate.speedScale).toBeCloseTo(0.2125, 12);
  });

  it('ticks and commands are counted from 1', () => {
    const rig = new Rig().boot();
    expect([rig.gate.record.seq, rig.gate.counters.ticks, rig.gate.counters.commands]).toEqual([1, 1, 0]);
    rig.arm().tick(2);
    expect([rig.gate.record.seq, rig.gate.counters.ticks, rig.gate.counters.commands]).toEqual([4, 4, 3]);
  });
});

describe('conflicts of limits', () => {
  it('are counted, and the third in a row that a policy meets is a stop', () => {
    const rig = new Rig(
      {},
      {
        filter: (_wish, by, _scale, out) => {
          out.set(by.last);
          return CLIPPED.conflict;
        },
      },
    );
    rig.boot().arm();
    expect(rig.gate.counters.conflicts).toBe(1);
    rig.tick(3);
    expect(rig.gate.counters.conflicts).toBe(4);
    rig.engage();
    rig.tick();
    expect(rig.path.at(-1)).toBe('STOPPING(conflict)');
    expect(new Rig().active().gate.counters.conflicts).toBe(0);
  });
});

describe('HOLD that a rule asked for', () => {
  it('holds where the robot is, not where it was armed, and goes there from the last command', () => {
    const own = new Own();
    const { rig } = own;
    rig.active();
    rig.decision.base.set(SIDE);
    rig.tick(40);
    // The robot no longer follows: its setpoint goes on without it, up to Δ.
    rig.following = false;
    const before = rig.tick(5)!;
    const at = rig.state.pose[1]!;
    expect(at).toBeGreaterThan(0.02);
    expect(before.setpoint[1]! - at).toBeGreaterThan(0.003);
    own.asks = true;
    const first = rig.tick()!;
    expect(first).toMatchObject({ mode: 'HOLD', source: 'hold' });
    expect(before.setpoint[1]! - first.setpoint[1]!).toBeCloseTo(0.001, 6);
    expect(rig.tick(20)!.setpoint[1]).toBeCloseTo(at, 9);
  });

  it('is no ground to arm or to engage on', () => {
    const own = new Own();
    own.rig.boot();
    own.asks = true;
    expect(own.rig.gate.request({ kind: 'arm' }, own.rig.nowNs)).toEqual({
      accepted: false,
      reason: 'not clear: own: told to',
    });
  });

  it('a stop, a disarm and an e-stop ask no rule', () => {
    const own = new Own();
    own.rig.boot().arm();
    const { calls } = own;
    for (const kind of ['stop', 'estop', 'estop_release', 'disarm', 'disengage'] as const)
      own.rig.gate.request({ kind }, own.rig.nowNs);
    expect(own.calls).toBe(calls);
  });
});

describe('DISARMED', () => {
  it('has no setpoint of before: an e-stop pressed then sends nothing', () => {
    const rig = new Rig().boot().arm();
    rig.must('disarm');
    rig.must('estop');
    expect(rig.tick()).toBeNull();
    expect(rig.gate.mode).toBe('ESTOP');
  });

  it('is reached by a reset that needs no target: nothing moves there', () => {
    const rig = new Rig();
    rig.gate.boot(rig.nowNs);
    rig.gate.observeLink(true, 1, rig.nowNs);
    rig.tick();
    rig.arm().must('stop');
    rig.tick(30);
    expect(rig.gate.mode).toBe('STOPPED');
    const { incident } = rig.gate;
    expect(rig.gate.request({ kind: 'reset', incident }, rig.nowNs)).toEqual({ accepted: true, reason: '' });
  });

  it('a new epoch has sequences of its own', () => {
    const rig = new Rig().active();
    rig.must('stop');
    rig.tick(30);
    rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs);
    rig.arm().engage();
    rig.think({ seq: 0 });
    expect(rig.gate.counters.refusedSeq).toBe(0);
    rig.thinking = false;
    expect(rig.tick()).toMatchObject({ mode: 'ENGAGING', source: 'policy' });
  });
});

describe('engaging', () => {
  /** Answers no risk for one tick. */
  const stumble = (rig: Rig): void => {
    rig.critic.risk = () => Number.NaN;
    rig.tick();
    rig.critic.risk = () => 0;
    rig.tick();
  };

  it('from HOLD forgives the critic; the second invalid answer of one engagement does not', () => {
    const own = new Own();
    const { rig } = own;
    rig.active();
    stumble(rig);
    own.asks = true;
    rig.tick();
    own.asks = false;
    rig.tick();
    expect(rig.gate.mode).toBe('HOLD');
    rig.engage();
    rig.tick(40);
    stumble(rig);
    expect(rig.gate.mode).toBe('ACTIVE');
    stumble(rig);
    expect(rig.path.at(-1)).toBe('STOPPING(critic_invalid)');
  });

  it('from RECOVERY forgives nothing', () => {
    const rig = new Rig().active();
    stumble(rig);
    rig.critic.risk = () => 0.9;
    rig.tick();
    expect(rig.gate.mode).toBe('RECOVERY');
    rig.critic.risk = () => 0;
    rig.tick(60);
    expect(rig.gate.mode).toBe('ACTIVE');
    stumble(rig);
    expect(rig.path.at(-1)).toBe('STOPPING(critic_invalid)');
  });

  it('from RECOVERY waits for a decision that is newer than any before', () => {
    const rig = new Rig().active();
    rig.decision.base.set(SIDE);
    rig.tick(40);
    rig.critic.risk = () => 0.9;
    rig.tick(5);
    rig.critic.risk = () => 0;
    while (rig.gate.mode === 'RECOVERY') rig.tick();
    rig.thinking = false;
    const hold = rig.tick()!;
    expect(hold).toMatchObject({ mode: 'ENGAGING', source: 'hold' });
    // Where the recovery ended: 40 mm to the side, not where the robot was armed.
    expect(rig.tick(5)!.setpoint[1]).toBe(hold.setpoint[1]);
    const refused = rig.gate.counters.refusedSeq;
    rig.think({ seq: rig.seq - 1 });
    expect(rig.gate.counters.refusedSeq).toBe(refused + 1);
    expect(rig.tick()).toMatchObject({ mode: 'ENGAGING', source: 'hold' });
    rig.seq++;
    rig.think();
    expect(rig.tick()).toMatchObject({ mode: 'ENGAGING', source: 'policy' });
  });
});

describe('a link made anew', () => {
  const echoOf = (rig: Rig, seq: number): SeenCommand => ({
    ...{ epoch: rig.gate.epoch, seq, stampNs: rig.nowNs },
    setpoint: rig.gate.record.setpoint.slice(),
  });
  /** ACTIVE, and every command was echoed so far. */
  const echoed = (): Rig => {
    const rig = new Rig().active();
    for (let n = 0; n < 3; n++) {
      const { seq } = rig.tick()!;
      rig.gate.ingestEcho(echoOf(rig, seq));
    }
    return rig;
  };

  it('the same link told again changes nothing: echoes that cease are missed', () => {
    const rig = echoed();
    rig.gate.observeLink(true, 1, rig.nowNs);
    expect(rig.gate.linkUp).toBe(true);
    rig.tick(12);
    expect(rig.path.at(-1)).toBe('STOPPING(not_acknowledged)');
  });

  it('over a new link no echo is waited for that the old one owes', () => {
    const rig = echoed();
    rig.tick(2);
    rig.gate.observeLink(true, 2, rig.nowNs);
    rig.following = false;
    rig.state.pose[0] = 0.501;
    for (let n = 0; n < 30; n++) {
      rig.tick();
      expect(rig.gate.record.cause).not.toBe('not_acknowledged');
    }
    expect(rig.path.at(-1)).toBe('STOPPED(link_changed)');
  });

  it('also when the first link had the number 0', () => {
    const rig = new Rig();
    rig.gate.observeLink(true, 0, rig.nowNs);
    rig.gate.boot(rig.nowNs);
    rig.gate.ingestTarget(Float64Array.of(0.5, 0, 0.05, 0, 0, 0, 1), rig.nowNs);
    rig.tick();
    rig.arm();
    rig.gate.observeLink(true, 1, rig.nowNs);
    expect(rig.path.at(-1)).toBe('STOPPING(link_changed)');
  });

  it('our own command that comes back is not counted as somebody else’s', () => {
    const rig = echoed();
    expect(rig.gate.counters.foreignCommands).toBe(0);
    rig.gate.ingestEcho({ ...echoOf(rig, 0), epoch: 3 });
    rig.gate.ingestEcho(echoOf(rig, rig.tick()!.seq));
    expect(rig.gate.counters.foreignCommands).toBe(1);
  });
});

it('the ladder can be read, and a stale state names the source that is silent', () => {
  const rig = new Rig().active();
  expect(rig.gate.ladder).toMatchObject({ mode: 'ACTIVE', incident: 0 });
  rig.sensing = false;
  for (const source of [0, 2]) rig.gate.observeSource(source, rig.nowNs + 60 * MS);
  rig.gate.observeSource(1, rig.nowNs);
  rig.tick(6);
  expect(rig.transitions.at(-1)).toMatchObject({ cause: 'state_stale' });
  expect(rig.transitions.at(-1)?.detail).toContain('nothing usable on /ee_pose');
});
