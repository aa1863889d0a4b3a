/**
 * The reflex process: the gate at sensor rate, on its own connection to the robot. It owns the command topic. It ticks
 * on every complete state and on a timer, so that missing data is judged as promptly as present data.
 */
import { rmSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { Subject } from 'rxjs';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { guardSummary } from '../../controllers/safety/counters.ts';
import { Gate, type TickRecord } from '../../controllers/safety/gate.ts';
import { inTime } from '../../policies/critic/in-time.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { MonotonicClock } from '../core/clock.ts';
import {
  type Decision,
  type LadderTransition,
  MODES,
  type OperatorRequest,
  type RobotState,
  type Takeover,
} from '../core/signals.ts';
import { GateJournal, PIECE } from '../pipeline/journal/journal.ts';
import { decisionIndex } from '../pipeline/observe.ts';
import { ticks } from '../pipeline/pipeline.ts';
import { ThreadAlarm } from './alarm.ts';
import { BrainPresence } from './brain-presence.ts';
import { reportBridge } from './bridge-report.ts';
import { Cadence } from './cadence.ts';
import { DeadlineTimer } from './deadline.ts';
import { steppedClock } from './following-clock.ts';
import { FrameSender, KIND, readFrames } from './link.ts';
import { REFLEX_SOCKET, startProcess } from './process.ts';
import { commandTopic, connectRobot, followClock, lowDimensionalTopics, robotEncoder } from './robot-link.ts';
import { warmUp } from './warm-up.ts';
import { encodeStatus, encodeTick, readDecision, readTakeover, STATUS_SIZE, tickSize } from './wire.ts';

const self = startProcess('reflex', shutdown);
const { config } = self.run;
const { log } = self;
const wall = new MonotonicClock();
const stepped = steppedClock(config, wall);
const clock = stepped ?? wall;
const periodNs = 1e9 / config.safety.control_hz;

const kinematics = commandInterface(config.robot);
const critic = createCritic(config.policies.critic);
// Before anybody can connect, and so before anybody can arm.
log.info(warmUp(config, kinematics, critic), 'warmed up');
// The physics comes in here, and only where the config asks for it.
const lookahead = config.safety.guard && (await (await import('../pipeline/guard.ts')).lookAhead(config, wall));
if (lookahead) log.info(config.safety.guard, 'a guard looks ahead before every command of a policy');
const journal = new GateJournal();
const epochBase = Number(process.argv[3] ?? 1);
const gate = new Gate({
  safety: config.safety,
  robot: config.robot,
  interface: kinematics,
  critic: inTime(critic, wall, config.safety.risk.budget_ms, journal.criticLate),
  epochBase,
  onTransition,
  onIntervention,
  lookahead: lookahead && journal.lookahead(lookahead),
});
journal.keep(gate, epochBase);
// In stepped time a simulator that is busy is no dead robot.
const pingMs = stepped === null ? config.daemon.link_ping_ms : config.bridge.ping_ms;
const topics = [...lowDimensionalTopics(config), commandTopic(config)];
const bridge = connectRobot(self, clock, robotEncoder(config), topics, pingMs);
if (stepped) followClock(bridge, config, stepped);
if (config.safety.off.length > 0) log.warn({ off: config.safety.off }, 'safety rules are switched off by config');

// ---- what happened, for the summary --------------------------------------------------------------------------------
const cadence = new Cadence(stepped === null ? periodNs : Number.POSITIVE_INFINITY);
const counts = { sent: 0, refused: 0 };
const timer = new DeadlineTimer(periodNs, wall, await ThreadAlarm.start(periodNs, wall, config.daemon.spin_us, fatal));
/** µs after its deadline, while a tick of the timer runs; NaN for every other tick. */
let latenessUs = Number.NaN;

const sentinel = openHeartbeat();

// ---- the clients on the link ---------------------------------------------------------------------------------------
interface Client {
  role: string;
  sender: FrameSender;
  socket: Socket;
}
const clients = new Set<Client>();
const decisions$ = new Subject<Decision>();
const takeovers$ = new Subject<Takeover>();
const timer$ = new Subject<void>();
const status = new Float64Array(STATUS_SIZE);
const tickNumbers = new Float64Array(tickSize(kinematics.setpointSize));
const brain = new BrainPresence();

const server = createServer((socket) => {
  const client: Client = { role: 'unknown', sender: new FrameSender(socket), socket };
  clients.add(client);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => {
    clients.delete(client);
    if (client.role !== 'brain') return;
    brain.gone();
    journal.report('brain_lost', 'the brain process is gone', clock.nowNs());
    timer$.next();
  });
  readFrames(socket, {
    numbers(kind, values, count) {
      if (kind === KIND.takeover && client.role === 'observer') {
        const takeover = readTakeover(values, count);
        // What it changes, the next tick does.
        if (takeover !== null) takeovers$.next(takeover);
      }
      if (kind !== KIND.decision) return;
      const decision = readDecision(values, count);
      if (decision === null) return;
      if (client.role === 'brain') brain.decided();
      const { badDecisions } = gate.counters;
      decisions$.next(decision);
      // A decision that the gate refuses is a fault: it is judged now, not at the next state.
      if (putOff !== null || gate.counters.badDecisions !== badDecisions) tickNow();
    },
    json(kind, value) {
      if (kind === KIND.hello) {
        client.role = String((value as { role?: unknown }).role);
        if (client.role === 'brain') brain.came(clock.nowNs());
      } else if (kind === KIND.request) {
        answer(client, value as { id: number; request: OperatorRequest | { kind: 'summary' } });
      }
    },
    broken: (error) => log.error({ code: error.code }, error.message),
  });
});

function answer(client: Client, message: { id: number; request: OperatorRequest | { kind: 'summary' } }): void {
  const { id, request } = message;
  if (request.kind === 'summary') {
    client.sender.sendJson(KIND.summary, { id, ...summary() });
    return;
  }
  // What the gate would take up, but no decision would come for.
  const forbids = request.kind === 'engage' && gate.mode === 'HOLD' ? brain.forbids : '';
  const result =
    forbids === '' ? journal.request(request, clock.nowNs()) : { accepted: false, reason: `not clear: ${forbids}` };
  log.info({ request, ...result, mode: gate.mode }, 'operator request');
  client.sender.sendJson(KIND.answer, { id, ...result, mode: gate.mode, incident: gate.incident });
  broadcastStatus();
}

function onTransition(transition: LadderTransition): void {
  log.info(transition, `${transition.from} → ${transition.to}: ${transition.cause}`);
  for (const client of clients) client.sender.sendJson(KIND.transition, transition);
}

function onIntervention(cause: string, by: 'gate' | 'person'): void {
  const intervention = { cause, by, epoch: gate.epoch, count: gate.counters.interventions };
  for (const client of clients) if (client.role === 'observer') client.sender.sendJson(KIND.intervention, intervention);
}

function broadcastStatus(): void {
  encodeStatus(gate, bridge, brain, clock.nowNs(), status);
  for (const client of clients) client.sender.sendNumbers(KIND.status, status, STATUS_SIZE, gate.cause);
}

// ---- stepped time: the tick of a decision's state waits for that decision -------------------------------------------
let decidedIndex = -1;
let putOff: ReturnType<typeof setTimeout> | null = null;
let arrivedAtMs = 0;
decisions$.subscribe((d) => {
  decidedIndex = decisionIndex(d.observationStampNs, config.task.decision_hz);
});

function beforeTick(state: RobotState): boolean {
  arrivedAtMs = performance.now();
  if (stepped === null || (gate.mode !== 'ACTIVE' && gate.mode !== 'ENGAGING')) return true;
  if (decisionIndex(state.stampNs, config.task.decision_hz) <= decidedIndex || Number.isNaN(brain.sinceNs)) return true;
  putOff ??= setTimeout(tickNow, 150);
  return false;
}

function tickNow(): void {
  if (putOff !== null) clearTimeout(putOff);
  putOff = null;
  timer$.next();
}

// ---- the tick -------------------------------------------------------------------------------------------------------
let startedAtMs = 0;
const inputs = { frames$: bridge.frames$, decisions$, takeovers$, link$: bridge.link$, timer$, beforeTick };
const parts = {
  robot: config.robot,
  task: config.task,
  gate: journal,
  codec: kinematics.codec,
  clock: {
    nowNs: () => {
      startedAtMs = performance.now();
      return clock.nowNs();
    },
  },
  send: (action: Parameters<typeof bridge.send>[0]) => {
    const result = bridge.send(action);
    if (result.sent) counts.sent++;
    else counts.refused++;
    return result;
  },
};
ticks(inputs, parts).subscribe({ next: afterTick, error: fatal });

let tickedStateSeq = 0;
const measured = { computeUs: 0, loopUs: 0, latenessUs: Number.NaN, interventions: 0 };
function afterTick(record: TickRecord): void {
  // REAL-TIME: after every tick; what the sockets keep of their own is bounded.
  const nowNs = wall.nowNs();
  if (Number.isNaN(latenessUs)) timer.satisfied(nowNs);
  measured.computeUs = (performance.now() - startedAtMs) * 1000;
  measured.latenessUs = latenessUs;
  measured.loopUs = 0;
  if (record.sent && record.stateSeq !== tickedStateSeq) {
    // In stepped time the clock stands still between states: the wall's says how long the answer took.
    measured.loopUs = stepped ? (performance.now() - arrivedAtMs) * 1000 : (nowNs - record.stateReceivedNs) / 1000;
  }
  cadence.tick(record, nowNs, measured.computeUs, latenessUs, measured.loopUs);
  measured.interventions = gate.counters.interventions;
  tickedStateSeq = record.stateSeq;
  heartbeat();
  broadcastStatus();
  journal.flush(sendJournal);
  const count = encodeTick(record, measured, tickNumbers);
  for (const client of clients) {
    if (client.role === 'observer' || client.role === 'practice')
      client.sender.sendNumbers(KIND.tick, tickNumbers, count, record.cause);
  }
}

/** To the observer; what it cannot take now waits in the journal. Where nothing is recorded, nothing is kept. */
let journalFrame = new Float64Array(PIECE + 1);
function sendJournal(values: Float64Array, from: number, to: number, first: number): boolean {
  if (!config.log.enabled && config.log.black_box_s === 0) return true;
  for (const client of clients) {
    if (client.role !== 'observer' || !client.sender.ready) continue;
    if (journalFrame.length <= to - from) journalFrame = new Float64Array(to - from + 1);
    journalFrame[0] = first;
    for (let i = from; i < to; i++) journalFrame[1 + i - from] = values[i]!;
    return client.sender.sendNumbers(KIND.journal, journalFrame, 1 + to - from);
  }
  return false;
}

/** Null when nobody gave us the pipe: a reflex that was started by hand, or by the bench. */
function openHeartbeat(): Socket | null {
  try {
    const pipe = new Socket({ fd: 3, readable: false, writable: true });
    pipe.on('error', () => {});
    return pipe;
  } catch {
    log.warn('no heartbeat pipe on fd 3: nobody watches this reflex');
    return null;
  }
}

const beat = Buffer.alloc(16);
/** Never a blocking write: a sentinel that stands still must not take the tick with it. */
function heartbeat(): void {
  if (sentinel === null || !sentinel.writable || sentinel.writableLength > 0) return;
  // Nothing waits in the socket, so the bytes of the last beat are gone and may be written over.
  beat.writeDoubleLE(gate.epoch, 0);
  beat.writeUInt8(MODES.indexOf(gate.mode), 8);
  beat.writeUInt8(gate.linkUp ? 1 : 0, 9);
  beat.writeUInt32LE(cadence.ticks >>> 0, 12);
  sentinel.write(beat);
}

/** What to do at a deadline that no tick on a state has met. */
function due(lateNs: number): void {
  if (putOff !== null) return;
  latenessUs = lateNs / 1000;
  timer$.next();
  latenessUs = Number.NaN;
}

// ---- beginning and end ------------------------------------------------------------------------------------------------
rmSync(self.socket(REFLEX_SOCKET), { force: true });
server.listen(self.socket(REFLEX_SOCKET));
reportBridge(bridge, (report) => {
  for (const { role, sender } of clients) if (role === 'observer' && sender.ready) sender.sendJson(KIND.bridge, report);
});
void bridge.open();
journal.boot(clock.nowNs());
timer.start(due);

function summary() {
  return {
    mode: gate.mode,
    cause: gate.cause,
    incident: gate.incident,
    epoch: gate.epoch,
    ...counts,
    ...cadence.summary(timer.skipped),
    interventions: gate.counters.interventions,
    ...(lookahead && { guard: guardSummary(gate.counters) }),
    bridge: bridge.counters,
    journal_lost: journal.lost,
    link_dropped: [...clients].reduce((n, c) => n + c.sender.dropped, 0),
    rss_mb: process.memoryUsage.rss() / 1e6,
  };
}

async function shutdown(): Promise<number> {
  journal.request({ kind: 'disengage' }, clock.nowNs());
  const until = performance.now() + config.safety.stop_timeout_ms + 500;
  while (['ENGAGING', 'ACTIVE', 'RECOVERY', 'STOPPING'].includes(gate.mode) && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 5));
  timer.stop();
  server.close();
  for (const client of clients) client.socket.end();
  await bridge.close();
  log.info(summary(), 'summary');
  return 0;
}

function fatal(error: unknown): void {
  log.fatal(error as Error, 'the tick failed');
  process.exit(1);
}
process.on('uncaughtException', fatal);
process.on('unhandledRejection', fatal);
