/**
 * The practice process: cuts what brain, reflex and task say into episodes, keeps them until the learner has them, and hands the learner's
 * weights to the brain between two episodes (src/practice). It moves nothing, and may die and come back: what it has not sent is on disk.
 */
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join, resolve } from 'node:path';
import { type EpisodeStatus, nsFromTime, TYPES } from '../../bridges/messages/messages.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { MonotonicClock } from '../core/clock.ts';
import { practiceSchema } from '../core/practice-schema.ts';
import { StateAssembler, writePose } from '../pipeline/assemble.ts';
import { Actor, type Preparation } from '../practice/actor.ts';
import { ActorMemory } from '../practice/actor-memory.ts';
import { configDigest } from '../practice/episode.ts';
import { EpisodeFolder } from '../practice/episode-folder.ts';
import { HeldOutMoments } from '../practice/held-out.ts';
import { LearnerLink } from '../practice/learner-link.ts';
import { progressReward } from '../practice/progress.ts';
import { PROTOCOL } from '../practice/protocol.ts';
import { sharedToken } from '../practice/token.ts';
import { weightsFrom } from '../practice/vetting.ts';
import { FrameSender, KIND, readFrames } from './link.ts';
import { ReflexClient } from './operator.ts';
import type { PracticeReport, PracticeRequest } from './practice-door.ts';
import { OBSERVER_SOCKET, PRACTICE_SOCKET, REFLEX_SOCKET, startProcess } from './process.ts';
import { connectRobot, lowDimensionalTopics } from './robot-link.ts';
import { readObserved } from './wire.ts';

const self = startProcess('practice', shutdown);
const { config } = self.run;
const { log } = self;
const practice = config.practice ?? practiceSchema.parse({});
const clock = new MonotonicClock();
const folder = resolve(practice.dir, 'actor');

const configured = createResidual(config.policies.residual);
const { observationSize, actionSize } = configured;
const sizes = { observationSize, actionSize };
const memory = new ActorMemory(folder);
const spool = new EpisodeFolder(join(folder, 'spool'));
const kinematics = commandInterface(config.robot);
const heldOut = new HeldOutMoments(config.robot.joints.length, kinematics, createCritic(config.policies.critic));
const target = new Float64Array(7).fill(Number.NaN);
let brain: FrameSender | null = null;
let observer: FrameSender | null = null;
let position: number[] = [];

const actor = new Actor({
  ...{ config, practice, sizes, memory, spool, heldOut },
  progress: practice.progress === undefined ? null : await progressReward(practice.progress),
  load: (version) => (version.version === 0 ? configured : weightsFrom(memory.fileOf(version), version.sha256, sizes)),
  prepare: (preparation) => void brain?.sendJson(KIND.prepare, preparation),
  disengage: () => void reflex.request({ kind: 'disengage' }).catch(() => {}),
  spooled: () => link.kick(),
  verdict: (version, verdict, why) => link.verdict(version, verdict, why),
  say: (level, what, fields = {}) => {
    log[level](fields, what);
    if (level === 'warn') last = what;
  },
  after(ms, what) {
    const timer = setTimeout(what, ms);
    return () => clearTimeout(timer);
  },
});
/** The newest thing that a person should know. */
let last = '';
let learner = { up: false, why: 'not asked yet' };

const reflex = new ReflexClient(self.socket(REFLEX_SOCKET), 'practice');
let wasThere = false;
reflex.status$.subscribe((status) => {
  if (status === null && wasThere) actor.lost('reflex_lost');
  wasThere = status !== null;
});
reflex.transitions$.subscribe((t) => actor.ladder(t));
reflex.ticks$.subscribe((t) => actor.ticked(t, position));

// ---- from the robot: what the critic needs to judge weights by, and the task's own word ---------------------------------------
const bridge = connectRobot(self, clock, null, [
  ...lowDimensionalTopics(config),
  { topic: config.task.episode_topic, type: TYPES.episodeStatus },
]);
const assembler = new StateAssembler(config.robot);
bridge.frames$.subscribe((frame) => {
  if (frame.topic === config.task.target_topic) writePose((frame.message as { pose?: never }).pose, target);
  else if (frame.topic === config.task.episode_topic) {
    const { header, phase, violation } = frame.message as EpisodeStatus;
    actor.task(nsFromTime(header.stamp), phase, violation);
  } else {
    const state = assembler.accept(frame);
    if (state === null) return;
    position = [state.pose[0]!, state.pose[1]!, state.pose[2]!];
    actor.state(state);
  }
});

// ---- from and to the brain ------------------------------------------------------------------------------------------------------
rmSync(self.socket(PRACTICE_SOCKET), { force: true });
const inbox = createServer((socket) => {
  const sender = new FrameSender(socket);
  socket.on('error', () => {});
  socket.on('close', () => {
    if (brain === sender) brain = null;
  });
  readFrames(socket, {
    numbers(kind, values, count) {
      const observed = kind === KIND.observed ? readObserved(values, count) : null;
      if (observed === null) return;
      const { seq, epoch, observationStampNs: stampNs, base, residual } = observed.decision;
      actor.decided({ seq, epoch, stampNs, base, residual, observation: observed.residual }, target);
    },
    json(kind, value) {
      if (kind === KIND.hello) {
        brain = sender;
        actor.brainIsHere();
      } else if (kind === KIND.prepared) {
        const { preparation, why } = value as { preparation: Preparation; why: string };
        actor.brainIsReady(preparation, why);
      }
    },
  });
});
inbox.listen(self.socket(PRACTICE_SOCKET));

// ---- from and to the learner ----------------------------------------------------------------------------------------------------
const link = new LearnerLink({
  url: practice.learner,
  token: sharedToken(practice.token_file ?? resolve(practice.dir, 'token')),
  hello: () => ({
    ...{ config: configDigest(config), observation_size: observationSize, action_size: actionSize },
    version: actor.version,
  }),
  spool,
  rejected: join(folder, 'rejected'),
  say(what) {
    log.warn({}, what);
    last = what;
  },
  onWelcome: (welcome) => actor.welcome(welcome),
  onWeights: (weights) => actor.weights(weights),
  onLink(up, why) {
    learner = { up, why };
    if (up) log.info({ learner: practice.learner, protocol: PROTOCOL }, 'the learner is there');
    else log.warn({ why, waiting: spool.size }, 'the learner is not there: episodes are kept');
  },
});

// ---- from and to the observer: diagnostics, and what a person asks for ------------------------------------------------------------

function connectObserver(): void {
  const socket: Socket = connect(self.socket(OBSERVER_SOCKET));
  socket.on('error', () => {});
  socket.on('connect', () => {
    observer = new FrameSender(socket);
    observer.sendJson(KIND.hello, { role: 'practice', pid: process.pid });
  });
  socket.on('close', () => {
    observer = null;
    setTimeout(connectObserver, 100).unref();
  });
  readFrames(socket, {
    json(kind, value) {
      if (kind !== KIND.request) return;
      const { id, request } = value as { id: number; request: PracticeRequest };
      const why = request.kind === 'roll_back' ? actor.rollBack('a person asked for it') : '';
      const answer =
        request.kind === 'label' ? actor.label.say(request.success) : { success: why === '', message: why };
      observer?.sendJson(KIND.answer, { id, ...answer });
    },
  });
}
connectObserver();

const report = setInterval(() => {
  const { phase, version, counts } = actor;
  const said: PracticeReport = { phase, version, ...counts, waiting: spool.size, ...link.counts, learner, last };
  observer?.sendJson(KIND.practice, said);
}, 500);

void bridge.open();
log.info({ learner: practice.learner, version: actor.version, waiting: spool.size }, 'ready');

async function shutdown(): Promise<number> {
  clearInterval(report);
  link.close();
  reflex.close();
  inbox.close();
  await bridge.close();
  log.info({ ...actor.counts, ...link.counts, waiting: spool.size, version: actor.version }, 'summary');
  return 0;
}

function fatal(error: unknown): void {
  log.fatal(error as Error, 'practice failed');
  process.exit(1);
}
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);
