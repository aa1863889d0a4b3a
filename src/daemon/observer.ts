/**
 * The observer process: writes the log, serves the operator's console, and is the daemon's own ROS server. It may die
 * and come back without the robot noticing; what an operator asks here goes to the reflex and is decided there.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { type EpisodeStatus, type RobotStatus, timeFromNs } from '../../bridges/messages/messages.ts';
import { RosServer } from '../../bridges/rosserver/server.ts';
import { ConsoleServer } from '../console/server.ts';
import { MonotonicClock, wallNs } from '../core/clock.ts';
import type { ReflexArcError } from '../core/errors.ts';
import { Histogram } from '../core/histogram.ts';
import { copyRobotState, makeRobotState, type OperatorRequest } from '../core/signals.ts';
import { StateAssembler, writePose } from '../pipeline/assemble.ts';
import { VERSION as JOURNAL_VERSION } from '../pipeline/journal/entry.ts';
import { FollowingClock } from './following-clock.ts';
import { KIND, readFrames } from './link.ts';
import { LiveView } from './live-view.ts';
import { residentMb } from './memory.ts';
import { ReflexClient } from './operator.ts';
import { OBSERVER_SOCKET, REFLEX_SOCKET, startProcess } from './process.ts';
import { leaveCounters, loggedNow, openRecorder, watchIncidents } from './recording.ts';
import { DECISION, TICK, TRANSITION } from './records.ts';
import { connectRobot, followClock, observedTopics } from './robot-link.ts';
import { serverOptions } from './ros-options.ts';
import { offerServices } from './ros-services.ts';
import { type Observed, readObserved, type Tick } from './wire.ts';

const self = startProcess('observer', shutdown);
const { config } = self.run;
const { log } = self;
const wall = new MonotonicClock();
const stepped = config.daemon.time === 'stepped' ? new FollowingClock(wall) : null;
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
  onMessage: (topic, type, message, viewer) => server.deliver(topic, type, message, viewer),
});
const page = new ConsoleServer({ host: config.daemon.host, port: config.daemon.console_port, title: config.name });
const bridge = connectRobot(self, clock, null, observedTopics(config));
if (stepped) followClock(bridge, config, stepped);

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
const link = { up: false, epoch: 0 };
bridge.link$.subscribe((l) => {
  link.up = l.up;
  link.epoch = l.epoch;
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
    view.frames(state, last?.setpoint ?? [], target);
  }
});

/** Why states do not count, each reason once: the reflex only sees that they are old. */
function sayRefusal(): void {
  const { lastRefusal } = assembler;
  if (lastRefusal === '' || refusals.has(lastRefusal) || refusals.size >= MAX_REFUSALS) return;
  refusals.add(lastRefusal);
  log.warn({ topic: config.robot.topics.joint_states }, `a state is refused: ${lastRefusal}`);
}

function countEpisode(e: EpisodeStatus): void {
  episode = e;
  if (e.phase === 'running' || e.episode === finished.index) return;
  finished.index = e.episode;
  finished.episodes++;
  if (e.success) finished.successes++;
  if (e.violation) finished.violations++;
}

// ---- from the brain ------------------------------------------------------------------------------------------------------
let brainAtNs = Number.NaN;
rmSync(self.socket(OBSERVER_SOCKET), { force: true });
const inbox = createServer((socket) => {
  socket.on('error', () => {});
  readFrames(socket, {
    numbers(kind, values, count) {
      const observed = kind === KIND.observed ? readObserved(values, count) : null;
      if (observed !== null) onObserved(observed);
    },
  });
});
inbox.listen(self.socket(OBSERVER_SOCKET));

const JOURNAL = 'reflexarc_msgs/msg/GateJournal';

function onObserved({ decision: d, base, residual, residualScale }: Observed): void {
  brainAtNs = wall.nowNs();
  const message = {
    header: header(logNs()),
    epoch: d.epoch,
    seq: d.seq,
    observation_seq: d.observationSeq,
    observation_stamp: timeFromNs(d.observationStampNs),
    observation_base: list(base),
    observation_residual: list(residual),
    base: list(d.base),
    residual: list(d.residual),
    residual_scale: residualScale,
  };
  show(DECISION.topic, DECISION.type, message);
  server.publish('/reflexarc/proposal', DECISION.type, message);
}

// ---- from the reflex -------------------------------------------------------------------------------------------------------
const counts = { ticks: 0, sent: 0, refused: 0, interventions: 0, overruns: 0 };
const tickUs = new Histogram(0.1);
const loopMs = new Histogram(0.001);
let last: Tick | null = null;
let transitionCause = '';
let transitionDetail = '';

reflex.ticks$.subscribe((t) => {
  last = t;
  counts.ticks++;
  if (t.sent) counts.sent++;
  if (t.refused) counts.refused++;
  tickUs.record(t.computeUs);
  if (t.loopUs > 0) loopMs.record(t.loopUs / 1000);
  counts.interventions = t.interventions;
  const message = {
    header: header(logNs()),
    epoch: t.epoch,
    seq: t.seq >>> 0,
    mode: t.mode,
    source: t.source,
    state_seq: t.stateSeq,
    state_stamp: timeFromNs(t.stateStampNs),
    decision_seq: t.decisionSeq,
    residual_fraction: t.residualFraction,
    risk: t.risk,
    force: t.force,
    cause: t.cause,
    value: t.value,
    limit: t.limit,
    aim: list(t.aim),
    setpoint: list(t.setpoint),
    sent: t.sent,
    refused: t.refused ? 'refused' : '',
    compute_us: t.computeUs,
    loop_us: t.loopUs,
  };
  show(TICK.topic, TICK.type, message);
  server.publish(TICK.topic, TICK.type, message);
  server.publish('/reflexarc/risk', 'std_msgs/msg/Float64', { data: t.risk });
});
reflex.journal$.subscribe(({ first, entries }) => {
  const message = { header: header(logNs()), version: JOURNAL_VERSION, first, entries };
  recorder?.record('/reflexarc/gate', JOURNAL, message, logNs(), logNs());
});
reflex.transitions$.subscribe((t) => {
  transitionCause = t.cause;
  transitionDetail = t.detail;
  const message = {
    header: header(logNs()),
    from_mode: t.from,
    to_mode: t.to,
    cause: t.cause,
    detail: t.detail,
    value: t.value,
    limit: t.limit,
    margin: t.margin,
    incident: t.incident,
    epoch: t.epoch,
  };
  show(TRANSITION.topic, TRANSITION.type, message, { latch: true });
  server.publish(TRANSITION.topic, TRANSITION.type, message, { latch: true });
  server.publish('/reflexarc/mode', 'std_msgs/msg/String', { data: t.to }, { latch: true });
  page.pushEvent(t);
});

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
offerServices(server, reflex, ask);
if (view.server !== null) offerServices(view.server, reflex, ask);

const startedNs = wall.nowNs();
const telemetry = setInterval(() => {
  const status = reflex.status$.value;
  const nowNs = wall.nowNs();
  view.status(status, `${transitionCause} ${transitionDetail}`);
  view.scene(state, target);
  page.pushTelemetry({
    timeS: (nowNs - startedNs) / 1e9,
    mode: status?.mode ?? 'BOOT',
    cause: status === null ? 'reflex_gone' : transitionCause,
    detail: status === null ? 'the reflex process does not answer' : transitionDetail,
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
    link: { up: link.up, epoch: link.epoch },
    brain: { up: status?.brainUp ?? false, ageMs: (nowNs - brainAtNs) / 1e6 },
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
