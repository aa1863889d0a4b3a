import { filter, ignoreElements, map, merge, type Observable, tap } from 'rxjs';
import type { LinkState } from '../../bridges/bridge.ts';
import type { TickRecord } from '../../controllers/safety/gate.ts';
import type { Clock } from '../core/clock.ts';
import type { RobotConfig, TaskConfig } from '../core/config-schema.ts';
import type {
  CommandCodec,
  Decision,
  Observation,
  RobotState,
  SafeAction,
  SensorFrame,
  SentCommand,
  Takeover,
} from '../core/signals.ts';
import { StateAssembler, writePose } from './assemble.ts';
import type { Decider } from './decide.ts';
import type { GatePort } from './journal/port.ts';
import { decisionIndex } from './observe.ts';
import { RangingReader } from './ranging.ts';

/**
 * The one pipeline. The daemon runs its two halves in two processes, joined by the link; simulation, training and
 * replay run both halves in one, joined by a Subject. They differ only in bridge and clock.
 *
 *   brain half:   SensorFrame → RobotState → Observation → Decision
 *   reflex half:  SensorFrame → RobotState ┐
 *       Decision, Takeover ────────────────┴→ gate → SafeAction → SentCommand → TickRecord
 */
export interface Decided {
  readonly decision: Decision;
  readonly observation: Observation;
}

/** Frames in; the observation that belongs to a state out. See observation/mapping.ts. */
export interface Observer {
  accept(frame: SensorFrame): void;
  /** Null when a feature is missing: then there is no decision either. `index`: number of the decision period. */
  observe(state: RobotState, index: number): Observation | null;
}

export interface BrainHalf {
  robot: RobotConfig;
  task: TaskConfig;
  observer: Observer;
  decider: Decider;
  /** Command epoch now in force, as the reflex last said. */
  epoch(): number;
}

/** The brain half. Emits reused objects: copy what you keep. */
export function decisions(frames$: Observable<SensorFrame>, parts: BrainHalf): Observable<Decided> {
  const assembler = new StateAssembler(parts.robot);
  const { observer } = parts;
  let observedAt = -1;
  /** Once a decision period; where a feature is missing, at the next state of the period again. */
  const observe = (state: RobotState): Observation | null => {
    const index = decisionIndex(state.stampNs, parts.task.decision_hz);
    if (index === observedAt) return null;
    const observation = observer.observe(state, index);
    if (observation !== null) observedAt = index;
    return observation;
  };
  return frames$.pipe(
    tap((frame) => observer.accept(frame)),
    map((frame) => assembler.accept(frame)),
    filter((state): state is RobotState => state !== null),
    map(observe),
    filter((observation): observation is Observation => observation !== null),
    map((observation) => ({ observation, decision: parts.decider.decide(observation, parts.epoch()) })),
    filter((d): d is Decided => d.decision !== null),
  );
}

export interface ReflexHalf {
  robot: RobotConfig;
  task: TaskConfig;
  gate: GatePort;
  /** Reads what comes in on the command topic. */
  codec: CommandCodec;
  clock: Clock;
  send(action: SafeAction): SentCommand;
}

export interface ReflexInputs {
  frames$: Observable<SensorFrame>;
  decisions$: Observable<Decision>;
  /** What a person wants in the policy's place. */
  takeovers$: Observable<Takeover>;
  link$: Observable<LinkState>;
  /** Ticks of the timer: the gate is asked also when no state comes. */
  timer$: Observable<unknown>;
  /** Told of each complete state before its tick; answers false to put the tick off (see the stepped reflex). */
  beforeTick?(state: RobotState): boolean;
}

/** The reflex half: one TickRecord a tick. The record is reused: copy what you keep. */
export function ticks(inputs: ReflexInputs, parts: ReflexHalf): Observable<TickRecord> {
  const { gate, clock, send } = parts;
  const assembler = new StateAssembler(parts.robot);
  const ranging = new RangingReader(parts.robot);
  const target = new Float64Array(7);
  const tick = (): TickRecord => {
    const action = gate.tick(clock.nowNs());
    if (action !== null) gate.sent(send(action));
    return gate.record;
  };
  const states$ = inputs.frames$.pipe(
    tap((frame) => {
      if (frame.topic === parts.codec.topic) gate.ingestEcho(parts.codec.decode(frame.message));
      const reading = ranging.accept(frame);
      if (reading !== null) gate.ingestRange(reading);
      if (frame.topic !== parts.task.target_topic) return;
      writePose(poseOf(frame), target);
      gate.ingestTarget(target, frame.receivedNs);
    }),
    map((frame) => {
      const state = assembler.accept(frame);
      if (assembler.source >= 0) gate.observeSource(assembler.source, frame.receivedNs);
      return state;
    }),
    filter((state): state is RobotState => state !== null),
    tap((state) => gate.ingestState(state)),
    filter((state) => inputs.beforeTick?.(state) ?? true),
  );
  const facts$ = merge(
    inputs.decisions$.pipe(tap((decision) => gate.ingestDecision(decision))),
    inputs.takeovers$.pipe(tap((takeover) => gate.ingestTakeover(takeover, clock.nowNs()))),
    inputs.link$.pipe(tap((link) => gate.observeLink(link.up, link.epoch, clock.nowNs()))),
  ).pipe(ignoreElements());
  return merge(facts$, merge(states$, inputs.timer$).pipe(map(tick)));
}

const poseOf = (frame: SensorFrame) => (frame.message as { pose?: object } | null)?.pose as never;
