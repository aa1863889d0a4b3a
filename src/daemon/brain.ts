/**
 * The brain process: asks the frozen base for actions, adds the residual, and sends decisions to the reflex. It may
 * crash, hang or be retrained; nothing it says moves the robot except through the reflex.
 */
import { connect, type Socket } from 'node:net';
import { RecedingHorizon } from '../../controllers/chunks/receding-horizon.ts';
import { isEngaged } from '../../controllers/safety/ladder.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { MonotonicClock } from '../core/clock.ts';
import { Decider } from '../pipeline/decide.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { loadSharp } from '../pipeline/observation/images/sharp.ts';
import { decisions } from '../pipeline/pipeline.ts';
import { reportBridge } from './bridge-report.ts';
import { steppedClock } from './following-clock.ts';
import { FrameSender, KIND, readFrames } from './link.ts';
import { PractisedResidual, type Preparation } from './practised-residual.ts';
import { OBSERVER_SOCKET, PRACTICE_SOCKET, REFLEX_SOCKET, startProcess } from './process.ts';
import { brainTopics, connectRobot, followClock } from './robot-link.ts';
import { encodeDecision, encodeObserved, observedSize, readStatus } from './wire.ts';

const self = startProcess('brain', shutdown);
const { config } = self.run;
const { log } = self;
const stepped = steppedClock(config, new MonotonicClock());
const clock = stepped ?? new MonotonicClock();

const base = createBase(config.policies.base);
const configured = createResidual(config.policies.residual);
const practised = config.practice && new PractisedResidual(configured, config.policies.residual.scale, config.seed);
const decider = new Decider({
  base,
  residual: practised ?? configured,
  executor: new RecedingHorizon(base.actionSize, base.horizon, config.policies.base.execute_steps),
  residualScale: config.policies.residual.scale,
  lifetimeNs: config.safety.decision_age_ms * 1e6,
  onError: (error) => log.error(error as Error, 'the base policy failed'),
});

let epoch = 0;
let engaged = false;
let reflex: FrameSender | null = null;
let practice: FrameSender | null = null;
let observer: FrameSender | null = null;

/** Connects to a socket of the daemon and keeps at it. */
function keepConnected(name: string, onOpen: (socket: Socket) => void, onClose: () => void): void {
  const socket = connect(self.socket(name));
  socket.setNoDelay(true);
  socket.on('connect', () => onOpen(socket));
  socket.on('error', () => {});
  socket.on('close', () => {
    onClose();
    setTimeout(() => keepConnected(name, onOpen, onClose), 50).unref();
  });
}

keepConnected(
  REFLEX_SOCKET,
  (socket) => {
    reflex = new FrameSender(socket);
    reflex.sendJson(KIND.hello, { role: 'brain', pid: process.pid });
    readFrames(socket, {
      numbers(kind, values, _count, text) {
        if (kind !== KIND.status) return;
        const status = readStatus(values, text);
        epoch = status.epoch;
        engaged = isEngaged(status.mode);
        decider.residualScale = config.policies.residual.scale * status.residualScale;
      },
    });
  },
  () => {
    reflex = null;
  },
);
keepConnected(
  OBSERVER_SOCKET,
  (socket) => {
    observer = new FrameSender(socket);
    observer.sendJson(KIND.hello, { role: 'brain', pid: process.pid });
    socket.resume();
  },
  () => {
    observer = null;
  },
);

if (practised)
  keepConnected(
    PRACTICE_SOCKET,
    (socket) => {
      practice = new FrameSender(socket);
      practice.sendJson(KIND.hello, { role: 'brain', pid: process.pid });
      readFrames(socket, {
        json(kind, value) {
          if (kind !== KIND.prepare) return;
          const preparation = value as Preparation;
          // Between two episodes: none has two residuals.
          const why = engaged ? 'the policy is engaged' : practised.prepare(preparation);
          practice?.sendJson(KIND.prepared, { preparation, why });
        },
      });
    },
    () => {
      practice = null;
    },
  );

/** The same feature is said to be missing at most so often. */
const SAY_AGAIN_NS = 10e9;
const saidNs = new Map<string, number>();
if ((config.task.observation?.images.length ?? 0) > 0) await loadSharp();
const mapping = compileObservation(config.robot, config.task);
mapping.onMissing = (feature, why) => {
  const nowNs = clock.nowNs();
  if (nowNs - (saidNs.get(feature) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_NS) return;
  saidNs.set(feature, nowNs);
  log.warn({ feature, missing: mapping.missingBy.get(feature) }, `no observation: ${feature}: ${why}`);
};
const bridge = connectRobot(self, clock, null, brainTopics(config));
if (stepped) followClock(bridge, config, stepped);
const numbers = new Float64Array(observedSize(mapping.baseSize, mapping.residualSize));
decisions(bridge.frames$, {
  robot: config.robot,
  task: config.task,
  observer: mapping,
  decider,
  epoch: () => epoch,
}).subscribe({
  next({ decision, observation }) {
    reflex?.sendNumbers(KIND.decision, numbers, encodeDecision(decision, numbers));
    const count = encodeObserved(decision, observation, decider.residualScale, numbers);
    observer?.sendNumbers(KIND.observed, numbers, count);
    practice?.sendNumbers(KIND.observed, numbers, count);
  },
  error: fatal,
});
reportBridge(bridge, (report) => {
  if (observer?.ready) observer.sendJson(KIND.bridge, report);
});
void bridge.open();
log.info({ base: base.sha256, horizon: base.horizon }, 'ready');

async function shutdown(): Promise<number> {
  await bridge.close();
  const { made, missing } = mapping.counters;
  const missingBy = Object.fromEntries(mapping.missingBy);
  log.info({ starved: decider.starved, observations: made, missing, missingBy }, 'summary');
  return 0;
}

function fatal(error: unknown): void {
  log.fatal(error as Error, 'the brain failed');
  process.exit(1);
}
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);
