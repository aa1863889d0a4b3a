/**
 * The observer process: writes the log, serves the operator's console, and is the daemon's own ROS server. It may die
 * and come back without the robot noticing; what an operator asks here goes to the reflex and is decided there.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { type EpisodeStatus, type RobotStatus, timeFromNs } from '../../bridges/messages/messages.ts';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { ConsoleServer } from '../console/server.ts';
import { MonotonicClock, wallNs } from '../core/clock.ts';
import type { ReflexArcError } from '../core/errors.ts';
import { Histogram } from '../core/histogram.ts';
import { copyRobotState, makeRobotState, type OperatorRequest } from '../core/signals.ts';
import { StateAssembler, writePose } from '../pipeline/assemble.ts';
import { VERSION as JOURNAL_VERSION } from '../pipeline/journal/entry.ts';
import { type BridgeReport, following } from './bridge-report.ts';
import { Bridges } from './citizen/bridges.ts';
import { portsOf } from './citizen/ports.ts';
import { Presence } from './citizen/presence.ts';
import { transitionLine } from './citizen/rosout.ts';
import { droppedOf, trafficOf } from './citizen/traffic.ts';
import { steppedClock } from './following-clock.ts';
import { FrameSender, KIND, readFrames } from './link.ts';
import { LiveView } from './live-view.ts';
import { residentMb } from './memory.ts';
import { ReflexClient } from './operator.ts';
import { PracticeDoor } from './practice-door.ts';
import { OBSERVER_SOCKET, REFLEX_SOCKET, startProcess } from './process.ts';
import { leaveCounters, loggedNow, openRecorder, watchIncidents } from './recording.ts';
import { connectRobot, followClock, observedTopics } from './robot-link.ts';
import { serverOptions } from './ros-options.ts';
import { readObserved } from './wire.ts';

const self = startProcess('observer', shutdown);
const { config } = self.run;
const { log } = self;
const wall = new MonotonicClock();
const stepped = steppedClock(config, wall);
const clock = stepped ?? wall;
/** Log time is wall time at the robot's pace: monotonic time plus the offset at start. */
const logOffsetNs = wallNs() - wall.nowNs();
const logNs = () => wall.nowNs() + logOffsetNs;

const recorder = await openRecorder(self.run, log);
const reflex = new ReflexClient(self.socket(REFLEX_SOCKET), 'observer');
const server = new RosServer({
  ...serverOptions(config.daemon),
  clock: wall,
  logger: { warn: (fields, message) => log.warn(fields, message) },
});
const view = new LiveView(config, {
  nowNs: logNs,
  logger: { warn: (fields, message) => log.warn(fields, message) },
  // Numbers of viewers and of clients are apart.
  onMessage: (topic, type, message, { id }) => server.deliver(topic, type, message, { id: -id }),
});
const page = new ConsoleServer({ host: config.daemon.host, port: config.daemon.console_port, title: config.name });
const bridge = connectRobot(self, clock, null, observedTopics(config));
if (stepped) followClock(bridge, config, stepped);
const bridges = new Bridges(following(bridge));

const header = (ns: number) => ({ stamp: timeFromNs(ns), frame_id: config.robot.base_frame });
const list = (v: Float64Array) => Array.from(v);

/** Into the log, and to who looks on: the same topics, types and messages. */
function show(topic: string, type: string, message: unknown, opts: { latch?: boolean } = {}): void {
  recorder?.record(topic, type, message, logNs(), logNs());
  view.publish(topic, type, message, opts);
}

// ---- from the robot -----------------------------------------------------------------------------------------------------
const assembler = new StateAssembler(config.robot);
const state = makeRobotState(config.robot.joints.length);
const target = new Float64Array(7).fill(Number.NaN);
const refusals = new Set<string>();
const MAX_REFUSALS = 20;
let robot: RobotStatus | null = null;
let episode: EpisodeStatus | null = null;
const finished = { index: -1, episodes: 0, successes: 0, violations: 0 };
const link = { up: false, epoch: 0, reason: '' };
bridge.link$.subscribe((l) => {
  if (l.up !== link.up)
    server.log(
      l.up ? 'info' : 'warn',
      'bridge',
      l.up ? `${config.bridge.url} is there` : `${config.bridge.url} is gone: ${l.reason}`,
    );
  link.up = l.up;
  link.epoch = l.epoch;
  link.reason = l.reason;
  view.link(l.up, config.bridge.url);
});
bridge.frames$.subscribe((frame) => {
  show(frame.topic, frame.type, frame.message);
  if (frame.topic === config.robot.topics.robot_status) robot = frame.message as RobotStatus;
  else if (frame.topic === config.task.target_topic) writePose((frame.message as { pose?: never }).pose, target);
  else if (frame.topic === config.task.episode_topic) countEpisode(frame.message as EpisodeStatus);
  else {
    const complete = assembler.accept(frame);
    if (complete === null) {
      sayRefusal();
      return;
    }
    copyRobotState(complete, state);
    view.frames(state, presence.last?.setpoint ?? [], target);
  }
});

/** Why states do not count, each reason once: the reflex only sees that they are old. */
function sayRefusal(): void {
  const { lastRefusal } = assembler;
  if (lastRefusal === '' || refusals.has(lastRefusal) || refusals.size >= MAX_REFUSALS) return;
  refusals.add(lastRefusal);
  log.warn({ topic: config.robot.topics.joint_states }, `a state is refused: ${lastRefusal}`);
  server.log('warn', 'observer', `a state of ${config.robot.topics.joint_states} is refused: ${lastRefusal}`);
}

function countEpisode(e: EpisodeStatus): void {
  episode = e;
  if (e.phase === 'running' || e.episode === finished.index) return;
  finished.index = e.episode;
  finished.episodes++;
  if (e.success) finished.successes++;
  if (e.violation) finished.violations++;
}

// ---- from the brain, and from practice ------------------------------------------------------------------------------------------------------
rmSync(self.socket(OBSERVER_SOCKET), { force: true });
const practice = config.practice && new PracticeDoor();
const inbox = createServer((socket) => {
  const sender = new FrameSender(socket);
  socket.on('error', () => {});
  let tellsOfBridge = false;
  socket.on('close', () => {
    practice?.isGone(sender);
    if (tellsOfBridge) bridges.told('brain', null);
  });
  readFrames(socket, {
    json(kind, value) {
      if (kind === KIND.hello && (value as { role?: unknown }).role === 'practice') practice?.isHere(sender);
      else if (kind === KIND.bridge) {
        tellsOfBridge = true;
        bridges.told('brain', value as BridgeReport);
      } else practice?.said(kind, value);
    },
    numbers(kind, values, count) {
      const observed = kind === KIND.observed ? readObserved(values, count) : null;
      if (observed !== null) presence.decided(observed);
    },
  });
});
inbox.listen(self.socket(OBSERVER_SOCKET));

// ---- from the sentinel, our parent: a line each time ---------------------------------------------------------------------
createInterface({ input: process.stdin }).on('line', (line) => {
  bridges.told('sentinel', JSON.parse(line) as BridgeReport);
});

// ---- from the reflex -------------------------------------------------------------------------------------------------------
const counts = { ticks: 0, sent: 0, refused: 0, interventions: 0, overruns: 0 };
const tickUs = new Histogram(0.1);
const loopMs = new Histogram(0.001);
reflex.ticks$.subscribe((t) => {
  counts.ticks++;
  if (t.sent) counts.sent++;
  if (t.refused) counts.refused++;
  tickUs.record(t.computeUs);
  if (t.loopUs > 0) loopMs.record(t.loopUs / 1000);
  counts.interventions = t.interventions;
});
reflex.journal$.subscribe(({ first, entries }) => {
  const message = { header: header(logNs()), version: JOURNAL_VERSION, first, entries };
  recorder?.record('/reflexarc/gate', 'reflexarc_msgs/msg/GateJournal', message, logNs(), logNs());
});
reflex.transitions$.subscribe((t) => {
  page.pushEvent(t);
  const [level, text] = transitionLine(t);
  server.log(level, 'ladder', text);
});
reflex.bridge$.subscribe((report) => bridges.told('reflex', report));

let ending = false;
if (recorder !== null) watchIncidents(recorder, reflex, logNs, () => ending);

// ---- to the operator -----------------------------------------------------------------------------------------------------------
const ask = async (request: OperatorRequest) => {
  try {
    return await reflex.request(request);
  } catch (error) {
    return { accepted: false, reason: (error as Error).message };
  }
};
page.onRequest(ask);

// ---- to ROS, and to who looks on -------------------------------------------------------------------------------------------------
const ports = portsOf(config.daemon, server, view.graph, bridge);
const traffic = () => trafficOf(server, view.server, bridges, ports.find(({ name }) => name === 'robot')?.graph);
const presence = new Presence({
  ...{ config, reflex, ports, clock: wall, ask },
  ...(practice && { practice }),
  header: () => header(logNs()),
  record: (topic, type, message) => recorder?.record(topic, type, message, logNs(), logNs()),
  linkReason: () => reflex.bridge$.value?.reason || link.reason,
  traffic,
  logState: () => {
    const { droppedBecause } = recorder?.counters ?? {};
    const stopped = droppedBecause?.disk ? 'disk' : droppedBecause?.size ? 'size' : '';
    return { ...loggedNow(config, recorder), stopped };
  },
});

const startedNs = wall.nowNs();
const telemetry = setInterval(() => {
  const status = reflex.status$.value;
  const nowNs = wall.nowNs();
  const { last, decidedNs, why } = presence;
  const lost = traffic();
  presence.look();
  view.status(status, `${why.cause} ${why.detail}`);
  view.scene(state, target);
  page.pushTelemetry({
    timeS: (nowNs - startedNs) / 1e9,
    mode: status?.mode ?? 'BOOT',
    ...why,
    incident: status?.incident ?? 0,
    epoch: status?.epoch ?? 0,
    source: last?.source ?? 'none',
    pose: list(state.pose),
    setpoint: last === null ? [] : list(last.setpoint),
    joints: config.robot.joints.map((j, i) => ({
      name: j.name,
      position: state.position[i]!,
      velocity: state.velocity[i]!,
      effort: state.effort[i]!,
      limits: j.position,
    })),
    wrench: list(state.wrench),
    force: last?.force ?? 0,
    forceSoft: config.safety.force_soft,
    forceLimit: config.safety.force_limit,
    risk: last?.risk ?? 0,
    riskLow: config.safety.risk.low,
    riskHigh: config.safety.risk.high,
    residualFraction: last?.residualFraction ?? 0,
    residualScale: status?.residualScale ?? 0,
    speedScale: status?.speedScale ?? 0,
    episode: {
      index: episode?.episode ?? 0,
      phase: episode?.phase ?? '',
      success: episode?.success ?? false,
      violation: episode?.violation ?? false,
      max_force: episode?.max_force ?? 0,
      depth: episode?.depth ?? 0,
    },
    counts: {
      episodes: finished.episodes,
      successes: finished.successes,
      violations: finished.violations,
      interventions: counts.interventions,
      ticks: counts.ticks,
      overruns: counts.overruns,
      sent: counts.sent,
      refused: counts.refused,
    },
    tickUs: tickUs.quantiles(),
    loopMs: loopMs.quantiles(),
    link: { up: link.up, epoch: link.epoch, faults: lost.faults.map(({ seen }) => seen) },
    ros: { dropped: droppedOf(lost), refused: lost.refused, turnedAway: lost.turnedAway },
    brain: { up: status?.brainUp ?? false, ageMs: (nowNs - decidedNs) / 1e6 },
    robot: { holding: robot?.holding ?? false, reason: robot?.reason ?? '' },
    log: loggedNow(config, recorder),
    memoryMb: { observer: residentMb(process.pid) },
    target: { estimate: list(target.subarray(0, 3)), referenceLimit: config.safety.reference_limit },
  });
}, 50);

// ---- beginning and end ------------------------------------------------------------------------------------------------------------
try {
  const [console, ros] = await Promise.all([page.listen(), server.listen()]);
  log.info({ console: console.url, ros: `ws://${ros.host}:${ros.port}`, recording: recorder?.path ?? '' }, 'serving');
} catch (error) {
  fatal(error);
}
try {
  log.info({ foxglove: await view.open() }, 'live view');
} catch (error) {
  // Only a picture: the log, the console and the ROS server are worth more.
  log.error({ code: (error as ReflexArcError).code }, (error as Error).message);
}
void bridge.open();

async function shutdown(): Promise<number> {
  ending = true;
  clearInterval(telemetry);
  reflex.close();
  inbox.close();
  await Promise.allSettled([bridge.close(), server.close(), view.close(), page.close()]);
  await recorder?.close();
  leaveCounters(self.dir, recorder);
  log.info({ recorder: recorder?.counters }, 'summary');
  return 0;
}

function fatal(error: unknown): void {
  log.fatal(error as Error, (error as Error).message);
  const done = recorder?.close() ?? Promise.resolve();
  void done.finally(() => process.exit(1));
}
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);
