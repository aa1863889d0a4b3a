import { describe, expect, it } from 'vitest';
import { loadRun, missingFiles } from '../../../src/core/config/load.ts';
import { errorOf, runFolder } from './fixture.ts';

describe('safety.guard', () => {
  it('is off unless it is named; with its defaults nothing is wrong', () => {
    const { run } = runFolder();
    expect(loadRun(run).config.safety.guard).toBeUndefined();
    const named = loadRun(run, ['safety.guard.model=arm.xml']);
    expect(named.config.safety.guard).toMatchObject({ timestep_us: 2500, horizon_ms: 400, budget_us: 2000 });
    expect(named.warnings.filter((line) => line.includes('guard'))).toEqual([]);
    // Relative to where it is written, and told when it is not there.
    expect(missingFiles(named).join('\n')).toMatch(/safety\.guard\.model = .*arm\.xml: no such file/);
  });

  it.each([
    // A corner of 0.1 rad at 0.5 rad/s is √3 · 0.2 s, and a tick is 10 ms.
    [['horizon_ms: 356'], 'safety.guard.horizon_ms 356 ms is shorter than one tick and braking, 357 ms'],
    // 2.6 rad/s at 0.7 · 10 rad/s² is 371 ms, the reaction 30 ms.
    [
      ['horizon_ms: 411', 'robot.interface={type: joint_velocity}'],
      'safety.guard.horizon_ms 411 ms is shorter than one tick and braking, 412 ms',
    ],
    [['timestep_us: 3000'], '3000 µs is 3.333 to a control tick of 10 ms: it must be a whole number'],
    [['timestep_us: 20000'], '20000 µs is 0.5 to a control tick of 10 ms'],
    [['budget_us: 10000'], 'safety.guard.budget_us 10000 µs is not below the control tick of 10000 µs'],
    [['budget_us: 100', 'robot.joints=[]'], 'safety.guard needs a robot with joints'],
  ])('that cannot keep its word is refused: %j', ([keys, ...sets], told) => {
    const { run } = runFolder();
    const seen = errorOf(() => loadRun(run, [...sets, `safety.guard={model: arm.xml, ${keys}}`])).seen;
    expect(seen).toContain(told);
  });

  it('with a budget of more than half a tick is a warning', () => {
    const { run } = runFolder();
    const { warnings } = loadRun(run, ['safety.guard={model: arm.xml, budget_us: 6000}']);
    expect(warnings.join('\n')).toContain(
      'safety.guard.budget_us 6000 µs is over 50 % of the control tick of 10000 µs',
    );
  });
});
