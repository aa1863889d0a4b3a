import type { RobotConfig } from '../core/config-schema.ts';
import type { RangeReading, SensorFrame } from '../core/signals.ts';
import { stampOf } from './assemble.ts';

/**
 * SensorFrame → RangeReading: where a LaserScan or a Range sees something, as points in the frame of the base.
 *
 * What a beam says (REP 117, and what drivers do):
 *
 *   within range_min … range_max      an obstacle there
 *   above 0, below range_min          an obstacle there: nearer than it can tell is no reason to think it away
 *   -∞                                an obstacle at range_min: detected, too near to measure
 *   above range_max, +∞               nothing seen: free
 *   NaN, null, 0, negative, no number nothing told: neither free nor an obstacle; counted as invalid
 *
 * NOTE rosbridge writes NaN, +∞ and -∞ all as null in JSON, so a beam that saw nothing arrives as one that told nothing. The gate
 * bounds the share of these (`invalid_share`). A sensor that looks into open space must say "nothing" with a number above
 * range_max, or its `invalid_share` must be raised.
 */
type Sensor = RobotConfig['ranging'][number];

interface ScanLike {
  angle_min?: unknown;
  angle_max?: unknown;
  angle_increment?: unknown;
  range_min?: unknown;
  range_max?: unknown;
  ranges?: unknown;
}
interface RangeLike {
  field_of_view?: unknown;
  min_range?: unknown;
  max_range?: unknown;
  range?: unknown;
}

/** Points on the arc that a Range may mean are no further apart, rad; there are no more of them than ARC_POINTS. */
const ARC_STEP = 0.1;
const ARC_POINTS = 65;

const number = (v: unknown): number => (typeof v === 'number' ? v : Number.NaN);

class Reading implements RangeReading {
  stampNs = 0;
  receivedNs = 0;
  beams = 0;
  invalid = 0;
  count = 0;
  readonly points: Float64Array;

  constructor(
    readonly sensor: number,
    beams: number,
  ) {
    this.points = new Float64Array(2 * beams);
  }
}

export class RangingReader {
  /** Messages read, and those refused because they are no scan or no range. */
  readonly counters = { read: 0, refused: 0 };
  /** What was wrong with the last refused message. */
  lastRefusal = '';
  readonly #sensors: readonly Sensor[];
  readonly #readings: readonly Reading[];

  constructor(robot: RobotConfig) {
    this.#sensors = robot.ranging;
    this.#readings = robot.ranging.map((s, i) => new Reading(i, s.type === 'scan' ? s.beams : ARC_POINTS));
  }

  /** What the frame tells of obstacles, or null. The object is reused: copy what you keep. */
  accept(frame: SensorFrame): RangeReading | null {
    const at = this.#sensors.findIndex((s) => s.topic === frame.topic);
    if (at < 0) return null;
    const sensor = this.#sensors[at]!;
    const reading = this.#readings[at]!;
    const { message } = frame;
    if (typeof message !== 'object' || message === null) return this.#refuse('a message that is no object');
    reading.stampNs = stampOf(message);
    reading.receivedNs = frame.receivedNs;
    reading.count = 0;
    reading.invalid = 0;
    const told = sensor.type === 'scan' ? this.#scan(message, sensor, reading) : this.#range(message, sensor, reading);
    if (told !== '') return this.#refuse(told);
    this.counters.read++;
    return reading;
  }

  /** Empty, or what is wrong. */
  #scan(message: ScanLike, sensor: Sensor, out: Reading): string {
    const { ranges } = message;
    const first = number(message.angle_min);
    const step = number(message.angle_increment);
    const least = number(message.range_min);
    const most = number(message.range_max);
    if (!Array.isArray(ranges) && !(ranges instanceof Float32Array)) return 'ranges must be an array';
    const beams = ranges.length;
    if (beams === 0 || beams > sensor.beams) return `${beams} beams, allowed 1 to ${sensor.beams}`;
    const expected = (number(message.angle_max) - first) / step + 1;
    if (!(Math.abs(expected - beams) <= 1.5)) return `${beams} beams for angles of ${expected}`;
    if (!(least >= 0 && most > least && most < Number.POSITIVE_INFINITY)) return `ranges from ${least} to ${most} m`;
    out.beams = beams;
    for (let i = 0; i < beams; i++) point(ranges[i], first + i * step, least, most, sensor, out);
    return '';
  }

  #range(message: RangeLike, sensor: Sensor, out: Reading): string {
    const width = number(message.field_of_view);
    const least = number(message.min_range);
    const most = number(message.max_range);
    if (!(width >= 0 && width <= 2 * Math.PI)) return `field_of_view ${width} rad`;
    if (!(least >= 0 && most >= least && most < Number.POSITIVE_INFINITY)) return `ranges from ${least} to ${most} m`;
    // What is seen may be anywhere on the arc.
    const beams = Math.min(ARC_POINTS, Math.ceil(width / ARC_STEP) + 1);
    out.beams = beams;
    for (let i = 0; i < beams; i++) {
      const angle = beams === 1 ? 0 : width * (i / (beams - 1) - 0.5);
      point(message.range, angle, least, most, sensor, out);
    }
    return '';
  }

  #refuse(why: string): null {
    this.counters.refused++;
    this.lastRefusal = why;
    return null;
  }
}

/** Adds to `out` what one beam says. */
function point(told: unknown, angle: number, least: number, most: number, sensor: Sensor, out: Reading): void {
  let r = number(told);
  if (r === Number.NEGATIVE_INFINITY) r = least;
  else if (!(r > 0)) {
    out.invalid++;
    return;
  }
  if (r > most) return;
  const bearing = sensor.mount[2]! + (sensor.upside_down ? -angle : angle);
  out.points[2 * out.count] = sensor.mount[0]! + r * Math.cos(bearing);
  out.points[2 * out.count + 1] = sensor.mount[1]! + r * Math.sin(bearing);
  out.count++;
}
