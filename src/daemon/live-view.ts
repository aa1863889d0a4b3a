import type { RosGraph } from '../../bridges/bridge.ts';
import type { ParameterValue } from '../../bridges/foxglove/protocol.ts';
import type { OnMessage } from '../../bridges/foxglove/room.ts';
import { FoxgloveServer } from '../../bridges/foxglove/server.ts';
import { nsFromTime, timeFromNs } from '../../bridges/messages/messages.ts';
import type { RunConfig } from '../core/config-schema.ts';
import type { RobotState } from '../core/signals.ts';
import { observedTopics } from './robot-link.ts';
import { viewOptions } from './ros-options.ts';
import { type Frame, SCENE, scene, TRANSFORMS, transforms } from './scene.ts';
import type { Status } from './wire.ts';

export interface LiveViewOptions {
  /** Log time, ns; for a daemon in real time. */
  nowNs(): number;
  logger: { warn(fields: object, message: string): void };
  /** Where messages of viewers go. */
  onMessage: OnMessage;
}

/**
 * What viewers see of a run, beside its log: the same topics under the same names and types, so that one layout shows
 * both; and frames, walls and the force as something to look at. Does nothing where `daemon.foxglove_port` is none.
 */
export class LiveView {
  readonly server: FoxgloveServer | null;
  readonly #config: RunConfig;
  readonly #options: LiveViewOptions;
  /** Of the newest /clock, where the daemon follows a simulator's. */
  #simulatedNs: number | null;

  /** @throws ReflexArcError RA_CONFIG_INVALID for a token or a certificate that cannot be used */
  constructor(config: RunConfig, options: LiveViewOptions) {
    this.#config = config;
    this.#options = options;
    const settings = viewOptions(config.daemon);
    const { logger, onMessage } = options;
    this.server = settings && new FoxgloveServer({ ...settings, name: `reflexarc ${config.name}`, logger, onMessage });
    this.#simulatedNs = config.daemon.time === 'stepped' ? 0 : null;
  }

  /** @throws ReflexArcError RA_PORT_IN_USE when the address cannot be had */
  async open(): Promise<string | null> {
    if (this.server === null) return null;
    const { host, port } = await this.server.listen();
    const { robot, daemon } = this.#config;
    const ours = ['reflex', 'brain', 'observer'];
    for (const { topic, type } of observedTopics(this.#config))
      if (topic === robot.topics.command) this.server.declare(topic, type, ['reflex'], ['robot', 'observer']);
      else this.server.declare(topic, type, ['robot'], ours);
    if (robot.sources.includes('pose')) {
      this.server.declare(TRANSFORMS.topic, TRANSFORMS.type, ['observer'], []);
      this.server.declare(SCENE.topic, SCENE.type, ['observer'], []);
    }
    for (const [name, value] of parametersOf(this.#config)) this.server.setParameter(name, value);
    return `${daemon.ros_tls_cert === undefined ? 'ws' : 'wss'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Time of what is shown, ns: of the log, or of the simulator that the daemon follows. */
  get #timeNs(): number {
    return this.#simulatedNs ?? this.#options.nowNs();
  }

  /** The daemon's own words and services, for viewers; what they say themselves goes to `onMessage`. Null where there are none. */
  get graph(): RosGraph | null {
    const { server } = this;
    return (
      server && {
        advertise: (topic, type) => server.declare(topic, type, ['observer'], []),
        publish: (topic, type, message, opts) => this.publish(topic, type, message, opts),
        onPublish: () => {},
        advertiseService: (name, type, handler) => server.advertiseService(name, type, handler),
      }
    );
  }

  publish(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
    if (this.server === null) return;
    if (this.#simulatedNs !== null && topic === this.#config.robot.topics.clock) this.#follow(message);
    this.server.publish(topic, type, message, this.#timeNs, opts);
  }

  #follow(message: unknown): void {
    const { clock } = message as { clock: { sec: number; nanosec: number } };
    this.#simulatedNs = nsFromTime(clock);
    this.server?.time(this.#simulatedNs);
  }

  /** Frames of the tip, of where it is told to go, and of the target: each that is known. */
  frames(state: RobotState, setpoint: ArrayLike<number>, target: ArrayLike<number>): void {
    const { robot } = this.#config;
    if (!robot.sources.includes('pose') || !this.server?.isWatched(TRANSFORMS.topic)) return;
    const frames: Frame[] = [
      { name: robot.tip_frame, pose: state.pose },
      { name: 'target', pose: target },
    ];
    if (robot.interface.type === 'cartesian_impedance') frames.push({ name: 'setpoint', pose: setpoint });
    this.server.publish(TRANSFORMS.topic, TRANSFORMS.type, transforms(this.#header, frames), this.#timeNs);
  }

  scene(state: RobotState, target: ArrayLike<number>): void {
    if (!this.#config.robot.sources.includes('pose') || !this.server?.isWatched(SCENE.topic)) return;
    const message = scene(this.#header, this.#config, state.pose, target, state.wrench);
    this.server.publish(SCENE.topic, SCENE.type, message, this.#timeNs);
  }

  get #header() {
    return { stamp: timeFromNs(this.#timeNs), frame_id: this.#config.robot.base_frame };
  }

  /** Whether there is a link to the robot. */
  link(up: boolean, url: string): void {
    if (up) this.server?.clearStatus('link');
    else this.server?.setStatus('link', 'warning', `no link to the robot at ${url}`);
  }

  /** What the reflex says of itself; null when it does not answer. */
  status(status: Status | null, detail: string): void {
    const { server } = this;
    if (server === null) return;
    if (status === null) {
      server.setStatus('reflex', 'error', 'the reflex process does not answer');
      return;
    }
    server.clearStatus('reflex');
    if (LATCHED.has(status.mode)) server.setStatus('ladder', 'error', `${status.mode}: ${detail}`);
    else server.clearStatus('ladder');
    server.setParameter('reflex.residual_scale', status.residualScale);
    server.setParameter('reflex.speed_scale', status.speedScale);
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}

const LATCHED: ReadonlySet<string> = new Set(['STOPPED', 'ESTOP', 'FAULT']);

/** The keys of a config as the names of parameters, `safety.force_limit`; lists stay whole. */
export function parametersOf(config: object): [string, ParameterValue][] {
  const visit = (value: unknown, name: string): [string, ParameterValue][] => {
    if (value === undefined || value === null) return [];
    if (typeof value !== 'object' || Array.isArray(value)) return [[name, value as ParameterValue]];
    return Object.entries(value).flatMap(([key, within]) => visit(within, name === '' ? key : `${name}.${key}`));
  };
  return visit(config, '');
}
