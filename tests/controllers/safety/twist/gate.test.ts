import { describe, expect, it } from 'vitest';
import { twist } from '../../../../controllers/interfaces/twist.ts';
import { Gate } from '../../../../controllers/safety/gate.ts';
import { type LadderTransition, makeRobotState, type SafeAction } from '../../../../src/core/signals.ts';
import { baseOf, baseSafety } from './base.ts';
import { MS } from './table.ts';

/** A gate before a base that obeys at once, with a scan each 100 ms and a decision each 50 ms. */
class BaseGate {
  nowNs = 1e9;
  readonly gate: Gate;
  readonly state = makeRobotState(0);
  readonly transitions: LadderTransition[] = [];
  scanning = true;
  thinking = true;
  /** Where an obstacle is, ahead of the origin, m. */
  wall = 50;
  forward = 1;
  #ticks = 0;
  #seq = 0;

  constructor() {
    const robot = baseOf();
    const iface = twist(robot);
    this.gate = new Gate({
      safety: baseSafety({ delay_ms: 0 }, { off: ['target', 'constant_output'] }),
      robot,
      interface: iface,
      critic: { inputSize: iface.riskInputSize, sha256: '', evaluate: (_rows, n, risks) => risks.fill(0, 0, n) },
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

  scan(): void {
    const [x] = this.state.pose;
    this.gate.ingestRange({
      ...{ sensor: 0, stampNs: this.nowNs, receivedNs: this.nowNs, beams: 1, invalid: 0, count: 1 },
      points: Float64Array.of(this.wall - x!, 0),
    });
  }

  /** Periods of 10 ms; what went out last. */
  tick(count = 1): SafeAction | null {
    let out: SafeAction | null = null;
    for (let n = 0; n < count; n++) {
      this.nowNs += 10 * MS;
      Object.assign(this.state, { seq: this.state.seq + 1, stampNs: this.nowNs, receivedNs: this.nowNs });
      this.gate.ingestState(this.state);
      if (this.scanning && this.#ticks % 10 === 0) this.scan();
      if (this.thinking && this.#ticks % 5 === 0) this.#think();
      this.#ticks++;
      const action = this.gate.tick(this.nowNs);
      out = action && { ...action, setpoint: action.setpoint.slice() };
      if (action === null) continue;
      this.gate.sent({ sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs: this.nowNs });
      const v = action.setpoint[0]!;
      this.state.pose[0] = this.state.pose[0]! + v * 0.01;
      this.state.twist[0] = v;
    }
    return out;
  }

  #think(): void {
    this.gate.ingestDecision({
      ...{ epoch: this.gate.epoch, seq: ++this.#seq, observationSeq: this.state.seq, observationStampNs: this.nowNs },
      ...{ observedNs: this.nowNs, expiresNs: this.nowNs + 100 * MS },
      base: Float64Array.of(this.forward, 0, 0),
      residual: new Float64Array(3),
    });
  }
}

describe('the gate of a base', () => {
  it('arms only when it sees', () => {
    const rig = new BaseGate();
    rig.scanning = false;
    rig.tick(31);
    const { accepted, reason } = rig.gate.request({ kind: 'arm' }, rig.nowNs);
    expect([accepted, reason]).toEqual([
      false,
      'not clear: obstacles_stale: newest good reading of /scan is 310 ms old, allowed 300 ms',
    ]);
  });

  it('drives while it sees, and stops when the scanner is silent for longer than 300 ms', () => {
    const rig = new BaseGate().active();
    rig.tick(50);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.state.twist[0]).toBeCloseTo(0.5, 9);
    rig.scan();
    rig.scanning = false;
    rig.tick(30);
    expect(rig.gate.mode).toBe('ACTIVE');
    const out = rig.tick()!;
    expect(out).toMatchObject({ mode: 'STOPPING', source: 'brake' });
    expect(rig.transitions.at(-1)).toMatchObject({ cause: 'obstacles_stale', value: 310, limit: 300 });
    rig.tick(100);
    expect(rig.state.twist[0]).toBe(0);
  });

  it('stops before what it sees: 0.3 m of footprint and 0.2 m before the wall', () => {
    const rig = new BaseGate();
    rig.wall = 1.2;
    rig.active();
    rig.tick(400);
    expect(rig.gate.mode).toBe('ACTIVE');
    expect(rig.state.pose[0]).toBeLessThanOrEqual(0.7);
    expect(rig.state.pose[0]).toBeGreaterThan(0.69);
  });

  it('after a silence longer than the lease begins at rest', () => {
    const rig = new BaseGate().active();
    rig.tick(50);
    rig.gate.observeLink(true, 2, rig.nowNs);
    rig.nowNs += 100 * MS;
    const out = rig.tick()!;
    expect(out.source).toBe('brake');
    expect([...out.setpoint]).toEqual([0, 0, 0]);
  });
});
