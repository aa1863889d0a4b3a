import { TYPES } from '../../../bridges/messages/messages.ts';
import type { Arm } from './arm.ts';
import { chooseCommand } from './command.ts';
import type { BridgeAccess, RobotGraph } from './graph.ts';
import type { JointDraft, Sourced } from './limits.ts';

/** Marks every line that nobody but us has said. */
export const LOOK = 'LOOK: a default';

export interface DraftParts {
  readonly name: string;
  /** Where the joints are from, as the reader knows it. */
  readonly from: string;
  readonly jointLimits: string | undefined;
  readonly arm: Arm;
  readonly joints: readonly JointDraft[];
  /** Null when no bridge was asked. */
  readonly graph: RobotGraph | null;
  /** What the bridge wanted of `init` it wants of the daemon. Paths as they stand in the run file. */
  readonly access: Omit<BridgeAccess, 'url'>;
}

/**
 * A run file that `reflexarc check` accepts and that moves nothing: limits from the robot's own description, policies of
 * zero. Each number says where it is from; what nobody said is marked.
 */
export function draftRun(parts: DraftParts): string {
  const { name, from, jointLimits, arm, joints, graph } = parts;
  const n = joints.length;
  const state = topicOf(graph, TYPES.jointState, '/joint_states');
  const command = chooseCommand(graph, LOOK);
  const others = arm.others.map((j) => j.name);
  return `# A run for ${name}, drafted by \`reflexarc init\` from ${from}${jointLimits === undefined ? '' : ` and ${jointLimits}`}.
# Read every line before the robot moves; \`reflexarc check\` says whether it fits together. Lines with "${LOOK}"
# hold numbers that nobody but this draft has said.
name: ${text(name)}

robot:
  name: ${text(name)}
  base_frame: ${text(arm.base)}
  tip_frame: ${text(arm.tip)}
  # rad, rad/s, rad/s², rad/s³, Nm; of a prismatic joint m, m/s, m/s², m/s³, N.
  # Of several sources the tighter one. A URDF has no accelerations and no jerks.
  joints:
${joints.map(jointLines).join('\n')}
  # What makes a state. Add pose and wrench when the robot publishes them with the stamps of its joint states: without them
  # workspace and force limits are off.
  sources: [joint_states]
  topics:
    joint_states: ${state}
    command: ${commandLine(graph, command.topic)}${command.others.map((one) => `\n    # the bridge also has ${one}`).join('')}
    # The sentinel says reflexarc_msgs/Stop here when the reflex is silent. If nobody on the robot listens, only the end of
    # the lease of the last command stops it.
    stop: /stop # ${LOOK}
  interface:
${command.lines.map((line) => `    ${line}`).join('\n')}

task:
  name: ${text(name)}
  decision_hz: 20 # ${LOOK}
  # What the policies see; see "Observations" in the README.
  observation:${others.length === 0 ? '' : `\n    extra_joints: [${others.map(text).join(', ')}] # moving, but not of this arm`}
    base:
      features:
        - { name: position, from: "${topicName(state)}.position[*]" }
        - { name: velocity, from: "${topicName(state)}.velocity[*]" }

safety:
  control_hz: 100 # ${LOOK}
  risk: {}
  # This task has no target, so the rule that asks for one is off. Take this out when you name a target_topic.
  off: [target]

# Nobody has trained anything for this robot yet: actions of zero, no correction, no critic. The hard rules are all there is.
policies:
  base: { type: zero, observation_size: ${2 * n}, action_size: ${n}, execute_steps: 1 }
  residual: { type: zero, observation_size: ${2 * n}, action_size: ${n}, scale: 0 }
  critic: { type: zero, input_size: ${4 * n} }

bridge:
  type: rosbridge
  url: ${graph === null ? `ws://127.0.0.1:9090 # ${LOOK}` : text(graph.url)}
${accessLines(parts.access)}  ros_version: ${graph === null ? `2 # ${LOOK}` : `${graph.rosVersion} # asked of the bridge`}
`;
}

function jointLines(j: JointDraft): string {
  const [low, high] = j.position.value;
  const kind = j.type === 'revolute' ? '' : ` # ${j.type}`;
  return [
    `    - name: ${text(j.name)}${kind}`,
    `      position: [${number(low)}, ${number(high)}]${source(j.position)}`,
    `      velocity: ${number(j.velocity.value)}${source(j.velocity)}`,
    `      acceleration: ${number(j.acceleration.value)}${source(j.acceleration)}`,
    `      jerk: ${number(j.jerk.value)}${source(j.jerk)}`,
    `      effort: ${number(j.effort.value)}${source(j.effort)}`,
  ].join('\n');
}

const source = ({ from, isDefault }: Sourced<unknown>): string =>
  ` # ${isDefault ? `${LOOK}${from === 'default' ? '' : `, ${from}`}` : from}`;

/** Plain decimals: a limit is never tightened or widened by more than a millionth. */
const number = (v: number): string => String(Number(v.toPrecision(7)));

const topicName = (line: string): string => line.split(' ')[0]!.replaceAll('"', '');

function commandLine(graph: RobotGraph | null, topic: string | null): string {
  if (topic !== null) return `${text(topic)} # asked of the bridge`;
  const none = graph === null ? '' : ': the bridge has no topic that takes joint commands';
  return `/servo_node/delta_joint_cmds # ${LOOK}${none}`;
}

function accessLines({ tokenFile, caFile }: DraftParts['access']): string {
  return [
    ...(tokenFile === undefined ? [] : [`  token_file: ${text(tokenFile)}\n`]),
    ...(caFile === undefined ? [] : [`  ca_file: ${text(caFile)}\n`]),
  ].join('');
}

/** The topic of this type that the robot has: the usual one, or the only one, or the first of several, which is said. */
function topicOf(graph: RobotGraph | null, type: string, usual: string): string {
  if (graph === null) return `${usual} # ${LOOK}`;
  const there = [...graph.topics].filter(([, t]) => t === type).map(([topic]) => topic);
  const [first, ...more] = there.includes(usual) ? [usual, ...there.filter((t) => t !== usual)] : there.sort();
  if (first === undefined) return `${usual} # ${LOOK}: the bridge has no ${type}`;
  return `${text(first)} # asked of the bridge${more.length === 0 ? '' : `; there are ${more.join(', ')} too`}`;
}

/** As YAML reads it back as the same text. */
function text(value: string): string {
  const isPlain = /^[A-Za-z_/][\w/.:-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$|:$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}
