import { join } from 'node:path';
import { timeFromNs } from '../../../../bridges/messages/messages.ts';
import { RecedingHorizon } from '../../../../controllers/chunks/receding-horizon.ts';
import { commandInterface } from '../../../../controllers/interfaces/index.ts';
import { Gate } from '../../../../controllers/safety/gate.ts';
import { createBase } from '../../../../policies/base/registry.ts';
import { createCritic } from '../../../../policies/critic/registry.ts';
import { createResidual } from '../../../../policies/residual/registry.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { makeRobotState } from '../../../core/signals.ts';
import { TOPIC } from '../../../logs/topics.ts';
import { verifyLog } from '../../../logs/verify.ts';
import { Decider } from '../../../pipeline/decide.ts';
import { VERSION } from '../../../pipeline/journal/entry.ts';
import { GateJournal } from '../../../pipeline/journal/journal.ts';
import { collector } from '../heap.ts';
import { type Outcome, rounded, rowOf, slopeOf } from '../rows.ts';
import { Traffic } from './traffic.ts';
import { benchRecorder, PERIOD_NS } from './writing.ts';

/** States a decision: 100 Hz of them at 500 Hz of states. */
const EACH = 5;
const ROUNDS = 3;
/** Places along a log at which memory is looked at, at most: each is a whole collection. */
const LOOKS = 40;
/** Bytes of heap that a second of log may keep, as in a recording; in a short one 2 MB are noise. */
const FLAT = 100;
const NOISE = 2e6;
const MB = 2 ** 20;

/**
 * How fast a log of `seconds` is verified, at 500 states and ticks and 100 decisions a second: all of it, from the file to the
 * comparison of the last bit, by the clock and by the CPU's time, which other work on the machine does not add to. Then once
 * more, with the heap after a forced collection and the resident memory along the way.
 */
export async function verifying(folder: string, config: RunConfig, seconds: number): Promise<Outcome> {
  const path = join(folder, 'verify.mcap');
  await record(path, config, seconds);
  const speeds: number[] = [];
  const ofCpu: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    const v = await verifyLog([path]);
    const { user, system } = process.cpuUsage(before);
    ofCpu.push(v.duration_s / ((user + system) / 1e6));
    if (v.identical !== v.commands || v.decisions_identical !== v.decisions || v.commands < 400 * seconds)
      throw new Error(`not the same log: ${JSON.stringify(v)}`);
    speeds.push(v.speed_x_realtime);
  }
  const heap = collector();
  const heaps: [number, number][] = [];
  const resident: [number, number][] = [];
  const looks = Math.min(LOOKS, 4 + seconds);
  let looked = seconds / 10;
  await verifyLog([path], [], (atS) => {
    if (atS < looked) return;
    looked += seconds / looks;
    heaps.push([atS, heap()]);
    resident.push([atS, process.memoryUsage().rss / MB]);
  });
  const slope = slopeOf(heaps);
  const span = (heaps.at(-1)?.[0] ?? 0) - (heaps[0]?.[0] ?? 0);
  const isFlat = slope * span < Math.max(NOISE, FLAT * span);
  const values = (series: readonly [number, number][]) => series.map(([, value]) => value);
  return {
    results: [
      rowOf('verify_speed', 'ours', '× real time', speeds),
      rowOf('verify_speed_of_cpu', 'ours', '× real time a CPU second', ofCpu),
      { ...rowOf('heap_while_verifying', 'ours', 'bytes', values(heaps)), series: heaps, slope: rounded(slope) },
      { ...rowOf('resident_while_verifying', 'ours', 'MB', values(resident)), series: resident },
    ],
    notes: [
      `a log of ${seconds} s with 500 states and ticks and 100 decisions a second is verified at ${Math.max(...speeds).toFixed(0)} times real time, ` +
        `${Math.max(...ofCpu).toFixed(0)} times for each second of CPU (other work on the machine does not count); ` +
        `${slope.toFixed(1)} bytes of heap a second: ${isFlat ? 'flat' : 'NOT FLAT'}`,
    ],
    failed: !isFlat,
  };
}

/** The log of a run in virtual time: real policies and a real gate on a robot that obeys at once, and the messages beside them. */
async function record(path: string, config: RunConfig, seconds: number): Promise<void> {
  const recorder = await benchRecorder(path, {
    compression: 'lz4',
    chunkSpanNs: 1e9,
    metadata: { config: { run: JSON.stringify(config) } },
  });
  const gate = new Gate({
    ...{ safety: config.safety, robot: config.robot, interface: commandInterface(config.robot), epochBase: 1 },
    critic: createCritic(config.policies.critic),
    onTransition: () => {},
  });
  const journal = new GateJournal();
  journal.keep(gate, 1);
  const base = createBase(config.policies.base);
  const residual = createResidual(config.policies.residual);
  const decider = new Decider({
    ...{
      base,
      residual,
      residualScale: config.policies.residual.scale,
      lifetimeNs: config.safety.decision_age_ms * 1e6,
    },
    executor: new RecedingHorizon(base.actionSize, base.horizon, config.policies.base.execute_steps),
  });
  const traffic = new Traffic(config);
  const state = makeRobotState(config.robot.joints.length);
  config.robot.joints.forEach((joint, i) => {
    state.position[i] = (joint.position[0] + joint.position[1]) / 2;
  });
  const hole = config.task.world?.hole_nominal ?? [0.5, 0, 0.05];
  state.pose.set([hole[0]!, hole[1]!, hole[2]! + 0.08, 1, 0, 0, 0]);
  let nowNs = 1e9;
  const log = (topic: string, type: string, message: object) =>
    recorder.record(topic, type, { header: { stamp: timeFromNs(nowNs), frame_id: 'base' }, ...message }, nowNs, nowNs);
  journal.boot(nowNs);
  journal.observeLink(true, 1, nowNs);
  journal.ingestTarget(Float64Array.of(hole[0]!, hole[1]!, hole[2]!, 0, 0, 0, 1), nowNs);
  for (let n = 0; n * PERIOD_NS < seconds * 1e9; n++) {
    nowNs += PERIOD_NS;
    for (const { topic, type, message } of traffic.period(nowNs).slice(0, 3)) log(topic, type, message as object);
    state.position[0] = state.position[0]! + (n % 2 === 0 ? 1e-6 : -1e-6);
    for (let i = 0; i < 6; i++) state.wrench[i] = 0.5 * Math.sin(n * 0.02 + i);
    Object.assign(state, { seq: n + 1, stampNs: nowNs, receivedNs: nowNs });
    journal.ingestState(state);
    if (n === 25) journal.request({ kind: 'arm' }, nowNs);
    if (n === 50) journal.request({ kind: 'engage' }, nowNs);
    if (n % EACH === 0) {
      const see = (size: number) => Float64Array.from({ length: size }, (_, i) => 0.02 * Math.sin(n * 0.006 + i));
      const seen = { base: see(base.observationSize), residual: see(residual.observationSize) };
      const d = decider.decide({ seq: n, stampNs: nowNs, receivedNs: nowNs, ...seen }, gate.epoch)!;
      journal.ingestDecision(d);
      log(TOPIC.decision, 'reflexarc_msgs/msg/Decision', {
        ...{ epoch: d.epoch, seq: d.seq, observation_seq: d.observationSeq, observation_stamp: timeFromNs(nowNs) },
        ...{ observation_base: seen.base, observation_residual: seen.residual },
        ...{ base: d.base.slice(), residual: d.residual.slice(), residual_scale: decider.residualScale },
      });
    }
    const action = journal.tick(nowNs);
    if (action !== null) {
      journal.sent({ sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs: nowNs });
      state.pose.set(action.setpoint.subarray(0, 7));
    }
    journal.flush((values, from, to, first) => {
      log(TOPIC.journal, 'reflexarc_msgs/msg/GateJournal', {
        version: VERSION,
        first,
        entries: values.slice(from, to),
      });
      return true;
    });
    const r = gate.record;
    log(TOPIC.tick, 'reflexarc_msgs/msg/TickRecord', {
      ...{ epoch: r.epoch, seq: r.seq, mode: r.mode, source: r.source, state_seq: r.stateSeq },
      ...{ state_stamp: timeFromNs(r.stateStampNs), decision_seq: r.decisionSeq, command_seq: r.commandSeq },
      ...{ takeover_seq: r.takeoverSeq, residual_fraction: r.residualFraction, risk: r.risk, force: r.force },
      ...{ cause: r.cause, value: r.value, limit: r.limit, aim: r.aim.slice(), setpoint: r.setpoint.slice() },
      ...{ sent: r.sent, refused: r.refused ? 'refused' : '', compute_us: 0, loop_us: 0 },
    });
    // One second waits at a time, as in a recorder that keeps up.
    if (n % 50 === 49)
      do await new Promise((resolve) => setImmediate(resolve));
      while (recorder.counters.queued > 5000);
  }
  await recorder.close();
}
