import { describe, expect, it } from 'vitest';
import { tipTwist } from '../../../../controllers/interfaces/tip-twist.ts';
import { Gate } from '../../../../controllers/safety/gate.ts';
import { rotateBy } from '../../../../src/core/geometry.ts';
import { type LadderTransition, makeRobotState, type SafeAction } from '../../../../src/core/signals.ts';
import { armOf, tipSafety } from './arm.ts';

const MS = 1e6;

/** A gate before a tip that obeys at once, with a pose each 10 ms and a decision each 50 ms. */
class TipGate {
  nowNs = 1e9;
  readonly gate: Gate;
  readonly state = makeRobotState(0);
  readonly transitions: LadderTransition[] = [];
  action = [1, 0, 0, 0, 0, 0];
  risk = 0;
  thinking = true;
  obeying = true;
  #ticks = 0;
  #seq = 0;

  constructor() {
    const robot = armOf();
    const iface = tipTwist(robot);
    this.gate = new Gate({
      safety: tipSafety({ delay_ms: 0 }, { off: ['target', 'constant_output'] }),
      robot,
      interface: iface,
      critic: {
        inputSize: iface.riskInputSize,
        sha256: '',
        evaluate: (_rows, n, risks) => risks.fill(this.risk, 0, n),
      },
      epochBase: 10,
      onTransition: (t) => this.transitions.push(t),
    });
    this.state.pose[6] = 1;
    this.gate.boot(this.nowNs);
    this.gate.observeLink(true, 1, this.nowNs);
    this.tick();
  }

  active(): this {
    for (const kind of ['arm', 'engage'] as const) {
      const { accepted, reason } = this.gate.request({ kind }, this.nowNs);
      if (!accepted) throw new Error(`${kind} refused: ${reason}`);
      this.tick();
    }
    for (let n = 0; n < 100 && this.gate.mode === 'ENGAGING'; n++) this.tick();
    return this;
  }

  /** Periods of 10 ms; what went out last. */
  tick(count = 1): SafeAction | null {
    let out: SafeAction | null = null;
    for (let n = 0; n < count; n++) {
      this.nowNs += 10 * MS;
      Object.assign(this.state, { seq: this.state.seq + 1, stampNs: this.nowNs, receivedNs: this.nowNs });
      this.gate.ingestState(this.state);
      if (this.thinking && this.#ticks % 5 === 0) this.#think();
      this.#ticks++;
      const action = this.gate.tick(this.nowNs);
      out = action && { ...action, setpoint: action.setpoint.slice() };
      if (action === null) continue;
      this.gate.sent({ sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs: this.nowNs });
      if (!this.obeying) continue;
      const { pose } = this.state;
      for (let i = 0; i < 3; i++) pose[i] = pose[i]! + action.setpoint[i]! * 0.01;
      rotateBy(action.setpoint, 3, 0.01, pose, 3, pose, 3);
    }
    return out;
  }

  #think(): void {
    this.gate.ingestDecision({
      ...{ epoch: this.gate.epoch, seq: ++this.#seq, observationSeq: this.state.seq, observationStampNs: this.nowNs },
      ...{ observedNs: this.nowNs, expiresNs: this.nowNs + 100 * MS },
      base: Float64Array.from(this.action),
      residual: new Float64Array(6),
    });
  }
}

describe('the gate of a tip twist', () => {
  it('moves the tip at the scale of its action', () => {
    const rig = new TipGate().active();
    const out = rig.tick(50)!;
    expect(out).toMatchObject({ mode: 'ACTIVE', source: 'policy' });
    expect([...out.setpoint]).toEqual([0.1, 0, 0, 0, 0, 0]);
  });

  it('stops before the wall of its box, and goes on along it', () => {
    const rig = new TipGate().active();
    rig.tick(600);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.state.pose[0]).toBeLessThanOrEqual(0.2 + 1e-9);
    expect(rig.state.pose[0]).toBeGreaterThan(0.199);
    rig.action = [1, 1, 0, 0, 0, 0];
    const out = rig.tick(50)!;
    expect(rig.gate.mode).toBe('ACTIVE');
    // Of 0.1 m/s askew 0.0707 m/s are along the wall.
    expect(out.setpoint[1]).toBeGreaterThan(0.06);
    expect(rig.state.pose[0]).toBeLessThanOrEqual(0.2 + 1e-9);
  });

  it('tilts no further than the cone, and moves on', () => {
    const rig = new TipGate().active();
    rig.action = [0, 0, 0, 0, 1, 0];
    rig.tick(300);
    const tilt = 2 * Math.asin(rig.state.pose[4]!);
    expect(tilt).toBeLessThanOrEqual(0.2 + 1e-9);
    expect(tilt).toBeGreaterThan(0.198);
    rig.action = [0, 0, -0.5, 0, 1, 0];
    expect(rig.tick(30)!.setpoint[2]).toBeCloseTo(-0.05, 9);
    expect(rig.gate.mode).toBe('ACTIVE');
  });

  it('brakes to rest when the policy is silent, and is STOPPED there', () => {
    const rig = new TipGate().active();
    rig.action = [1, 0, 0, 0.3, 0, 0];
    rig.tick(50);
    rig.thinking = false;
    // Decisions are good for 100 ms.
    for (let n = 0; n < 20 && rig.gate.mode === 'ACTIVE'; n++) rig.tick();
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'decision_stale' });
    // 0.1 m/s at 0.5 m/s² are 0.2 s, and the ramps of 20 m/s³ another 25 ms.
    const out = rig.tick(24)!;
    expect([...out.setpoint].map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
    rig.tick(20);
    expect(rig.gate.mode).toBe('STOPPED');
  });

  it('stops when the tip does not follow: a drift of 0.03 m', () => {
    const rig = new TipGate().active();
    rig.tick(50);
    rig.obeying = false;
    // What is not moved at 0.1 m/s is 0.03 m in 0.3 s, and a little later for what is forgotten.
    for (let n = 0; n < 60 && rig.gate.mode === 'ACTIVE'; n++) {
      // A measurement that stands still to the last bit would be another fault.
      rig.state.pose[1] = (n % 2) * 1e-9;
      rig.tick();
    }
    expect(rig.transitions.at(-1)).toMatchObject({ to: 'STOPPING', cause: 'tracking', limit: 0.03 });
  });

  it('retreats upwards, slowly, while the policy is too risky', () => {
    const rig = new TipGate().active();
    rig.tick(20);
    rig.risk = 1;
    rig.tick();
    expect(rig.gate.mode).toBe('RECOVERY');
    const out = rig.tick(40)!;
    expect(out.source).toBe('recovery');
    expect(out.setpoint[2]).toBeCloseTo(0.02, 9);
  });

  it('after a silence longer than the lease begins at rest, and its cone where it was armed', () => {
    const rig = new TipGate().active();
    rig.action = [0, 0, 0, 0, 1, 0];
    rig.tick(60);
    rig.gate.observeLink(true, 2, rig.nowNs);
    rig.nowNs += 150 * MS;
    const out = rig.tick()!;
    expect(out.source).toBe('brake');
    expect([...out.setpoint]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('arms nowhere outside its box', () => {
    const rig = new TipGate();
    rig.state.pose[2] = 0.3;
    rig.tick();
    const { accepted, reason } = rig.gate.request({ kind: 'arm' }, rig.nowNs);
    expect([accepted, reason]).toEqual([
      false,
      'not clear: workspace: measured tip at 0.3 m, wall of the workspace at 0.2 m',
    ]);
  });
});
