import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admissible, type Judged, REFUSAL } from '../../../controllers/safety/cartesian/admissible.ts';
import { cartesianLimits } from '../../../controllers/safety/cartesian/limits.ts';
import type { Decision, OperatorRequest, RobotState } from '../../../src/core/signals.ts';
import { anyDouble } from './arbitrary.ts';
import { MS, Rig, safetyOf } from './rig.ts';

const LEASE_NS = 100 * MS;

/** Runs of up to 80 acts each: a hundredth of the runs of the single-call properties. */
const RUNS = { numRuns: Math.max(50, Math.ceil(Number(process.env.FC_RUNS ?? 2000) / 20)) };

type Act =
  | { do: 'tick'; count: number }
  | { do: 'think'; base: number[]; residual: number[]; late: number }
  | { do: 'spoil decision' | 'spoil state' | 'backlog' | 'silence' | 'relink' | 'refuse sends' | 'reset' }
  | { do: 'take over'; action: number[]; late: number; holder: number; epoch: number; release: boolean }
  | { do: 'push'; by: number[] }
  | { do: 'press'; force: number[] }
  | { do: 'critic'; risk: number }
  | { do: 'ask'; request: OperatorRequest }
  | { do: 'jump'; ms: number };

const four = fc.array(fc.oneof(fc.double({ min: -3, max: 3, noNaN: true }), anyDouble), { minLength: 4, maxLength: 4 });
const deflection = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
const kinds = ['arm', 'engage', 'arm', 'engage', 'disengage', 'disarm', 'stop', 'estop', 'estop_release'] as const;
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('tick' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('think' as const),
      base: four,
      residual: four,
      late: fc.integer({ min: -5, max: 150 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('take over' as const),
      action: fc.oneof({ weight: 5, arbitrary: deflection }, four),
      late: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 5 }) }, fc.integer({ min: -1, max: 25 })),
      holder: fc.constantFrom(1, 1, 1, 2),
      epoch: fc.constantFrom(0, 0, 0, 0, -1, 1),
      release: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      by: fc.array(fc.double({ min: -0.02, max: 0.02, noNaN: true }), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('press' as const),
      force: fc.array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: 3, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('critic' as const),
      risk: fc.oneof(fc.double(), fc.constantFrom(0, 0.3, 0.9)),
    }),
  },
  { weight: 6, arbitrary: fc.constantFrom(...kinds).map((kind): Act => ({ do: 'ask', request: { kind } })) },
  { weight: 2, arbitrary: fc.double().map((value): Act => ({ do: 'ask', request: { kind: 'speed_scale', value } })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('spoil decision', 'spoil state', 'backlog', 'silence', 'relink', 'refuse sends', 'reset', 'reset')
      .map((name) => ({ do: name }) as Act),
  },
  { weight: 1, arbitrary: fc.integer({ min: -500, max: 3000 }).map((ms): Act => ({ do: 'jump', ms })) },
);

/** Plays acts on a rig and judges every command that comes out by a memory of its own. */
function play(acts: readonly Act[]): { commands: number; engaged: number; takeovers: number } {
  const rig = new Rig({ residual_bound: 0.3 });
  const limits = cartesianLimits(safetyOf({ residual_bound: 0.3 }));
  rig.boot();
  // What the judge remembers: the last sent setpoint and when, the tilt reference; seeded at each arming.
  const judged: Judged = {
    last: new Float64Array(9),
    pose: new Float64Array(7),
    force: new Float64Array(3),
    elapsed: 0,
    target: Float64Array.of(0.5, 0, 0.05),
    reference: Float64Array.of(0, 0, 0, 1),
  };
  let lastNs = 0;
  let heardNs = 0;
  let lastSeq = 0;
  let lastEpoch = 0;
  let linkEpoch = 1;
  let commands = 0;
  let engaged = 0;
  let takeovers = 0;
  /** What the person asked for last, and which command he answered: from the outside. */
  let asked: { action: number[]; answeredNs: number } | null = null;
  const sentNs = new Map<number, number>();

  const tick = (): void => {
    rig.nowNs += 10 * MS;
    if (rig.sensing) rig.sense();
    if (rig.thinking && rig.ticks++ % 5 === 0) rig.think();
    if (rig.nowNs - heardNs > LEASE_NS && trusted.atNs - heardNs > LEASE_NS) {
      // It heard nothing for longer than a lease: it has let go, and commands count from where it stands.
      judged.last.set(trusted.pose);
      lastNs = rig.nowNs;
    }
    const action = rig.gate.tick(rig.nowNs);
    if (action === null) return;
    commands++;
    if (action.source === 'policy') engaged++;
    if (action.source === 'takeover') {
      takeovers++;
      // A person who asks in vain, too late or out of range moves nothing; and one who is heard is not old.
      expect(asked?.action.every((v) => Math.abs(v) <= 1 + 1e-6)).toBe(true);
      expect(rig.nowNs - asked!.answeredNs).toBeLessThanOrEqual(200 * MS);
    }
    expect(['policy', 'takeover'].includes(action.source) && !['ENGAGING', 'ACTIVE'].includes(action.mode)).toBe(false);
    // House rule 1, from outside: finite, in every limit, within the rate of the last SENT, within Δ of the measured.
    judged.pose.set(trusted.pose);
    (judged as { elapsed: number }).elapsed = (action.stampNs - lastNs) / 1e9;
    expect([rig.gate.mode, REFUSAL[admissible(action.setpoint, judged, limits)]]).toEqual([rig.gate.mode, '']);
    // P12 and house rule 3: sequence grows, epoch never falls, and only modes that may write have written.
    expect(action.seq).toBeGreaterThan(lastSeq);
    expect(action.epoch).toBeGreaterThanOrEqual(lastEpoch);
    expect(['BOOT', 'DISARMED', 'FAULT']).not.toContain(action.mode);
    if (['STOPPING', 'ESTOP'].includes(action.mode)) expect(action.source).toBe('brake');
    if (['HOLD', 'STOPPED'].includes(action.mode)) expect(action.source).toBe('hold');
    lastSeq = action.seq;
    lastEpoch = action.epoch;
    rig.gate.sent({ sent: rig.sending, refused: null, epoch: action.epoch, seq: action.seq, sentNs: rig.nowNs });
    if (!rig.sending) return;
    judged.last.set(action.setpoint);
    lastNs = action.stampNs;
    heardNs = lastNs;
    sentNs.set(action.seq, action.stampNs);
    if (rig.following) rig.state.pose.set(action.setpoint.subarray(0, 7));
  };
  /** What the gate must have taken: kept by watching the gate's own count of good states. */
  const trusted = { pose: Float64Array.of(0.5, 0, 0.2, 0, 0, 0, 1), atNs: 0 };
  const sense = rig.sense.bind(rig);
  rig.sense = (changes: Partial<RobotState> = {}): void => {
    const before = rig.gate.counters.states;
    sense(changes);
    if (rig.gate.counters.states === before) return;
    trusted.pose.set(rig.state.pose);
    trusted.atNs = rig.state.receivedNs;
  };

  for (const a of acts) {
    if (a.do === 'tick') for (let n = 0; n < a.count; n++) tick();
    else if (a.do === 'think') {
      rig.think({
        base: Float64Array.from(a.base),
        residual: Float64Array.from(a.residual),
        observedNs: rig.nowNs - a.late * MS,
      });
      rig.decision = { ...rig.decision, base: new Float64Array(4), residual: new Float64Array(4) } as Decision;
    } else if (a.do === 'take over') {
      const { mode, epoch } = rig.gate;
      const commandSeq = lastSeq - a.late;
      const changes = { commandSeq, holder: a.holder, epoch: epoch + a.epoch, release: a.release };
      const refusal = rig.takeOver(a.action, changes);
      if (refusal === '') {
        expect(['ENGAGING', 'ACTIVE', 'RECOVERY']).toContain(mode);
        expect(a.epoch).toBe(0);
        if (!a.release) asked = { action: a.action, answeredNs: sentNs.get(commandSeq)! };
      }
      // Neither arms nor engages: it is where it was, or where the policy begins anew.
      if (rig.gate.mode !== mode) expect([mode, rig.gate.mode]).toEqual(['ACTIVE', 'ENGAGING']);
    } else if (a.do === 'push') for (let i = 0; i < 3; i++) rig.state.pose[i] = rig.state.pose[i]! + a.by[i]!;
    else if (a.do === 'critic') rig.critic.risk = () => a.risk;
    else if (a.do === 'ask') {
      const { accepted } = rig.gate.request(a.request, rig.nowNs);
      if (accepted && a.request.kind === 'arm') {
        judged.last.set([...trusted.pose, 2000, 150]);
        lastNs = rig.nowNs;
        heardNs = lastNs;
      }
    } else if (a.do === 'reset') rig.gate.request({ kind: 'reset', incident: rig.gate.incident }, rig.nowNs);
    else if (a.do === 'jump') rig.nowNs += a.ms * MS;
    else if (a.do === 'silence') rig.sensing = !rig.sensing;
    else if (a.do === 'refuse sends') rig.sending = !rig.sending;
    else if (a.do === 'relink') rig.gate.observeLink(true, ++linkEpoch, rig.nowNs);
    else if (a.do === 'backlog') rig.sense({ stampNs: rig.nowNs - 1e10 });
    else if (a.do === 'spoil decision') rig.think({ base: Float64Array.of(0, Number.NaN, 0, 0) });
    else if (a.do === 'spoil state') {
      const good = rig.state.wrench[0]!;
      rig.state.wrench[0] = Number.NaN;
      rig.sense();
      rig.state.wrench[0] = good;
    }
  }
  expect(rig.gate.counters.postCheckFailures).toBe(0);
  expect(rig.transitions.map((t) => t.cause)).not.toContain('internal_error');
  return { commands, engaged, takeovers };
}

describe('the gate, whatever is done to it', () => {
  it('lets out only what an outside judge admits, and never fails inside (P1, P7, P12)', () => {
    let commands = 0;
    let engaged = 0;
    let takeovers = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 20, maxLength: 80 }), (acts) => {
        const begin: Act[] = [
          { do: 'ask', request: { kind: 'arm' } },
          { do: 'tick', count: 2 },
          { do: 'ask', request: { kind: 'engage' } },
          { do: 'tick', count: 10 },
        ];
        const played = play([...begin, ...acts]);
        commands += played.commands;
        engaged += played.engaged;
        takeovers += played.takeovers;
      }),
      RUNS,
    );
    // The property is worth something only if it saw commands, and policies with a say.
    expect(commands).toBeGreaterThan(20 * RUNS.numRuns);
    expect(engaged).toBeGreaterThan(2 * RUNS.numRuns);
    expect(takeovers).toBeGreaterThan(RUNS.numRuns / 5);
  });

  it('a critic takes authority and never gives any: no command goes further than without it (P6, P7)', () => {
    const unit = fc.double({ min: -1, max: 1, noNaN: true });
    const decisions = fc.array(fc.tuple(unit, unit, unit, unit), { minLength: 5, maxLength: 20 });
    fc.assert(
      fc.property(
        decisions,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (d, risks) => {
          const careful = new Rig().active();
          careful.critic.risk = (_row, i) => risks[i]!;
          for (const [x, y, z, k] of d) {
            careful.decision.base.set([x, y, z, k]);
            careful.decision.residual.set([0.3 * y, 0.3 * z, 0.3 * x, 0]);
            const from = careful.state.pose.slice();
            careful.tick();
            const { record } = careful.gate;
            expect([0, 0.25, 0.5, 0.75, 1]).toContain(record.residualFraction);
            if (record.source !== 'policy') continue;
            expect(record.risk).toBeLessThanOrEqual(0.35);
            // From full speed at a risk of 0.2 to a fifth of it at 0.35.
            const pace = Math.min(1, 1 - (0.8 * (record.risk - 0.2)) / 0.15);
            expect(record.speedScale).toBeLessThanOrEqual(pace + 1e-12);
            expect(Math.hypot(...[0, 1, 2].map((i) => record.setpoint[i]! - from[i]!))).toBeLessThanOrEqual(
              0.001 * pace + 1e-9,
            );
          }
        },
      ),
      RUNS,
    );
  });
});
