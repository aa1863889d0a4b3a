import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import { errorOf, runFolder } from './fixture.ts';

const refused = (...sets: string[]) => {
  const { run } = runFolder();
  return errorOf(() => loadRun(run, sets)).seen;
};
const warned = (...sets: string[]) => {
  const { run } = runFolder();
  return loadRun(run, sets).warnings.join('\n');
};

describe('limits that contradict each other are refused', () => {
  it.each([
    [['safety.risk.warn=0.61'], 'warn must not be above high'],
    [['safety.risk.low=0.6', 'safety.risk.high=0.6'], 'low must be below high'],
    [['safety.force_soft=31'], 'safety.force_soft 31 N is not below force_limit 30 N'],
    [['safety.pose_box.min=[0.8, -0.3, 0]'], 'safety.pose_box.min crosses max on x: 0.8 m is not below 0.7 m'],
    [['safety.target_box={min: [0, 0, 0], max: [1, 1, 0]}'], 'safety.target_box.min crosses max on z'],
    [['safety.state_age_ms=9'], 'safety.state_age_ms 9 ms is shorter than one control tick of 10 ms'],
    [
      ['safety.control_hz=200', 'safety.state_age_ms=9'],
      'safety.state_age_ms 9 ms is shorter than one state message of 10 ms',
    ],
    [['safety.decision_age_ms=49'], 'safety.decision_age_ms 49 ms is shorter than one decision of 50 ms'],
    [['safety.lease_ms=5'], 'safety.lease_ms 5 ms is shorter than one control tick of 10 ms'],
    [['daemon.heartbeat_ms=5'], 'the sentinel would always stop'],
    [['task.decision_hz=120', 'safety.decision_age_ms=100'], 'task.decision_hz 120 is above safety.control_hz 100'],
    [['task.world.state_hz=90'], 'task.world.state_hz 90 is 5.556 physics steps of 2000 µs a message'],
    [['safety.stop_dwell_ms=1500'], 'safety.stop_dwell_ms 1500 ms is not below stop_timeout_ms 1500 ms'],
    [['robot.joints[1].name=j1'], 'robot.joints[1].name j1 is named twice'],
    [['robot.joints[0].position=[1, 1]'], 'robot.joints[0].position [1, 1] leaves the joint no room'],
    [['robot.topics.pose=/joint_states'], 'robot.topics.pose /joint_states is the topic of joint_states too'],
    [['task.world.hole_nominal=[0.69, 0, 0.05]'], 'x = 0.69 ± 0.03 m leaves safety.pose_box [0.3, 0.7] m'],
    [['robot.joint_state.effort=none'], 'robot.joint_state.effort none: the rule effort would judge zeros'],
    [['daemon.ros_port=8700'], "daemon.ros_port 8700 is the console's port too"],
    [['daemon.foxglove_port=9091'], 'daemon.foxglove_port 9091 is the port of another server of the daemon too'],
    [
      ['robot.interface.stiffness_topic=/k'],
      'robot.interface.stiffness_topic is for message: pose_stamped; equilibrium_command carries its stiffness',
    ],
    [
      ['robot.interface={type: joint_velocity, message: joint_trajectory, trajectory: {hold_ms: 31}}'],
      'hold_ms 31 ms is longer than safety.joints.reaction_ms 30 ms',
    ],
    [
      ['robot.interface={type: joint_velocity, message: joint_trajectory, trajectory: {deceleration: 0.5}}'],
      'deceleration 0.5 is gentler than safety.joints.derate 0.7',
    ],
    [
      ['robot.interface={type: joint_position, message: joint_trajectory, trajectory: {hold_ms: 9}}'],
      'hold_ms 9 ms is shorter than one control tick of 10 ms',
    ],
    [['safety.stiffness=[-1, 3000]'], 'safety.stiffness goes down to -1 N/m'],
    [
      ['bridge.ros_version=1', 'robot.interface={type: joint_velocity, message: joint_trajectory}'],
      "robot.interface.trajectory.positions false: ROS 1's joint_trajectory_controller refuses velocities without positions",
    ],
  ])('%j', (sets, told) => {
    expect(refused(...sets)).toContain(told);
  });

  it('a reference limit in millimetres betrays itself by the spring force that it allows', () => {
    // 10 m × 3000 N/m = 30 000 N beside a force limit of 30 N.
    expect(refused('safety.reference_limit=10')).toContain(
      'safety.reference_limit 10 m × stiffness 3000 N/m = 30000 N, over 5 × force_limit 30 N',
    );
  });

  it('all contradictions are told at once, each with the line of its value', () => {
    const seen = refused('safety.force_soft=40', 'safety.lease_ms=1');
    expect(seen).toContain('2 problems');
    const { run } = runFolder({
      'safety/arm.yaml': 'pose_box: { min: [0.3, -0.3, 0], max: [0.7, 0.3, 0.5] }\nforce_soft: 40\nrisk: {}\n',
    });
    expect(errorOf(() => loadRun(run)).seen).toMatch(/safety\/arm\.yaml:2: safety\.force_soft 40 N/);
  });
});

describe('what is allowed but doubtful is a warning with its place', () => {
  it.each([
    [['robot.interface.message=pose_stamped'], 'robot.interface.message pose_stamped without stiffness_topic'],
    [['robot.interface={type: joint_velocity, message: float64_multi_array}'], 'a velocity goes on when commands stop'],
    [
      ['robot.interface={type: joint_velocity, message: joint_trajectory}'],
      'ms after the last command, lease_ms is 100 ms',
    ],
    [
      ['robot.interface={type: joint_velocity, message: joint_trajectory}', 'bridge.ros_version=auto'],
      'a robot that turns out to be ROS 1 refuses velocities without positions',
    ],
    [
      ['robot.interface={type: joint_velocity, message: joint_trajectory, trajectory: {positions: true}}'],
      "ROS 2's joint_trajectory_controller must have interpolate_from_desired_state",
    ],
    [['safety.reference_limit=0.02'], '0.02 m × stiffness 3000 N/m = 60 N is above force_limit 30 N'],
    [['safety.stiffness=[700, 3000]'], 'clips what the interface can ask for, 600 to 3000 N/m'],
    [['safety.force_limit=35'], "above the task's violation_force 30 N"],
    [['robot.interface.position_scale=0.006'], 'asks for 0.12 m/s, above safety.speed 0.1 m/s'],
    [['daemon.host=0.0.0.0'], 'is not loopback'],
    [['robot.joint_state.velocity=estimated'], 'from positions, low-passed at 20 Hz; a velocity lags by 7.958 ms'],
    [['safety.off=[effort]', 'robot.joint_state.effort=none'], 'effort: this rule is switched off'],
    [['policies.residual.scale=0.5'], '0.5 is above safety.residual_bound 0.3'],
    [
      ['safety.approach={distance: 0.02, speed: 0.1}'],
      'safety.approach.speed 0.1 m/s is not below safety.speed 0.1 m/s: it slows nothing',
    ],
    [
      ['safety.approach={distance: 0.02, speed: 0.05}', 'robot.interface={type: joint_velocity, message: joint_jog}'],
      'safety.approach is heeded by cartesian_impedance only',
    ],
    [
      ['safety.approach={distance: 0.01, speed: 0.05}'],
      '0.01 m is not above safety.reference_limit 0.01 m: the robot may still be behind its setpoint when it touches',
    ],
    [['safety.off=[workspace]'], 'workspace: this rule is switched off'],
    [['robot.joints[0].position=[-155, 155]'], 'these are radians, not degrees'],
  ])('%j', (sets, told) => {
    expect(warned(...sets)).toContain(told);
    expect(warned(...sets)).toContain(`--set ${sets[0]}: `);
  });

  it('the defaults warn of nothing', () => {
    expect(warned()).toBe('');
  });
});

describe('a mobile base', () => {
  const BASE = `name: base
joints: []
sources: [odom]
topics: { command: /cmd_vel }
ranging: [{ type: scan, topic: /scan }]
interface: { type: twist, footprint: { radius: 0.3 } }
`;
  const SAFETY = 'decision_age_ms: 200\nrisk: {}\n';
  const base = (...sets: string[]) => {
    const { run } = runFolder({ 'robots/arm.yaml': BASE, 'safety/arm.yaml': SAFETY });
    return { run: () => loadRun(run, sets), seen: () => errorOf(() => loadRun(run, sets)).seen };
  };

  it('with its defaults is well', () => {
    expect(base().run().warnings).toEqual([]);
  });

  it.each([
    [['robot.sources=[pose]'], 'robot.sources pose: a twist interface needs odom'],
    [['robot.sources=[odom, pose]'], 'robot.sources has odom and pose, which both say where the robot is'],
    [['robot.sources=[odom, odom]'], 'odom, odom names one twice'],
    [['robot.ranging=[]'], 'robot.ranging is empty: a base that sees no obstacles drives into them'],
    [['robot.ranging[0].topic=/odom'], '/odom is the topic of odom too'],
    [['safety.twist.reaction_ms=9'], 'safety.twist.reaction_ms 9 ms is below a control tick of 10 ms'],
    [['safety.twist.acceleration=0.2'], 'is shorter than a stop from full speed'],
  ])('%j is refused', (sets, told) => {
    expect(base(...sets).seen()).toContain(told);
  });

  it.each([
    [['safety.twist.speed=0.4'], 'asks for more than safety.twist.speed 0.4 m/s'],
    [['safety.twist.speed_rotation=0.9'], '1 rad/s is above safety.twist.speed_rotation 0.9 rad/s'],
    [['safety.off=[obstacles]', 'robot.ranging=[]'], 'a sensor that is silent does not stop the base'],
    [['safety.twist.min_distance=0.05'], 'less than a dead reflex takes to be stopped, 180 ms'],
  ])('%j is a warning', (sets, told) => {
    expect(
      base(...sets)
        .run()
        .warnings.join('\n'),
    ).toContain(told);
  });

  it('an arm with scanners is told that nobody heeds them', () => {
    expect(warned('robot.ranging=[{ type: scan, topic: /scan }]')).toContain('is heeded by a twist interface only');
  });
});

describe('the tip of an arm', () => {
  const TIP = `name: arm
joints: []
sources: [pose]
topics: { command: /servo_node/delta_twist_cmds }
interface: { type: tip_twist }
`;
  const tip = (...sets: string[]) => {
    const { run } = runFolder({ 'robots/arm.yaml': TIP });
    return { run: () => loadRun(run, sets), seen: () => errorOf(() => loadRun(run, sets)).seen };
  };

  it('with its defaults is well', () => {
    expect(tip().run().warnings).toEqual([]);
  });

  it.each([
    [['robot.sources=[wrench]'], 'robot.sources wrench: a tip_twist interface needs pose'],
    [['safety={risk: {}}'], 'safety has no pose_box: the workspace of the tip'],
    [['safety.guard={model: ../worlds/peg.xml}'], 'what Servo makes of a tip_twist it does not know'],
    [['safety.tilt=1.5708'], 'safety.tilt 1.5708 rad: a cone of a tip_twist interface is narrower than π/2'],
    [['safety.tip_twist.reaction_ms=9'], 'safety.tip_twist.reaction_ms 9 ms is below a control tick of 10 ms'],
    // 0.1/0.07 s, 2.5 · 0.07/20 s, 50 ms and 100 ms; and 0.5/0.4 s, 2.5 · 0.4/80 s.
    [['safety.tip_twist.acceleration=0.07'], '1500 ms is shorter than a stop from full speed, 1587 ms'],
    [['safety.tip_twist.acceleration_rotation=0.36'], '1500 ms is shorter than a stop from full speed, 1550 ms'],
    [['robot.interface.scale=[0, 0, 0, 0, 0, 0]'], 'scale'],
    [['robot.interface.scale=[0.1, 0.1, 0.1]'], 'scale'],
  ])('%j is refused', (sets, told) => {
    expect(tip(...sets).seen()).toContain(told);
  });

  it.each([
    [['safety.tip_twist.speed=0.09'], '0.1 m/s is above safety.tip_twist.speed 0.09 m/s'],
    [['safety.tip_twist.speed_rotation=0.4'], '0.5 rad/s is above safety.tip_twist.speed_rotation 0.4 rad/s'],
  ])('%j is a warning', (sets, told) => {
    expect(
      tip(...sets)
        .run()
        .warnings.join('\n'),
    ).toContain(told);
  });

  it('the shipped run is well', () => {
    const { config, warnings } = loadRun(join(packageRoot, 'configs/runs/servo.yaml'));
    expect([config.robot.interface.type, warnings]).toEqual(['tip_twist', []]);
  });
});
