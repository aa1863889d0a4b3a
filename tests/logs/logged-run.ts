import { Recorder } from '../../bridges/mcap/recorder.ts';
import { definitionOf } from '../../bridges/messages/definitions.ts';
import { timeFromNs } from '../../bridges/messages/messages.ts';
import { RecedingHorizon } from '../../controllers/chunks/receding-horizon.ts';
import { commandInterface } from '../../controllers/interfaces/index.ts';
import { Gate } from '../../controllers/safety/gate.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import type { RunConfig } from '../../src/core/config-schema.ts';
import { makeRobotState, type OperatorRequest } from '../../src/core/signals.ts';
import { TOPIC } from '../../src/logs/topics.ts';
import { Decider } from '../../src/pipeline/decide.ts';
import { VERSION } from '../../src/pipeline/journal/entry.ts';
import { GateJournal } from '../../src/pipeline/journal/journal.ts';

const WALL_NS = 1.7e18;
const PERIOD_NS = 10e6;

/**
 * A log as the daemon writes it, of the shipped policies on a robot that obeys at once, in virtual time: a few seconds of
 * log in a tenth of one.
 */
export const LoggedRun = {
  async record(
    path: string,
    config: RunConfig,
    { seconds, loseAfterS, relinkAtS }: { seconds: number; loseAfterS?: number; relinkAtS?: number },
  ): Promise<void> {
    const metadata = { config: { run: JSON.stringify(config) } };
    const recorder = await Recorder.open(path, {
      maxBytes: 1e8,
      definitionOf,
      metadata,
      onError: (e) => {
        throw e;
      },
    });
    const iface = commandInterface(config.robot);
    const journal = new GateJournal();
    const gate = new Gate({
      ...{ safety: config.safety, robot: config.robot, interface: iface, epochBase: 1 },
      critic: createCritic(config.policies.critic),
      onTransition: (t) =>
        log(TOPIC.transition, 'reflexarc_msgs/msg/LadderTransition', {
          ...{ from_mode: t.from, to_mode: t.to, cause: t.cause, detail: t.detail, value: t.value, limit: t.limit },
          ...{ margin: t.margin, incident: t.incident, epoch: t.epoch },
        }),
    });
    journal.keep(gate, 1);
    const base = createBase(config.policies.base);
    const decider = new Decider({
      base,
      residual: createResidual(config.policies.residual),
      executor: new RecedingHorizon(base.actionSize, base.horizon, config.policies.base.execute_steps),
      residualScale: config.policies.residual.scale,
      lifetimeNs: 100e6,
    });
    const hole = config.task.world!.hole_nominal;
    const state = makeRobotState(config.robot.joints.length);
    config.robot.joints.forEach((j, i) => {
      state.position[i] = (j.position[0] + j.position[1]) / 2;
    });
    state.pose.set([hole[0]!, hole[1]!, hole[2]! + 0.05, 1, 0, 0, 0]);
    let nowNs = 1e9;
    const log = (topic: string, type: string, message: object) => {
      const at = WALL_NS + nowNs;
      recorder.record(topic, type, { header: { stamp: timeFromNs(at), frame_id: 'base' }, ...message }, at, at);
    };
    const ask = (request: OperatorRequest) => journal.request(request, nowNs);
    journal.boot(nowNs);
    journal.observeLink(true, 1, nowNs);
    journal.ingestTarget(Float64Array.of(...(hole as [number, number, number]), 0, 0, 0, 1), nowNs);
    for (let n = 0; n * PERIOD_NS < seconds * 1e9; n++) {
      nowNs += PERIOD_NS;
      state.position[0] = state.position[0]! + (n % 2 === 0 ? 1e-6 : -1e-6);
      for (let i = 0; i < 6; i++) state.wrench[i] = Math.sin(n * 0.1 + i) * (0.2 + n / 400);
      Object.assign(state, { seq: n + 1, stampNs: nowNs, receivedNs: nowNs });
      journal.ingestState(state);
      // A new link is a stop; the operator answers it and begins again.
      if (relinkAtS !== undefined) {
        if (n === relinkAtS * 100) journal.observeLink(true, 2, nowNs);
        if (n === relinkAtS * 100 + 60) ask({ kind: 'reset', incident: gate.incident });
        if (n === relinkAtS * 100 + 65) ask({ kind: 'arm' });
        if (n === relinkAtS * 100 + 70) ask({ kind: 'engage' });
      }
      if (n === 5) ask({ kind: 'arm' });
      if (n === 10) ask({ kind: 'engage' });
      if (n === 250) ask({ kind: 'residual_scale', value: 0.5 });
      if (n % 5 === 0) {
        const see = (size: number) => Float64Array.from({ length: size }, (_, i) => Math.sin(n * 0.03 + i) * 0.02);
        const observation = {
          ...{ seq: n, stampNs: nowNs, receivedNs: nowNs },
          ...{ base: see(base.observationSize), residual: see(createResidualSize(config)) },
        };
        decider.residualScale = config.policies.residual.scale * gate.residualScale;
        const d = decider.decide(observation, gate.epoch)!;
        journal.ingestDecision(d);
        log(TOPIC.decision, 'reflexarc_msgs/msg/Decision', {
          ...{ epoch: d.epoch, seq: d.seq, observation_seq: d.observationSeq, observation_stamp: timeFromNs(nowNs) },
          ...{ observation_base: observation.base, observation_residual: observation.residual },
          ...{ base: d.base.slice(), residual: d.residual.slice(), residual_scale: decider.residualScale },
        });
      }
      const action = journal.tick(nowNs);
      if (action !== null) {
        journal.sent({ sent: true, refused: null, epoch: action.epoch, seq: action.seq, sentNs: nowNs });
        state.pose.set(action.setpoint.subarray(0, 7));
      }
      journal.flush((values, from, to, first) => {
        if (loseAfterS !== undefined && n * PERIOD_NS === loseAfterS * 1e9) return true;
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
        ...{
          state_stamp: timeFromNs(r.stateStampNs),
          decision_seq: r.decisionSeq,
          command_seq: r.commandSeq,
          takeover_seq: r.takeoverSeq,
        },
        ...{ residual_fraction: r.residualFraction, risk: r.risk, force: r.force, cause: r.cause, value: r.value },
        ...{ limit: r.limit, aim: r.aim.slice(), setpoint: r.setpoint.slice(), sent: r.sent },
        ...{ refused: r.refused ? 'refused' : '', compute_us: 0, loop_us: 0 },
      });
      // The recorder takes its turns, as beside a daemon.
      if (n % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    await recorder.close();
  },
};

const createResidualSize = (config: RunConfig): number => createResidual(config.policies.residual).observationSize;
