import { makeRobotState, type RangeReading } from '../../../src/core/signals.ts';
import { admissible, REFUSAL } from './admissible.ts';
import { arc, planar } from './arc.ts';
import { brakeTwist } from './brake.ts';
import type { TwistLimits } from './limits.ts';
import { TwistMotion } from './motion.ts';
import { TwistScene } from './scene.ts';

/**
 * Runs the braking law from the fastest twists that the limits admit, each with an obstacle ahead as near as the stop
 * needs, and asks the post-check about each step: rest within V/A + τ, and not past the minimum distance. Empty when it
 * keeps its word; else one sentence.
 *
 * @param law the one to run: the law itself, but where it is the self-test that is tested
 */
export function selfTest(limits: TwistLimits, law = brakeTwist): string {
  const l = { ...limits, beams: [1], ageNs: [Number.POSITIVE_INFINITY], delayNs: 0 };
  for (const side of [1, -1]) {
    for (const turn of [0, 1, -1]) {
      for (const slide of l.sideways ? [0, 1] : [0]) {
        const found = stop(l, law, side * l.speed * Math.cos(slide), side * l.speed * Math.sin(slide), turn * l.turn);
        if (found !== '') return found;
      }
    }
  }
  return '';
}

function stop(l: TwistLimits, law: typeof brakeTwist, vx: number, vy: number, w: number): string {
  const dt = l.period;
  const motion = new TwistMotion(l);
  const scene = new TwistScene(l);
  const state = makeRobotState(0);
  const at = planar();
  const moved = planar();
  const u = Float64Array.of(vx, vy, w);
  const seconds = Math.max(Math.hypot(vx, vy) / l.acceleration, Math.abs(w) / l.turnAcceleration) + l.reaction + l.ramp;
  const steps = Math.ceil(seconds / dt) + 2;

  // The obstacle: straight ahead of the footprint's centre, by all of the way that a stop may take; of one that stays where
  // it is while the base turns about it, anywhere.
  const [px, py] = [vx - w * l.y, vy + w * l.x];
  const p = Math.hypot(px, py);
  const way = p * (l.reaction + Math.max(Math.hypot(vx, vy) / l.deceleration, Math.abs(w) / l.turnDeceleration) / 2);
  const far = l.clearance + way;
  const ahead = Math.atan2(py, px);
  const obstacle = { x: l.x + far * Math.cos(ahead), y: l.y + far * Math.sin(ahead) };
  scene.observe(state);
  const reading: RangeReading = {
    ...{ sensor: 0, stampNs: 0, receivedNs: 0, beams: 1, invalid: 0, count: 1 },
    points: Float64Array.of(obstacle.x, obstacle.y),
  };
  scene.see(reading);
  motion.sent(u, dt, 0);
  motion.acceleration.fill(0);
  for (let n = 1; n <= steps; n++) {
    // An ideal base without delay: what was sent is what moved.
    arc(motion.twist, 0, dt, moved);
    const c = Math.cos(at.heading);
    const s = Math.sin(at.heading);
    at.x += c * moved.x - s * moved.y;
    at.y += s * moved.x + c * moved.y;
    at.heading += moved.heading;
    state.pose.set([at.x, at.y, 0, 0, 0, Math.sin(at.heading / 2), Math.cos(at.heading / 2)]);
    motion.predict(0, 0);
    scene.look(state, motion);
    law(motion, l, true, dt, u);
    if (admissible(u, dt, motion, scene, l) !== 0) law(motion, l, false, dt, u);
    const refusal = admissible(u, dt, motion, scene, l);
    if (refusal !== 0) return `braking law breaks ${REFUSAL[refusal]} at step ${n}`;
    motion.sent(u, dt, 0);
  }
  if (motion.twist.some((v) => v !== 0))
    return `braking law leaves a twist of ${[...motion.twist]} after ${steps} steps`;
  const c = Math.cos(at.heading);
  const s = Math.sin(at.heading);
  const x = obstacle.x - at.x - (c * l.x - s * l.y);
  const y = obstacle.y - at.y - (s * l.x + c * l.y);
  const left = Math.hypot(x, y) - l.clearance;
  return left >= -1e-6 ? '' : `braking law takes the base ${-left} m past its minimum distance`;
}
