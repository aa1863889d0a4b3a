import { admissible, REFUSAL } from './admissible.ts';
import { brakeVelocity } from './brake.ts';
import type { JointLimits } from './limits.ts';
import { JointMotion } from './motion.ts';

/**
 * Runs the braking law of every joint from the fastest state that the limits admit, at its closest to the limit, and
 * asks the post-check about each step: rest within V/A + τ, and before the limit. Empty when it keeps its word; else
 * one sentence.
 */
export function selfTest(l: JointLimits): string {
  const dt = l.period;
  for (const side of [1, -1]) {
    const motion = new JointMotion(l);
    const at = new Float64Array(l.joints);
    const last = new Float64Array(l.joints);
    const velocity = new Float64Array(l.joints);
    const out = new Float64Array(l.joints);
    let steps = 0;
    for (let i = 0; i < l.joints; i++) {
      const a = l.deceleration[i]!;
      const tau = l.reaction[i]!;
      const half = (l.max[i]! - l.min[i]!) / 2;
      const v = Math.min(l.velocity[i]!, Math.sqrt(a * a * tau * tau + 2 * a * half) - a * tau);
      velocity[i] = side * v;
      at[i] = side > 0 ? l.max[i]! - v * tau - (v * v) / (2 * a) : l.min[i]! + v * tau + (v * v) / (2 * a);
      steps = Math.max(steps, Math.ceil((v / l.acceleration[i]! + tau) / dt) + 2);
    }
    motion.sent(velocity, dt, 0);
    motion.acceleration.fill(0);
    for (let n = 1; n <= steps; n++) {
      // An ideal joint without delay: what was sent is what moved.
      for (let i = 0; i < l.joints; i++) {
        at[i] = at[i]! + motion.velocity[i]! * dt;
        last[i] = l.position ? at[i]! : motion.velocity[i]!;
        const v = brakeVelocity(motion.velocity[i]!, motion.acceleration[i]!, l.acceleration[i]!, l.jerk[i]!, dt);
        velocity[i] = v;
        out[i] = l.position ? at[i]! + v * dt : v;
      }
      const nowNs = Math.round(n * dt * 1e9);
      motion.predict(at, nowNs, nowNs);
      const refusal = admissible(out, last, at, dt, motion, l);
      if (refusal !== 0 && REFUSAL[refusal] !== 'joint_limit')
        return `braking law breaks ${REFUSAL[refusal]} at step ${n}`;
      motion.sent(velocity, dt, nowNs);
    }
    for (let i = 0; i < l.joints; i++) {
      if (motion.velocity[i] !== 0)
        return `braking law leaves joint ${i} at ${motion.velocity[i]} rad/s after ${steps} steps`;
      const past = Math.max(at[i]! - l.max[i]!, l.min[i]! - at[i]!);
      if (!(past <= 1e-9)) return `braking law takes joint ${i} ${past} rad past its limit`;
    }
  }
  return '';
}
