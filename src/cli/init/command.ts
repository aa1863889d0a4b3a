import type { RobotGraph } from './graph.ts';

/** How the drafted run commands the arm: a topic that the robot has, and our interface for it. */
export interface CommandDraft {
  /** Null: the bridge has none that a draft can choose. */
  readonly topic: string | null;
  /** Lines below `interface:`, without indentation. */
  readonly lines: readonly string[];
  /** Other topics that a command interface of ours can drive, with what to write for it. */
  readonly others: readonly string[];
}

interface Way {
  readonly type: string;
  /** Of the topics of that type, those that controllers listen to by their usual names. */
  readonly named: RegExp;
  /** What a run file says below `interface:`. */
  readonly says: string;
  readonly about: string;
}

const VELOCITY = 'joint_velocity';
const POSITION = 'joint_position';
/**
 * Joint commands, the better first: JointJog has names and a lease, a trajectory has names and ends at rest (of
 * positions: they are what its controller goes to), a bare list of numbers has neither names nor an end.
 */
const JOINTS: readonly Way[] = [
  {
    ...{ type: 'control_msgs/msg/JointJog', named: /./, says: VELOCITY },
    about: 'control_msgs/JointJog, as MoveIt Servo takes it',
  },
  {
    ...{ type: 'trajectory_msgs/msg/JointTrajectory', named: /\/(joint_trajectory|command)$/ },
    ...{
      says: `${POSITION}, message: joint_trajectory`,
      about: 'one point each, where the arm stays when no other comes',
    },
  },
  {
    ...{ type: 'std_msgs/msg/Float64MultiArray', named: /position[^/]*\/commands?$/ },
    says: `${POSITION}, message: float64_multi_array`,
    about: "numbers without names: robot.joints must have the order of the controller's own",
  },
  {
    ...{ type: 'std_msgs/msg/Float64MultiArray', named: /velocity[^/]*\/commands?$/ },
    says: `${VELOCITY}, message: float64_multi_array`,
    about: "numbers without names or an end: robot.joints in the controller's order, and it must time out by itself",
  },
];

/** What a draft from joints alone does not choose: these need a pose, a footprint, or a person's word. */
const OTHERS: readonly (Pick<Way, 'type' | 'says'> & { needs: string })[] = [
  { type: 'geometry_msgs/msg/TwistStamped', says: 'tip_twist', needs: 'for the tip of an arm; needs a pose' },
  { type: 'geometry_msgs/msg/Twist', says: 'twist', needs: 'for a mobile base; needs its footprint' },
  {
    ...{ type: 'geometry_msgs/msg/PoseStamped', says: 'cartesian_impedance, message: pose_stamped' },
    needs: 'if it is an equilibrium pose that the robot takes; needs a pose and a wrench',
  },
  {
    ...{ type: 'reflexarc_msgs/msg/EquilibriumCommand', says: 'cartesian_impedance' },
    needs: 'needs a pose and a wrench',
  },
];

/** @param mark ends a line that nobody but the draft has said */
export function chooseCommand(graph: RobotGraph | null, mark: string): CommandDraft {
  const topics = [...(graph?.topics ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  const found = JOINTS.flatMap((way) =>
    topics.filter(([topic, type]) => type === way.type && way.named.test(topic)).map(([topic]) => ({ topic, way })),
  );
  const [chosen, ...more] = usualFirst(found);
  const way = chosen?.way ?? JOINTS[0]!;
  const scale = way.says.startsWith(POSITION)
    ? `position_scale: 0.01 # rad a full action, from where the setpoint is. ${mark}`
    : `velocity_scale: 0.1 # share of the velocity limit for a full action. ${mark}`;
  const [type, message] = way.says.split(', ');
  const others = [
    ...more.map((one) => `${one.topic} (${one.way.says})`),
    ...OTHERS.flatMap(({ type: wanted, says, needs }) =>
      topics.filter(([, type]) => type === wanted).map(([topic]) => `${topic} (${says}: ${needs})`),
    ),
  ];
  const lines = [`type: ${type} # ${way.about}`, ...(message === undefined ? [] : [message]), scale];
  return { topic: chosen?.topic ?? null, lines, others };
}

/** MoveIt Servo's own topic before others of that type. */
const USUAL = '/servo_node/delta_joint_cmds';
const usualFirst = <T extends { topic: string }>(found: readonly T[]): T[] => [
  ...found.filter(({ topic }) => topic === USUAL),
  ...found.filter(({ topic }) => topic !== USUAL),
];
