import { describe, expect, it } from 'vitest';
import { loadRun } from '../../../src/core/config/load.ts';
import { errorOf, runFolder } from './fixture.ts';

const JOINTS = 'robot.interface={type: joint_velocity, message: joint_jog}';
const PLANE = 'safety.planes=[{normal: [0, 0, -1], offset: 0}]';
const BASE = `name: base
joints: []
sources: [odom]
topics: { command: /cmd_vel }
ranging: [{ type: scan, topic: /scan }]
interface: { type: twist, footprint: { radius: 0.3 } }
`;
const PLAIN = 'decision_age_ms: 200\nrisk: {}\n';

/** The finding of the workspace, if there is one: a problem of a run that is refused, or a warning. */
function finding(sets: string[], files: Record<string, string> = {}) {
  const { run } = runFolder(files);
  const mine = (lines: readonly string[]) => lines.filter((l) => /safety\.(planes|pose_box|target_box)/.test(l));
  return {
    refused: () => errorOf(() => loadRun(run, sets)).seen,
    warned: () => mine(loadRun(run, sets).warnings),
  };
}

describe('a workspace that nothing would enforce', () => {
  it('is refused with joint commands and no measured pose, with its place, what is allowed and what to do', () => {
    const seen = finding([JOINTS, 'robot.sources=[joint_states]']).refused();
    expect(seen).toContain('safety/arm.yaml:1: safety.pose_box would be enforced by nothing: joint_velocity commands');
    expect(seen).toContain('robot.sources is [joint_states]');
    expect(seen).toContain('allowed: with cartesian_impedance or tip_twist, or with a measured pose');
    expect(seen).toContain('add pose to robot.sources, or take it out');
  });

  it('is refused as half-spaces too, each key by itself', () => {
    const joints = [JOINTS, 'robot.sources=[joint_states]', PLANE];
    expect(finding(joints).refused()).toMatch(/^2 problems\n.*safety\.pose_box would.*\n.*safety\.planes would/);
    expect(finding(joints, { 'safety/arm.yaml': PLAIN }).refused()).toMatch(
      /^--set safety\.planes=.*: safety\.planes would/,
    );
  });

  it('is refused where its one rule is switched off', () => {
    const seen = finding([JOINTS, 'safety.off=[workspace]']).refused();
    expect(seen).toContain('and the rule workspace is in safety.off');
    expect(seen).toContain('take workspace out of safety.off');
  });

  it('is refused for a base, whose place is no measured pose', () => {
    const files = { 'robots/arm.yaml': BASE, 'safety/arm.yaml': PLAIN };
    const seen = finding([PLANE], files).refused();
    expect(seen).toContain('safety.planes would be enforced by nothing: twist commands are not filtered by it');
    expect(seen).toContain('walls of a base are what its ranging sees');
  });

  it('is refused around the target with joint commands, whatever is measured', () => {
    const seen = finding([JOINTS, 'safety.target_box={min: [-1, -1, -1], max: [1, 1, 1]}']).refused();
    expect(seen).toContain('safety.target_box would be enforced by nothing with joint_velocity commands');
  });
});

describe('a workspace at which joints are only stopped', () => {
  it('is accepted and said', () => {
    expect(finding([JOINTS, PLANE]).warned()).toEqual([
      expect.stringMatching(/safety\/arm\.yaml:1: safety\.pose_box does not bound joint_velocity commands: the rule/),
      expect.stringMatching(
        /^--set safety\.planes=.*: safety\.planes does not bound joint_velocity commands: the rule/,
      ),
    ]);
  });

  it('is foreseen by a guard, and said to be so, with and without a measured pose', () => {
    const guard = 'safety.guard={model: ../worlds/peg.xml, horizon_ms: 1000}';
    expect(finding([JOINTS, guard]).warned()[0]).toContain("the guard foresees a policy's way out, and the rule");
    expect(finding([JOINTS, guard, 'robot.sources=[joint_states]']).warned()[0]).toContain(
      'robot.sources is [joint_states], so that nothing looks at the measured tip',
    );
  });
});

describe('a workspace that the filter keeps', () => {
  it('needs no word, whatever else is measured or off', () => {
    expect(finding([PLANE]).warned()).toEqual([]);
    expect(finding([PLANE, 'safety.off=[workspace]']).warned()).toEqual([]);
  });

  it('without one, joints need none', () => {
    const files = { 'safety/arm.yaml': 'risk: {}\n' };
    expect(finding([JOINTS, 'robot.sources=[joint_states]'], files).warned()).toEqual([]);
  });

  it('has walls with a direction', () => {
    expect(finding(['safety.planes=[{normal: [0, 0, 0], offset: 1}]']).refused()).toContain(
      'safety.planes[0].normal [0, 0, 0] is no direction',
    );
  });
});
