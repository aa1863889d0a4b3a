import { TYPES } from '../../../bridges/messages/messages.ts';
import type { OperatorRequest } from '../../core/signals.ts';
import type { PracticeRequest } from '../practice-door.ts';

/** How often a topic speaks: once a tick of the gate, at what happens, or steadily and at every change. */
export type Pace = 'tick' | 'event' | 'steady';

export interface TopicOfOurs {
  /** `~` is the daemon's namespace, `/reflexarc` unless told otherwise. */
  readonly name: string;
  readonly type: string;
  readonly pace: Pace;
  /** Whoever comes later gets the last message first. */
  readonly latch?: true;
  /** Its name in the log, and in a live view, where one layout shows both; without it, it is in no log. */
  readonly log?: string;
  /** On the robot's graph the reflex itself says it, just before each command. */
  readonly byReflex?: true;
  readonly says: string;
}

/**
 * The daemon as a citizen of a ROS graph: everything that it says and answers, described once, and the same on its own
 * server and on the robot's graph. The README lists the same (tests/daemon/citizen compares them).
 */
export const TOPICS = {
  state: {
    ...{ name: '~/state', type: TYPES.state, pace: 'steady', latch: true },
    says: 'mode and why, incident, epoch, link, brain, scales, who has taken over',
  },
  diagnostics: {
    ...{ name: '/diagnostics', type: TYPES.diagnosticArray, pace: 'steady' },
    says: 'one status a part, and one for each trip',
  },
  mode: { name: '~/mode', type: TYPES.string, pace: 'event', latch: true, says: 'mode of the ladder' },
  transition: {
    ...{ name: '~/transition', type: TYPES.ladderTransition, pace: 'event', latch: true, log: '/reflexarc/transition' },
    says: 'each change of mode, with cause, value, limit and incident',
  },
  intervention: {
    ...{ name: '~/intervention', type: TYPES.intervention, pace: 'event', log: '/reflexarc/intervention' },
    says: 'something takes authority from the policy: the gate, or a person',
  },
  proposal: {
    ...{ name: '~/proposal', type: TYPES.decision, pace: 'tick', log: '/reflexarc/decision' },
    says: 'base action and residual, with what the policies saw',
  },
  command: {
    ...{ name: '~/command', type: TYPES.command, pace: 'tick' },
    says: 'each command as it went out: source, epoch, sequence, setpoint',
  },
  risk: {
    name: '~/risk',
    type: TYPES.float64,
    pace: 'tick',
    says: 'risk of what is asked for, by the critic, while it judges',
  },
  tick: {
    ...{ name: '~/tick', type: TYPES.tickRecord, pace: 'tick', log: '/reflexarc/tick' },
    says: 'each tick of the gate, complete',
  },
  lease: {
    ...{ name: '~/lease', type: TYPES.uint64MultiArray, pace: 'tick', byReflex: true },
    says: 'heartbeat of commands: epoch, sequence, lease in µs',
  },
} as const satisfies Record<string, TopicOfOurs>;

export type TopicKey = keyof typeof TOPICS;

/** The topic that we listen to: a person's action in the policy's place. */
export const TAKEOVER = { name: '~/takeover', type: TYPES.takeover } as const;

export interface ServiceOfOurs {
  readonly name: string;
  readonly type: string;
  readonly says: string;
  /** `incident`: of the newest stop. `args`: as they came. */
  request(args: unknown, incident: number): OperatorRequest;
}

const trigger = (kind: Exclude<OperatorRequest['kind'], 'reset' | `${string}_scale`>, says: string): ServiceOfOurs => ({
  ...{ name: `~/${kind}`, type: TYPES.trigger, says },
  request: () => ({ kind }),
});
const scale = (kind: 'residual_scale' | 'speed_scale', says: string): ServiceOfOurs => ({
  ...{ name: `~/set_${kind}`, type: TYPES.setScale, says },
  // What is no number is refused where it is decided.
  request: (args) => ({ kind, value: (args as { scale?: unknown } | null)?.scale as number }),
});

/** What may be asked of the daemon. The reflex decides; `success` is whether it was done, `message` why not. */
export const SERVICES: readonly ServiceOfOurs[] = [
  trigger('arm', 'DISARMED to HOLD'),
  trigger('engage', 'HOLD to ENGAGING: the policy moves the robot, once its brain has decided'),
  trigger('disengage', 'controlled stop of a policy'),
  trigger('disarm', 'HOLD to DISARMED'),
  trigger('stop', 'controlled stop, never refused'),
  trigger('estop', 'one brake, then silence, latched'),
  trigger('estop_release', 'the e-stop is no longer pressed; nothing moves by it'),
  {
    ...{
      name: '~/reset',
      type: TYPES.trigger,
      says: 'answers the newest incident: to DISARMED, once its cause is clear',
    },
    request: (_args, incident) => ({ kind: 'reset', incident }),
  },
  scale('residual_scale', 'share of the residual that is used, 0 to 1'),
  scale('speed_scale', 'how fast the policy may move, 0 to 1: falls at once, rises slowly'),
];

/** What may be asked besides, where the residual goes on learning on the robot. */
export const PRACTICE_SERVICES: readonly (Omit<ServiceOfOurs, 'request'> & {
  /** A text: why it is not asked. */
  request(args: unknown): PracticeRequest | string;
})[] = [
  {
    ...{ name: '~/label', type: TYPES.setBool, says: 'the episode that is on, or the last one, was a success' },
    request(args) {
      const data = (args as { data?: unknown } | null)?.data;
      return typeof data === 'boolean'
        ? { kind: 'label', success: data }
        : 'data is true for success, false for failure';
    },
  },
  {
    ...{
      name: '~/roll_back',
      type: TYPES.trigger,
      says: 'the version of the residual before this one, from the next episode on',
    },
    request: () => ({ kind: 'roll_back' }),
  },
];

/** The global name of one of ours. */
export const named = (name: string, namespace: string): string => name.replace(/^~/, namespace);
