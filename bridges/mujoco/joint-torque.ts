import { clamp } from '../../src/core/geometry.ts';

/** Sweeps over the joints; the sum has settled to 1e-6 after about ten on a seven-joint arm. */
const SWEEPS = 20;

/**
 * Joint torques that give each joint the acceleration that it wants, but where its own torque is at its end: what independent
 * drives do, each of which holds its joint against the others. (To clamp a computed torque does not: a joint whose torque suffices
 * is then pushed about, for its torque was reckoned with accelerations that others do not reach.)
 *
 * The box-constrained problem a = W·(τ − bias), (wanted − a)ⱼ = 0 or τⱼ at an end, by projected Gauss-Seidel (Cottle, Pang,
 * Stone, The Linear Complementarity Problem, 5.2): it converges, as W is symmetric and positive definite.
 *
 * @param torque Nm; in: those without an end; out: those within ±`effort`
 * @param inverse W = M⁻¹ of the joint-space inertia, row-major
 * @param bias gravity, Coriolis and centrifugal, Nm
 * @param wanted accelerations, rad/s²
 * @param reached of as many joints; out: the accelerations that come of it, rad/s²
 */
export function withinEffort(
  torque: Float64Array,
  effort: Float64Array,
  inverse: Float64Array,
  bias: Float64Array,
  wanted: Float64Array,
  reached: Float64Array,
): void {
  const n = torque.length;
  for (let j = 0; j < n; j++) torque[j] = clamp(torque[j]!, -effort[j]!, effort[j]!);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += inverse[i * n + j]! * (torque[j]! - bias[j]!);
    reached[i] = sum;
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (let j = 0; j < n; j++) {
      const asked = torque[j]! + (wanted[j]! - reached[j]!) / inverse[j * n + j]!;
      const to = clamp(asked, -effort[j]!, effort[j]!);
      const by = to - torque[j]!;
      torque[j] = to;
      for (let i = 0; i < n; i++) reached[i] = reached[i]! + inverse[i * n + j]! * by;
    }
  }
}
