import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEVER, Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { LinkState } from '../../bridges/bridge.ts';
import type { LaserScan, Odometry, Twist } from '../../bridges/messages/messages.ts';
import { twist } from '../../controllers/interfaces/twist.ts';
import { CLIPPED } from '../../controllers/safety/envelope.ts';
import { Gate, type TickRecord } from '../../controllers/safety/gate.ts';
import { robotSchema, safetySchema, taskSchema } from '../../src/core/config-schema.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { Decision, LadderTransition, SafeAction } from '../../src/core/signals.ts';
import { ticks } from '../../src/pipeline/pipeline.ts';

const shipped = (path: string): unknown => parse(readFileSync(join(packageRoot, 'configs', path), 'utf8'));
const robot = robotSchema.parse(shipped('robots/diff-base.yaml'));
const safety = safetySchema.parse(shipped('safety/diff-base.yaml'));
const task = taskSchema.parse({ name: 'go', target_topic: '/goal', world: { model: 'none.xml' } });

const MS = 1e6;
const PERIOD_MS = 20;
/** Commands take this many periods to reach the wheels. */
const DELAY = 5;
const FRONT = 0.22;
const stamp = (ns: number) => ({ sec: Math.floor(ns / 1e9), nanosec: Math.round(ns % 1e9) });

/** The shipped base and its limits in the whole reflex half: messages in, messages out. A wall stands at x = `wall`. */
class World {
  nowNs = 1e9;
  x = 0;
  heading = 0;
  readonly transitions: LadderTransition[] = [];
  readonly sent: Twist[] = [];
  readonly gate: Gate;
  record!: TickRecord;
  /** The policy's action, or null while it is silent. */
  action: [number, number, number] | null = [1, 0, 0];
  scanning = true;
  blind = false;
  echoing = true;
  /** The motors obey. */
  obeying = true;
  readonly #frames = new Subject<{
    topic: string;
    type: string;
    message: unknown;
    receivedNs: number;
    linkEpoch: number;
  }>();
  readonly #decisions = new Subject<Decision>();
  readonly #link = new Subject<LinkState>();
  readonly #queue: Twist[] = [];
  #moving = { v: 0, w: 0 };
  #n = 0;
  #seq = 0;

  constructor(public wall: number) {
    const iface = twist(robot);
    this.gate = new Gate({
      safety,
      robot,
      interface: iface,
      critic: {
        inputSize: iface.riskInputSize,
        sha256: '',
        evaluate: (_rows, count, risks) => risks.fill(0, 0, count),
      },
      epochBase: 1,
      onTransition: (t) => this.transitions.push(t),
    });
    const send = (action: SafeAction) => {
      const message = iface.codec.encode(action).message as Twist;
      this.sent.push(message);
      this.#queue.push(message);
      const { epoch, seq } = action;
      return { sent: true, refused: null, epoch, seq, sentNs: this.nowNs };
    };
    const clock = { nowNs: () => this.nowNs };
    ticks(
      {
        frames$: this.#frames,
        decisions$: this.#decisions,
        takeovers$: NEVER,
        link$: this.#link,
        timer$: new Subject(),
      },
      { robot, task, gate: this.gate, codec: iface.codec, clock, send },
    ).subscribe((record) => {
      this.record = record;
    });
    this.gate.boot(this.nowNs);
    this.#link.next({ up: true, epoch: 1, atNs: this.nowNs, reason: '' });
    this.#frame('/goal', {
      header: this.#header(),
      pose: { position: { x: 5, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } },
    });
  }

  get clear(): number {
    return this.wall - this.x - FRONT;
  }

  #header() {
    return { stamp: stamp(this.nowNs), frame_id: 'odom' };
  }

  #frame(topic: string, message: unknown): void {
    this.#frames.next({ topic, type: '', message, receivedNs: this.nowNs, linkEpoch: 1 });
  }

  /** A scan of 181 beams over the half circle ahead; what sees nothing says 31 m, above its 30 m. */
  #scan(): LaserScan {
    const ranges: number[] = [];
    for (let i = 0; i <= 180; i++) {
      const angle = this.heading + ((i - 90) * Math.PI) / 180;
      const r = (this.wall - this.x - 0.1 * Math.cos(this.heading)) / Math.cos(angle);
      ranges.push(this.blind ? Number.NaN : Math.cos(angle) > 1e-6 && r > 0 && r < 30 ? r : 31);
    }
    const angles = { angle_min: -Math.PI / 2, angle_max: Math.PI / 2, angle_increment: Math.PI / 180 };
    const rest = { time_increment: 0, scan_time: 0.1, range_min: 0.02, range_max: 30, intensities: [] };
    return { header: this.#header(), ...angles, ...rest, ranges };
  }

  #odometry(): Odometry {
    const { v, w } = this.#moving;
    const zero = { x: 0, y: 0, z: 0 };
    const orientation = { x: 0, y: 0, z: Math.sin(this.heading / 2), w: Math.cos(this.heading / 2) };
    // Wheel encoders tick a little also at rest.
    const position = { x: this.x, y: (this.#n % 2) * 1e-6, z: 0 };
    return {
      header: this.#header(),
      child_frame_id: 'base_link',
      pose: { pose: { position, orientation }, covariance: [] },
      twist: { twist: { linear: { ...zero, x: v }, angular: { ...zero, z: w } }, covariance: [] },
    };
  }

  step(count = 1): this {
    for (let i = 0; i < count; i++) {
      this.nowNs += PERIOD_MS * MS;
      this.#n++;
      const command = this.#queue.length > DELAY ? this.#queue.shift() : undefined;
      if (!this.obeying) this.#moving = { v: 0, w: 0 };
      else if (command) this.#moving = { v: command.linear.x, w: command.angular.z };
      if (command && this.echoing) this.#frame('/cmd_vel', command);
      this.heading += this.#moving.w * (PERIOD_MS / 1e3);
      this.x += this.#moving.v * Math.cos(this.heading) * (PERIOD_MS / 1e3);
      if (this.scanning && this.#n % 5 === 0) this.#frame('/scan', this.#scan());
      if (this.action !== null) this.#decide(this.action);
      this.#frame('/odom', this.#odometry());
    }
    return this;
  }

  #decide(action: [number, number, number]): void {
    const now = { observedNs: this.nowNs, observationStampNs: this.nowNs, expiresNs: this.nowNs + 250 * MS };
    // A policy is never the same to the last bit.
    const base = Float64Array.from(action, (a) => a * (1 + (this.#seq % 2) * 1e-9));
    const seq = ++this.#seq;
    this.#decisions.next({
      epoch: this.gate.epoch,
      seq,
      observationSeq: seq,
      ...now,
      base,
      residual: new Float64Array(3),
    });
  }

  ask(kind: 'arm' | 'engage'): this {
    const { accepted, reason } = this.gate.request({ kind }, this.nowNs);
    if (!accepted) throw new Error(`${kind}: ${reason}`);
    return this;
  }

  active(): this {
    this.step(10).ask('arm').step(2).ask('engage').step(25);
    expect(this.gate.mode).toBe('ACTIVE');
    return this;
  }

  get said(): string {
    return this.transitions.at(-1)?.detail ?? '';
  }
}

it('drives towards a wall at full speed, slows down, and stands before the minimum distance', () => {
  const w = new World(3).active();
  let fastest = 0;
  let clipped = 0;
  for (let n = 0; n < 600; n++) {
    w.step();
    fastest = Math.max(fastest, w.sent.at(-1)!.linear.x);
    clipped |= w.record.clipped;
    expect(w.clear).toBeGreaterThan(safety.twist.min_distance - 0.001);
  }
  expect(fastest).toBeCloseTo(0.5, 6);
  expect(clipped & CLIPPED.distance).toBe(CLIPPED.distance);
  // It comes as near as it may, and is still willing.
  expect(w.clear).toBeLessThan(safety.twist.min_distance + 0.03);
  expect(w.gate.mode).toBe('ACTIVE');
  expect(w.transitions.map((t) => t.to)).not.toContain('STOPPING');
});

it('brakes for somebody who steps in front of it, waits, and goes on when the way is free', () => {
  const w = new World(6).active().step(100);
  w.wall = w.x + FRONT + 0.4;
  w.step(100);
  expect(w.sent.at(-1)!.linear.x).toBeLessThan(0.01);
  expect(w.clear).toBeGreaterThan(safety.twist.min_distance - 0.001);
  expect(w.gate.mode).toBe('ACTIVE');
  w.wall = 6;
  const before = w.x;
  w.step(100);
  expect(w.x).toBeGreaterThan(before + 0.5);
});

it('one that came too near all the same may back away, and never goes nearer', () => {
  const w = new World(FRONT + 0.1);
  w.active().step(50);
  const inside = w.clear;
  expect(inside).toBeLessThan(safety.twist.min_distance);
  expect(inside).toBeCloseTo(0.1, 3);
  w.action = [-1, 0, 0];
  w.step(100);
  expect(w.clear).toBeGreaterThan(inside + 0.5);
  expect(w.gate.mode).toBe('ACTIVE');
});

it('a scan that is silent stops the base, names the topic, and blocks arming until it is back', () => {
  const w = new World(30).active().step(50);
  w.scanning = false;
  const before = w.x;
  w.step(18);
  expect(w.gate.mode).toBe('STOPPING');
  expect([w.gate.cause, w.said]).toEqual(['obstacles_stale', expect.stringContaining('/scan is 3')]);
  w.step(100);
  expect(w.gate.mode).toBe('STOPPED');
  expect(w.x - before).toBeLessThan(0.5 * 0.37 + 0.4);
  const refused = w.gate.request({ kind: 'reset', incident: w.gate.incident }, w.nowNs);
  expect(refused).toEqual({ accepted: false, reason: expect.stringContaining('obstacles_stale') });
  w.scanning = true;
  w.step(6);
  expect(w.gate.request({ kind: 'reset', incident: w.gate.incident }, w.nowNs).accepted).toBe(true);
});

it('a scanner that is blind stops the base as one that is silent does', () => {
  const w = new World(30).active();
  w.blind = true;
  w.step(25);
  expect(w.gate.cause).toBe('obstacles_stale');
});

it('without any scan it cannot be armed', () => {
  const w = new World(30);
  w.scanning = false;
  w.step(10);
  expect(() => w.ask('arm')).toThrow('obstacles_stale: newest good reading of /scan is Infinity ms old');
});

it('a base that does not move although it is asked to is stopped: its drift is measured by the odometry', () => {
  const w = new World(30).active();
  w.obeying = false;
  w.step(100);
  expect(w.transitions.map((t) => t.to)).toContain('STOPPING');
  expect(w.transitions.find((t) => t.to === 'STOPPING')?.cause).toBe('tracking');
});

it('a twist of somebody else on the command topic stops it, its own echoes do not', () => {
  const w = new World(30).active().step(100);
  expect(w.gate.mode).toBe('ACTIVE');
  const stranger = { linear: { x: 0.123, y: 0, z: 0 }, angular: { x: 0, y: 0, z: 0 } };
  w.gate.ingestEcho(twist(robot).codec.decode(stranger));
  w.step();
  expect(w.gate.cause).toBe('second_commander');
});

it('turns on the spot beside a wall that it may not come nearer to', () => {
  const w = new World(FRONT + safety.twist.min_distance + 0.01);
  w.action = [0, 0, 1];
  w.active().step(100);
  expect(Math.abs(w.heading)).toBeGreaterThan(1.5);
  expect(w.sent.at(-1)!.angular.z).toBeCloseTo(1, 3);
});
