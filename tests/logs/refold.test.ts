import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TickRecord } from '../../controllers/safety/record.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import type { OperatorRequest } from '../../src/core/signals.ts';
import { bornWith, Refold } from '../../src/logs/refold.ts';
import { ENTRY } from '../../src/pipeline/journal/entry.ts';
import { entriesIn } from '../../src/pipeline/journal/read.ts';
import { anyDouble } from '../controllers/safety/arbitrary.ts';
import { robot, ScriptedCritic, safetyOf } from '../controllers/safety/rig.ts';
import { JournalledRig } from './journalled.ts';

const copy = (r: TickRecord) => ({ ...r, aim: [...r.aim], setpoint: [...r.setpoint] });
type Copy = ReturnType<typeof copy>;

/** The records that the entries give on a new gate. */
function refolded(entries: Float64Array, critic: ScriptedCritic, safety = safetyOf()): Copy[] {
  const records: Copy[] = [];
  let refold: Refold | null = null;
  for (const entry of entriesIn(entries)) {
    const base = bornWith(entry);
    if (base !== null) refold = new Refold({ safety, robot } as RunConfig, critic, base);
    else if (refold!.take(entry)) records.push(copy(refold!.record));
    else if (entry.kind === ENTRY.sent) records[records.length - 1] = copy(refold!.record);
  }
  return records;
}

type Act =
  | { do: 'tick'; n: number }
  | { do: 'risk'; v: number }
  | { do: 'base'; v: number }
  | { do: 'push'; v: number }
  | { do: 'ask'; kind: OperatorRequest['kind']; v: number }
  | { do: 'relink' | 'echo' | 'report' | 'refuse' | 'silence' | 'spoil' };
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }).map((n): Act => ({ do: 'tick', n })) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1 }).map((v): Act => ({ do: 'risk', v })) },
  { weight: 2, arbitrary: fc.oneof(fc.double({ min: -1, max: 1 }), anyDouble).map((v): Act => ({ do: 'base', v })) },
  { weight: 1, arbitrary: fc.double({ min: -0.01, max: 0.01 }).map((v): Act => ({ do: 'push', v })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('arm', 'engage', 'reset', 'stop', 'speed_scale', 'residual_scale', 'estop', 'estop_release')
      .map((kind): Act => ({ do: 'ask', kind: kind as OperatorRequest['kind'], v: 0.5 })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('relink', 'echo', 'report', 'refuse', 'silence', 'spoil')
      .map((what) => ({ do: what }) as Act),
  },
);

function play(acts: readonly Act[]) {
  const rig = new JournalledRig();
  const records: Copy[] = [];
  const tick = () => {
    rig.tick();
    records.push(copy(rig.gate.record));
  };
  rig.gate.boot(rig.nowNs);
  rig.gate.observeLink(true, 1, rig.nowNs);
  rig.gate.ingestTarget(Float64Array.of(0.5, 0, 0.05, 0, 0, 0, 1), rig.nowNs);
  let link = 1;
  for (const a of acts) {
    if (a.do === 'tick') for (let n = 0; n < a.n; n++) tick();
    else if (a.do === 'base') rig.decision = { ...rig.decision, base: Float64Array.of(a.v, 0, 0.5, 0) };
    else if (a.do === 'risk') rig.critic.risk = (row) => Math.abs(row[0]! * 100 + a.v) % 1;
    else if (a.do === 'push') rig.state.pose[1] = rig.state.pose[1]! + a.v;
    else if (a.do === 'relink') rig.gate.observeLink(true, ++link, rig.nowNs);
    else if (a.do === 'echo') rig.gate.ingestEcho({ epoch: 3, seq: 5, stampNs: 0, setpoint: new Float64Array(9) });
    else if (a.do === 'report') rig.gate.report('brain_lost', 'gone – and “why”', rig.nowNs);
    else if (a.do === 'refuse') rig.sending = !rig.sending;
    else if (a.do === 'silence') rig.sensing = !rig.sensing;
    else if (a.do === 'spoil') rig.think({ residual: Float64Array.of(0, Number.NaN, 0, 0) });
    else if (a.do === 'ask') {
      const request = { kind: a.kind, value: a.v, incident: rig.gate.incident } as OperatorRequest;
      rig.gate.request(request, rig.nowNs);
    }
  }
  return { records, rig };
}

describe('the calls of a journal, made again on a new gate', () => {
  it('give the same records to the last bit, whatever was done (house rules 7 and 8)', () => {
    let commands = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 5, maxLength: 40 }), (acts) => {
        // Risk depends on the row and on nothing else: the scripted critic is the same function both times.
        const steady = acts.map((a) => (a.do === 'risk' ? { ...a, v: 0.2 } : a));
        const { records, rig } = play(steady);
        const critic = new ScriptedCritic();
        critic.risk = (row) => rig.critic.risk(row, 0);
        const asked = steady.findIndex((a) => a.do === 'risk');
        // Before the first change the critic said 0.
        fc.pre(asked === -1 || asked === 0);
        expect(refolded(rig.entries, critic)).toEqual(records);
        commands += records.filter((r) => r.commandSeq > 0).length;
      }),
      { numRuns: 200 },
    );
    expect(commands).toBeGreaterThan(100);
  });

  it('with another limit differ where it was met, and nowhere before', () => {
    const rig = new JournalledRig().active();
    rig.decision = { ...rig.decision, base: Float64Array.of(0, 0, -1, 0) };
    const at = { ticks: 0 };
    rig.tick(30);
    at.ticks = rig.gate.record.seq;
    rig.state.wrench[2] = 29;
    rig.tick(20);
    expect(rig.gate.mode).toBe('ACTIVE');
    const same = refolded(rig.entries, new ScriptedCritic());
    const lower = refolded(
      rig.entries,
      new ScriptedCritic(),
      safetyOf({ force_limit: 28, force_soft: 25, stiffness: [200, 1600] }),
    );
    const first = same.findIndex((r, i) => r.cause !== lower[i]!.cause);
    expect(lower[first]).toMatchObject({ mode: 'STOPPING', cause: 'force_limit', limit: 28 });
    expect(first).toBeGreaterThanOrEqual(at.ticks);
  });

  it('remember that the critic was late: the tick is as unlucky as it was', () => {
    const late = new JournalledRig();
    late.critic.risk = () => {
      if (late.gate.record.seq !== 40) return 0;
      late.journal.criticLate();
      return Number.NaN;
    };
    late.active();
    while (late.gate.record.seq < 60) late.tick();
    const again = refolded(late.entries, new ScriptedCritic());
    expect(again[39]!.risk).not.toBe(again[38]!.risk);
    expect(again.at(-1)).toEqual(copy(late.gate.record));
  });
});

describe('the journal', () => {
  it('waits for a reader, hands over whole entries in order, and counts what it cannot keep', () => {
    const rig = new JournalledRig().boot();
    const taken: number[] = [];
    rig.journal.flush(() => false);
    rig.tick(3);
    rig.journal.flush((values, from, to, first) => {
      let n = 0;
      for (const _ of entriesIn(values.slice(from, to))) n++;
      taken.push(first, n);
      return true;
    });
    rig.journal.flush(() => expect.fail('nothing is left'));
    expect(taken[0]).toBe(0);
    rig.tick();
    rig.journal.flush((_v, _f, _t, first) => {
      expect(first).toBe(taken[1]);
      return true;
    });
    expect(rig.journal.lost).toBe(0);
    for (let n = 0; n < 26_000; n++) {
      rig.tick();
      rig.journal.flush(() => false);
    }
    expect(rig.journal.lost).toBeGreaterThan(0);
    const { lost } = rig.journal;
    const after: number[] = [];
    rig.tick();
    rig.journal.flush((_v, _f, _t, first) => after.push(first) > 0);
    expect(after[0]).toBeGreaterThanOrEqual(taken[1]! + lost);
  });

  it('hands over piece by piece: what a reader took is not told again, and the rest follows in order', () => {
    const rig = new JournalledRig().boot();
    rig.tick(3000);
    const told: { first: number; kinds: number[] }[] = [];
    const take = (most: number) => (values: Float64Array, from: number, to: number, first: number) => {
      if (told.length === most) return false;
      told.push({ first, kinds: [...entriesIn(values.slice(from, to))].map((entry) => entry.kind) });
      return true;
    };
    rig.journal.flush(take(1));
    rig.tick(5);
    rig.journal.flush(take(Number.POSITIVE_INFINITY));
    expect(told.length).toBeGreaterThan(2);
    for (let i = 1; i < told.length; i++) expect(told[i]!.first).toBe(told[i - 1]!.first + told[i - 1]!.kinds.length);
    // One tick of the boot, and those above, each of them once.
    expect(told.flatMap((piece) => piece.kinds).filter((kind) => kind === ENTRY.tick)).toHaveLength(3006);
    expect(rig.journal.lost).toBe(0);
  });

  it.each([
    [[ENTRY.tick, 7, 1], /an entry of kind 11 that says 7 numbers, 1 are left/],
    [[ENTRY.tick, -1], /says -1 numbers/],
    [[ENTRY.tick, Number.NaN], /says NaN numbers/],
  ])('numbers that are no entries are refused: %j', (numbers, message) => {
    expect(() => [...entriesIn(Float64Array.from(numbers))]).toThrow(message);
  });

  it('of another version is refused', () => {
    const [entry] = entriesIn(Float64Array.of(ENTRY.birth, 2, 99, 1));
    expect(() => bornWith(entry!)).toThrow('a journal of version 99; this one reads 1');
  });
});
