import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect } from 'vitest';
import { isEngaged } from '../../controllers/safety/ladder.ts';
import type { Random } from '../../src/core/random.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { Decision, RobotState } from '../../src/core/signals.ts';
import { RUNS } from '../controllers/safety/arbitrary.ts';
import { Watched } from './rig.ts';
import { scenario } from './scenario.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** 10^6 ticks, 2.8 hours of 10 ms, when the properties have 10^5 cases; a hundredth of it in the quick run. */
const TICKS = Math.max(20_000, RUNS.numRuns * 10);
/** A fault in so many ticks, on average. */
const EVERY = 60;

/** Counts what goes into the gate, to hold the gate's own counters against. */
class Counted extends Watched {
  readonly given = { states: 0, decisions: 0 };

  protected override toGate(state: RobotState): void {
    this.given.states++;
    super.toGate(state);
  }

  override think(changes: Partial<Decision> = {}): void {
    this.given.decisions++;
    super.think(changes);
  }
}

/** Faults that come at any time; each says what ends it. */
const FAULTS: ((rig: Counted, random: Random) => () => void)[] = [
  (rig) => {
    rig.think({ base: Float64Array.of(0, Number.NaN, 0, 0) });
    return () => {};
  },
  (rig) => {
    rig.think({ residual: new Float64Array(7) });
    return () => {};
  },
  (rig) => {
    rig.state.wrench[1] = Number.NaN;
    return () => rig.state.wrench.fill(0);
  },
  (rig, random) => {
    rig.state.wrench[2] = random.range(-60, 60);
    return () => rig.state.wrench.fill(0);
  },
  (rig) => {
    rig.sensing = false;
    return () => (rig.sensing = true);
  },
  (rig) => {
    rig.thinking = false;
    return () => (rig.thinking = true);
  },
  (rig) => {
    rig.sending = false;
    return () => (rig.sending = true);
  },
  (rig, random) => {
    const risk = random.range(-0.1, 1.1);
    rig.critic.risk = () => risk;
    return () => (rig.critic.risk = () => 0);
  },
  (rig) => {
    rig.gate.observeLink(true, ++links, rig.nowNs);
    return () => {};
  },
  (rig) => {
    rig.gate.observeLink(false, links, rig.nowNs);
    return () => rig.gate.observeLink(true, links, rig.nowNs);
  },
  (rig) => {
    rig.sense({ stampNs: rig.nowNs - 1e10 });
    rig.state.stampNs = rig.nowNs;
    return () => {};
  },
  (rig, random) => {
    rig.later(random.range(-50, 400));
    return () => {};
  },
  (rig, random) => {
    for (let i = 0; i < 3; i++) rig.state.pose[i] = rig.state.pose[i]! + random.range(-0.01, 0.01);
    return () => {};
  },
  (rig, random) => {
    rig.gate.ingestEcho({ epoch: random.integer(20), seq: random.integer(1e6), stampNs: 0, setpoint: null });
    return () => {};
  },
  (rig) => {
    rig.gate.request({ kind: 'estop' }, rig.nowNs);
    return () => rig.gate.request({ kind: 'estop_release' }, rig.nowNs);
  },
];
let links = 1;

describe('soak', () => {
  scenario(
    76,
    'random faults for 10^6 ticks of stepped time: no missed latch, counters agree, memory flat (stands for 24 h)',
    'gate',
    () => {
      const random = new SeededRandom(76);
      const rig = new Counted();
      links = 1;
      rig.boot();
      rig.wandering = true;
      let heal: (() => void) | null = null;
      let healAt = 0;
      let operatorAt = 0;
      let latches = 0;
      let engagements = 0;
      let answered = true;
      let heap = 0;
      const modes = new Set<string>();

      for (let n = 0; n < TICKS; n++) {
        if (n === Math.floor(TICKS / 10)) {
          collect();
          heap = process.memoryUsage().heapUsed;
        }
        if (heal === null && random.uniform() < 1 / EVERY) {
          heal = FAULTS[random.integer(FAULTS.length)]!(rig, random);
          healAt = n + random.integer(40);
        } else if (heal !== null && n >= healAt) {
          heal();
          heal = null;
        }
        rig.tick();
        const { mode } = rig.gate;
        modes.add(mode);
        // After a latched stop no policy has a say until somebody has answered, armed and engaged.
        for (const t of rig.transitions) {
          if (t.to === 'STOPPING' || t.to === 'ESTOP') {
            if (answered) latches++;
            answered = false;
          }
          if (t.from === 'HOLD' && t.to === 'ENGAGING') engagements++;
        }
        if (!answered && (isEngaged(mode) || rig.gate.record.source === 'policy'))
          throw new Error(`${mode} at tick ${n}`);
        rig.transitions.length = 0;
        if (n >= operatorAt) {
          operatorAt = n + 20 + random.integer(200);
          operate(rig, () => (answered = true));
        }
      }
      collect();
      const grown = process.memoryUsage().heapUsed - heap;

      const c = rig.gate.counters;
      expect(c.ticks).toBe(rig.tickCount);
      expect(c.states + c.badStates + c.duplicateStates + c.outOfOrderStates + c.skewedStates).toBe(rig.given.states);
      expect(c.decisions + c.badDecisions + c.refusedEpoch + c.refusedSeq).toBe(rig.given.decisions);
      expect(Object.values(c.interventionsBy).reduce((a, b) => a + b, 0)).toBe(c.interventions);
      expect(c.postCheckFailures).toBe(0);
      expect(modes.has('FAULT')).toBe(false);
      expect(engagements).toBeGreaterThan(TICKS / 5000);
      expect(latches).toBeGreaterThan(TICKS / 5000);
      expect([...modes].sort()).toEqual(
        ['ACTIVE', 'DISARMED', 'ENGAGING', 'ESTOP', 'HOLD', 'RECOVERY', 'STOPPED', 'STOPPING'].sort(),
      );
      expect(grown).toBeLessThan(5e6);
      return { outcome: 'no missed latch; counters agree; heap flat' };
    },
    { timeout: 7_200_000 },
  );
});

/** An operator who answers every incident, arms and engages, a step at a time. */
function operate(rig: Counted, answered: () => void): void {
  const { gate, nowNs } = rig;
  const { mode, incident } = gate;
  if (mode === 'STOPPED' || mode === 'ESTOP') {
    if (gate.request({ kind: 'reset', incident }, nowNs).accepted) answered();
  } else if (mode === 'DISARMED') {
    // Out of the box or far away: a person puts it back.
    rig.state.pose.set([0.5, 0, 0.2, 0, 0, 0, 1]);
    try {
      rig.must('arm');
    } catch {
      // Not clear now; the next time.
    }
  } else if (mode === 'HOLD') gate.request({ kind: 'engage' }, nowNs);
}
