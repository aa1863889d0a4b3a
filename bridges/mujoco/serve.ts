import type { Clock } from '../../src/core/clock.ts';
import type { RosGraph } from '../bridge.ts';
import { type EquilibriumCommand, nsFromTime, type Stop, TYPES } from '../messages/messages.ts';
import type { PegWorld } from './world.ts';
import { type OutgoingMessage, resetAnswer, WorldMessages } from './world-messages.ts';

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
const STATUS_HZ = 20;
const EPISODE_HZ = 10;

/** Puts a world on a ROS server: state out, commands and stop in, services for reset and release. */
export function serveWorld(
  world: PegWorld,
  server: Omit<RosGraph, 'advertise'>,
  options: ServeOptions,
): { stop(): void } {
  const { robot, task } = world;
  const { clock, pacing } = options;
  const messages = new WorldMessages(world);
  const every = (hz: number) => Math.max(1, Math.round(1e9 / hz / world.periodNs));
  const statusEvery = every(STATUS_HZ);
  const episodeEvery = every(EPISODE_HZ);
  const send = ({ topic, type, message }: OutgoingMessage) => server.publish(topic, type, message);
  let seed = options.seed;
  let running = true;
  let states = 0;
  let stampNs = 0;
  let held = true;
  let ended = false;
  let commandNs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let waiting = false;
  let deadlineNs = clock.nowNs();

  world.reset(seed++);
  server.onPublish(robot.topics.command, TYPES.equilibriumCommand, (message) => {
    if (!running) return;
    const command = message as EquilibriumCommand;
    world.receive(command);
    if (world.receiver.holding !== held) sayStatus();
    commandNs = clock.nowNs();
    if (waiting && answersNs(command) >= stampNs) next();
  });
  server.onPublish(robot.topics.stop, TYPES.stop, (message) => {
    if (!running) return;
    world.stop(message as Stop);
    sayStatus();
  });
  server.advertiseService(task.reset_service, TYPES.trigger, () => {
    if (!running) return { success: false, message: 'the world has ended' };
    const used = seed++;
    world.reset(used);
    // A robot that was put elsewhere is armed anew: until its first command there is nobody to wait for.
    commandNs = Number.NEGATIVE_INFINITY;
    if (waiting) next();
    send(messages.estimate());
    sayEpisode();
    sayStatus();
    return { success: true, message: resetAnswer(used) };
  });
  server.advertiseService(task.release_service, TYPES.trigger, () => {
    world.release();
    return { success: true, message: 'released: commands are followed again' };
  });

  function sayStatus(): void {
    held = world.receiver.holding;
    send(messages.status());
  }

  function sayEpisode(): void {
    const out = messages.episode();
    ended = out.message.phase !== 'running';
    send(out);
  }

  function step(): void {
    world.advance();
    stampNs = world.timeNs;
    const statusDue = states % statusEvery === 0;
    const episodeDue = states % episodeEvery === 0;
    states++;
    if (statusDue) send(messages.estimate());
    if (statusDue || world.receiver.holding !== held) sayStatus();
    if (episodeDue || world.ended !== ended) sayEpisode();
    for (const out of messages.state()) send(out);
  }

  /** Ends the wait of a stepped state. The next one has its own turn, so that sockets are served in between. */
  function next(): void {
    endWait();
    setImmediate(stepped);
  }

  function endWait(): void {
    waiting = false;
    if (timer !== null) clearTimeout(timer);
    timer = null;
  }

  function stepped(): void {
    if (!running || waiting) return;
    waiting = true;
    const nowNs = clock.nowNs();
    const dueNs = deadlineNs + world.periodNs;
    deadlineNs = dueNs > nowNs && dueNs <= nowNs + world.periodNs ? dueNs : nowNs + world.periodNs;
    const alone = nowNs - commandNs > ALONE_AFTER_MS * 1e6;
    timer = setTimeout(unanswered, alone ? (deadlineNs - nowNs) / 1e6 : ANSWER_WITHIN_MS);
    // Last: a server in our own process may have the answer before this returns.
    step();
  }

  function unanswered(): void {
    endWait();
    stepped();
  }

  /** Absolute deadlines. A few late periods are caught up; after a longer stall the rest is skipped. */
  function real(): void {
    if (!running) return;
    const nowNs = clock.nowNs();
    if (nowNs - deadlineNs > MAX_CATCH_UP * world.periodNs) deadlineNs = nowNs;
    while (deadlineNs <= nowNs) {
      step();
      deadlineNs += world.periodNs;
    }
    timer = setTimeout(real, Math.max(0, (deadlineNs - clock.nowNs()) / 1e6));
  }

  if (pacing === 'stepped') stepped();
  else real();
  return {
    /** Ends the world's time; what comes in later is ignored. The server stays the caller's. */
    stop() {
      running = false;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

/** Stamp of the state that a command answers; NaN when it has none. */
function answersNs(command: EquilibriumCommand | null): number {
  const stamp = command?.state_stamp;
  return typeof stamp === 'object' && stamp !== null ? nsFromTime(stamp) : Number.NaN;
}
