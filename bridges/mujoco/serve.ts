import type { Clock } from '../../src/core/clock.ts';
import { type EquilibriumCommand, nsFromTime, type Stop, TYPES } from '../messages/messages.ts';
import type { PegWorld } from './world.ts';
import { type OutgoingMessage, WorldMessages } from './world-messages.ts';

/** What is needed of a ROS server; `bridges/rosserver` is one. */
export interface TopicServer {
  publish(topic: string, type: string, message: unknown, opts?: { latch?: boolean }): void;
  onPublish(topic: string, type: string, handler: (message: unknown) => void): void;
  advertiseService(name: string, type: string, handler: (args: unknown) => unknown | Promise<unknown>): void;
}

export interface ServeOptions {
  clock: Clock;
  /** `real`: wall time. `stepped`: the next state waits for the command that answers this one. */
  pacing: 'real' | 'stepped';
  /** Seed of the first episode; each further one takes the next. */
  seed: number;
}

/** Stepped: so long a state waits for its command before the world goes on without. */
const ANSWER_WITHIN_MS = 200;
/** Stepped: without any command for so long there is nobody to wait for, and real time is kept. */
const ALONE_AFTER_MS = 1000;
/** Real: so many periods late are caught up; what is more is skipped. */
const MAX_CATCH_UP = 4;

/** Puts a world on a ROS server: state out, commands and stop in, services for reset and release. */
export function serveWorld(world: PegWorld, server: TopicServer, options: ServeOptions): { stop(): void } {
  const { robot, task } = world;
  const { clock, pacing } = options;
  const messages = new WorldMessages(world);
  const periodNs = 1e9 / task.world.state_hz;
  const slowEvery = Math.max(1, Math.round(task.world.state_hz / 20));
  const send = ({ topic, type, message }: OutgoingMessage) => server.publish(topic, type, message);
  let seed = options.seed;
  let running = true;
  let states = 0;
  let stampNs = 0;
  let held = true;
  let ended = false;
  let commandNs = Number.NEGATIVE_INFINITY;
  let waiting: NodeJS.Timeout | null = null;
  let deadlineNs = clock.nowNs();

  world.reset(seed++);
  server.onPublish(robot.topics.command, TYPES.equilibriumCommand, (message) => {
    const command = message as EquilibriumCommand;
    world.receive(command);
    commandNs = clock.nowNs();
    const stamp = command?.state_stamp;
    if (waiting !== null && stamp !== undefined && nsFromTime(stamp) >= stampNs) next();
  });
  server.onPublish(robot.topics.stop, TYPES.stop, (message) => {
    world.stop(message as Stop);
    send(messages.status());
  });
  server.advertiseService(task.reset_service, TYPES.trigger, () => {
    const with_ = seed++;
    world.reset(with_);
    send(messages.estimate());
    send(messages.episode());
    send(messages.status());
    return { success: true, message: `episode with seed ${with_}` };
  });
  server.advertiseService(task.release_service, TYPES.trigger, () => {
    world.release();
    return { success: true, message: 'commands are followed again' };
  });

  function step(): void {
    world.advance();
    const status = world.status();
    const episode = world.episode();
    const slow = states++ % slowEvery === 0;
    if (slow) send(messages.estimate());
    if (slow || status.holding !== held) send(messages.status());
    if (slow || (episode.phase !== 'running') !== ended) send(messages.episode());
    held = status.holding;
    ended = episode.phase !== 'running';
    stampNs = world.timeNs;
    for (const out of messages.state()) send(out);
  }

  /** Ends the wait of a stepped state and makes the next one. Its own turn, so that sockets are served in between. */
  function next(): void {
    if (waiting !== null) clearTimeout(waiting);
    waiting = null;
    if (running) setImmediate(stepped);
  }

  function stepped(): void {
    if (!running || waiting !== null) return;
    step();
    const alone = clock.nowNs() - commandNs > ALONE_AFTER_MS * 1e6;
    waiting = setTimeout(next, alone ? periodNs / 1e6 : ANSWER_WITHIN_MS);
  }

  /** Absolute deadlines. A few late periods are caught up; after a longer stall the rest is skipped. */
  function real(): void {
    if (!running) return;
    const nowNs = clock.nowNs();
    if (nowNs - deadlineNs > MAX_CATCH_UP * periodNs) deadlineNs = nowNs;
    while (deadlineNs <= nowNs) {
      step();
      deadlineNs += periodNs;
    }
    setTimeout(real, Math.max(0, (deadlineNs - clock.nowNs()) / 1e6));
  }

  if (pacing === 'stepped') stepped();
  else real();
  return {
    stop() {
      running = false;
      if (waiting !== null) clearTimeout(waiting);
    },
  };
}
