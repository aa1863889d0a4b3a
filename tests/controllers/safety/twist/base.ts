import { twist } from '../../../../controllers/interfaces/twist.ts';
import type { Situation } from '../../../../controllers/safety/envelope.ts';
import { arc, type Planar } from '../../../../controllers/safety/twist/arc.ts';
import { TwistEnvelope } from '../../../../controllers/safety/twist/envelope.ts';
import { type RobotConfig, robotSchema, type SafetyConfig, safetySchema } from '../../../../src/core/config-schema.ts';
import type { Random } from '../../../../src/core/random.ts';
import { makeRobotState, type RangeReading } from '../../../../src/core/signals.ts';

/** A round base of 0.3 m with one scanner in its middle. */
export const baseOf = (iface: object = {}, changes: object = {}): RobotConfig =>
  robotSchema.parse({
    name: 'base',
    joints: [],
    sources: ['odom'],
    topics: { command: '/cmd_vel' },
    ranging: [{ type: 'scan', topic: '/scan', beams: 1024 }],
    interface: { type: 'twist', footprint: { radius: 0.3 }, ...iface },
    ...changes,
  });

/** 0.5 m/s, 1 m/s², 0.2 m from everything, at 100 Hz. */
export const baseSafety = (twistLimits: object = {}, changes: object = {}): SafetyConfig =>
  safetySchema.parse({ risk: {}, twist: twistLimits, ...changes });

export interface Wall {
  x: number;
  y: number;
  /** To the end of the wall; the same point for a post. */
  x2: number;
  y2: number;
}

export const post = (x: number, y: number): Wall => ({ x, y, x2: x, y2: y });

/** Distance from a point to a wall, m. */
export function distanceTo(w: Wall, x: number, y: number): number {
  const [dx, dy] = [w.x2 - w.x, w.y2 - w.y];
  const length = dx * dx + dy * dy;
  const t = length > 0 ? Math.min(1, Math.max(0, ((x - w.x) * dx + (y - w.y) * dy) / length)) : 0;
  return Math.hypot(x - w.x - t * dx, y - w.y - t * dy);
}

/** Adds to `out` where a scanner at `at` sees the wall: places 5 mm apart nearby, and coarser further off. */
function seen(w: Wall, at: Planar, out: number[]): void {
  const length = Math.hypot(w.x2 - w.x, w.y2 - w.y);
  for (let t = 0; t <= length + 1e-9; ) {
    const share = length > 0 ? t / length : 0;
    const x = w.x + share * (w.x2 - w.x) - at.x;
    const y = w.y + share * (w.y2 - w.y) - at.y;
    const [c, s] = [Math.cos(at.heading), Math.sin(at.heading)];
    out.push(c * x + s * y, c * y - s * x);
    if (length === 0) return;
    t = t < length ? Math.min(length, t + Math.max(0.005, 0.02 * Math.hypot(x, y))) : length + 1;
  }
}

/** An envelope and a base in a world of walls, that obeys its commands `delayTicks` late. */
export class BaseRig {
  readonly envelope: TwistEnvelope;
  readonly by: { -readonly [K in keyof Situation]: Situation[K] };
  readonly out = new Float64Array(3);
  readonly at: Planar = { x: 0, y: 0, heading: 0 };
  sinceSent = 0;
  readonly #queue: Float64Array[];
  readonly #moved: Planar = { x: 0, y: 0, heading: 0 };

  constructor(
    readonly robot: RobotConfig,
    readonly safety: SafetyConfig,
    readonly walls: Wall[] = [],
    delayTicks = 0,
  ) {
    this.envelope = new TwistEnvelope(safety, robot, twist(robot));
    const state = makeRobotState(0);
    const nothing = new Float64Array(0);
    this.by = { last: new Float64Array(3), state, force: nothing, target: nothing, elapsed: 0, nowNs: 1e9 };
    this.envelope.seed(state, this.by.last);
    this.#queue = Array.from({ length: delayTicks }, () => new Float64Array(3));
    this.envelope.sent(this.by.last, this.by.nowNs);
    this.sense();
    this.scan();
  }

  /** Odometry of now. */
  sense(): void {
    const { state } = this.by;
    const { x, y, heading } = this.at;
    state.stampNs = this.by.nowNs;
    state.receivedNs = this.by.nowNs;
    state.pose.set([x, y, 0, 0, 0, Math.sin(heading / 2), Math.cos(heading / 2)]);
    this.envelope.observe(this.by);
  }

  /** A scan of now. */
  scan(stampNs = this.by.nowNs): boolean {
    const points: number[] = [];
    for (const wall of this.walls) seen(wall, this.at, points);
    const count = points.length / 2;
    const reading: RangeReading = {
      ...{ sensor: 0, stampNs, receivedNs: this.by.nowNs, beams: count, invalid: 0, count },
      points: Float64Array.from(points),
    };
    return this.envelope.see(reading);
  }

  command(wish: ArrayLike<number>, speedScale = 1): number {
    this.by.elapsed = this.sinceSent;
    const flags = this.envelope.limit(Float64Array.from(wish), this.by, speedScale, this.out);
    this.send(this.out);
    return flags;
  }

  send(setpoint: Float64Array): void {
    this.envelope.sent(setpoint, this.by.nowNs);
    this.by.last.set(setpoint);
    this.#queue.push(Float64Array.from(setpoint));
    this.sinceSent = 0;
  }

  /** Lets `dt` seconds pass: the oldest command moves the base, and its odometry arrives. */
  move(dt: number): void {
    const u = this.#queue.shift()!;
    arc(u, 0, dt, this.#moved);
    const [c, s] = [Math.cos(this.at.heading), Math.sin(this.at.heading)];
    this.at.x += c * this.#moved.x - s * this.#moved.y;
    this.at.y += s * this.#moved.x + c * this.#moved.y;
    this.at.heading += this.#moved.heading;
    this.by.nowNs += Math.round(dt * 1e9);
    this.sinceSent += dt;
    this.by.state.twist.set([u[0]!, u[1]!, 0, 0, 0, u[2]!]);
    this.sense();
  }

  /** From the footprint to the nearest wall, m. */
  get clear(): number {
    const { x, y, radius } = this.footprint;
    return Math.min(Number.POSITIVE_INFINITY, ...this.walls.map((w) => distanceTo(w, x, y) - radius));
  }

  get footprint(): { x: number; y: number; radius: number } {
    const how = this.robot.interface as Extract<RobotConfig['interface'], { type: 'twist' }>;
    const [cx, cy] = how.footprint.center as [number, number];
    const [c, s] = [Math.cos(this.at.heading), Math.sin(this.at.heading)];
    return { x: this.at.x + c * cx - s * cy, y: this.at.y + s * cx + c * cy, radius: how.footprint.radius };
  }
}

/** Wishes of an enemy: ±1e6, any, or full speed and turn, drawn anew every 0 to 80 ticks. */
export function adversary(random: Random, sideways: boolean, speed: number, turn: number): () => Float64Array {
  const wish = new Float64Array(3);
  let left = 0;
  return () => {
    if (left-- > 0) return wish;
    left = random.integer(80);
    const how = random.integer(3);
    const sign = () => (random.uniform() < 0.5 ? -1 : 1);
    const direction = sideways ? random.range(-Math.PI, Math.PI) : random.uniform() < 0.5 ? 0 : Math.PI;
    const v = how === 0 ? 1e6 : how === 1 ? random.range(0, 2 * speed) : speed;
    wish[0] = v * Math.cos(direction);
    wish[1] = sideways ? v * Math.sin(direction) : 0;
    wish[2] = how === 0 ? sign() * random.uniform() * 1e6 : random.range(-turn, turn) * 1.5;
    return wish;
  };
}
