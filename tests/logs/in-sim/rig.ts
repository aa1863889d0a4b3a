import { Recorder } from '../../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../../bridges/messages/definitions.ts';
import { timeFromNs } from '../../../bridges/messages/messages.ts';
import { PegWorld } from '../../../bridges/mujoco/world.ts';
import { type OutgoingMessage, WorldMessages } from '../../../bridges/mujoco/world-messages.ts';
import type { RunConfig } from '../../../src/core/config-schema.ts';
import { worldOf } from '../../../src/core/task-world.ts';
import { TOPIC } from '../../../src/logs/topics.ts';

export interface SimulatedLogOptions {
  /** Of each episode. */
  seeds: readonly number[];
  /** States of each episode. */
  states: number;
  /** In the log's config, and in the world that is recorded: another one is a robot that the config does not know. */
  logged?: RunConfig;
  /** False: the task says nothing, as with a robot that is there. */
  episodes?: boolean;
  /** m per state that the setpoint goes down. */
  down?: number;
  /** In each episode, the state at which the robot is stopped. */
  stopAt?: number;
}

const WALL_NS = 1_700_000_000_000_000_000n;

/**
 * A log as the daemon writes it of the simulated robot, without a daemon: the setpoint goes down at the estimate, into
 * contact, and to the side and back.
 */
export async function recordSimulated(path: string, config: RunConfig, options: SimulatedLogOptions): Promise<void> {
  const { seeds, states, episodes = true, down = 0.001, logged = config, stopAt } = options;
  const recorder = await Recorder.open(path, {
    ...{ maxBytes: 1e8, definitionOf, metadata: { config: { run: JSON.stringify(logged) } } },
    onError: (error) => {
      throw error;
    },
  });
  const world = await PegWorld.load(config.robot, config.task, worldOf(config.task).model);
  const messages = new WorldMessages(world);
  const nowNs = () => WALL_NS + BigInt(world.timeNs);
  const record = (topic: string, type: string, message: unknown) =>
    recorder.record(topic, type, message, nowNs(), nowNs());
  const say = ({ topic, type, message }: OutgoingMessage) => record(topic, type, message);
  let seq = 0;
  for (const [n, seed] of seeds.entries()) {
    const epoch = n + 1;
    world.reset(seed);
    say(messages.estimate());
    if (episodes) say(messages.episode());
    say(messages.status());
    const setpoint = Float64Array.of(...world.pose, 2000, 150);
    for (let i = 0; i < states; i++) {
      world.advance();
      if (i % 5 === 0) say(messages.status());
      for (const out of messages.state()) say(out);
      if (i < 5) continue;
      if (i === stopAt) {
        world.stop({ header: { stamp: timeFromNs(world.timeNs), frame_id: 'base' }, epoch, reason: 'test' });
        say(messages.status());
      }
      setpoint[0] = setpoint[0]! + 0.0005 * Math.sin(i / 10);
      setpoint[2] = Math.max(setpoint[2]! - down, world.pose[2]! - 0.01);
      const state_stamp = timeFromNs(world.timeNs);
      world.receive({
        header: { stamp: state_stamp, frame_id: 'base' },
        ...{ epoch, seq: ++seq, lease_ms: config.safety.lease_ms, state_stamp, mode: 'ACTIVE', source: 'policy' },
        pose: {
          position: { x: setpoint[0]!, y: setpoint[1]!, z: setpoint[2]! },
          orientation: { x: setpoint[3]!, y: setpoint[4]!, z: setpoint[5]!, w: setpoint[6]! },
        },
        ...{ stiffness: setpoint[7]!, stiffness_rotation: setpoint[8]! },
      });
      record(TOPIC.tick, 'reflexarc_msgs/msg/TickRecord', {
        header: { stamp: timeFromNs(world.timeNs), frame_id: 'base' },
        ...{ epoch, seq, mode: 'ACTIVE', source: 'policy', state_seq: i, state_stamp, decision_seq: 0 },
        ...{
          command_seq: seq,
          takeover_seq: -1,
          residual_fraction: 1,
          risk: 0,
          force: 0,
          cause: '',
          value: 0,
          limit: 0,
        },
        ...{ aim: setpoint.slice(), setpoint: setpoint.slice(), sent: true, refused: '', compute_us: 0, loop_us: 0 },
      });
    }
    if (episodes) say(messages.episode());
    // The recorder takes its turns, as beside a daemon.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await recorder.close();
  world.dispose();
}
