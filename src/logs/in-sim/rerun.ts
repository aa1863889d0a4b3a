import { type EquilibriumCommand, timeFromNs } from '../../../bridges/messages/messages.ts';
import type { PegWorld } from '../../../bridges/mujoco/world.ts';
import { rotationBetween } from '../../core/geometry.ts';
import { makeRobotState } from '../../core/signals.ts';
import type { LoggedCommand, LoggedEpisode, LoggedState } from './episodes.ts';
import type { Apart } from './parting.ts';
import { placeAtStart, type Start, TOLERANCE_NS } from './start.ts';

/** After a silence of so long nothing is known of the robot. */
const LOST_NS = 5e9;

/**
 * Executes the logged commands of an episode in a world, each when the robot had it, through the world's own receiver and servo.
 * @param leaseMs of each command
 * @param onState told of each logged state, and how far the world is from it; `apart.joints` is its own
 */
export function rerun(
  world: PegWorld,
  episode: LoggedEpisode,
  leaseMs: number,
  onState: (state: LoggedState, sinceS: number, apart: Apart) => void,
): Start | null {
  const { states, stops } = episode;
  const placed = placeAtStart(world, episode);
  if (placed === null) return null;
  const { start, from, nowNs } = placed;
  const offsetNs = nowNs - world.timeNs;
  // What the world was told already when it was put to its start.
  const commands = [...episode.commands].sort((a, b) => a.atNs - b.atNs);
  let nextCommand = 0;
  let nextStop = 0;
  const measured = makeRobotState(world.robot.joints.length);
  let seenNs = nowNs;
  for (let i = from; i < states.length; i++) {
    const state = states[i]!;
    if (state.stampNs < nowNs - TOLERANCE_NS) continue;
    if (state.stampNs - seenNs > LOST_NS) break;
    seenNs = state.stampNs;
    for (;;) {
      const atNs = world.timeNs + offsetNs;
      if (state.stampNs - atNs < world.periodNs / 2) break;
      const due = (ns: number | undefined) => ns !== undefined && ns <= atNs + TOLERANCE_NS;
      while (due(stops[nextStop]?.atNs)) {
        const { epoch, reason } = stops[nextStop++]!;
        world.stop({ header: { stamp: timeFromNs(atNs), frame_id: '' }, epoch, reason });
      }
      while (due(commands[nextCommand]?.atNs)) world.receive(message(commands[nextCommand++]!, leaseMs));
      world.advance();
    }
    world.readState(measured);
    onState(state, (state.stampNs - nowNs) / 1e9, apart(state, measured));
  }
  return start;
}

function message({ atNs, epoch, seq, setpoint: s }: LoggedCommand, leaseMs: number): EquilibriumCommand {
  return {
    header: { stamp: timeFromNs(atNs), frame_id: '' },
    ...{ epoch, seq, lease_ms: leaseMs, state_stamp: timeFromNs(atNs), mode: '', source: '' },
    pose: {
      position: { x: s[0]!, y: s[1]!, z: s[2]! },
      orientation: { x: s[3]!, y: s[4]!, z: s[5]!, w: s[6]! },
    },
    ...{ stiffness: s[7]!, stiffness_rotation: s[8]! },
  };
}

const turned = new Float64Array(3);

function apart(logged: LoggedState, world: LoggedState | ReturnType<typeof makeRobotState>): Apart {
  const a = logged.pose;
  const b = world.pose;
  rotationBetween(a, 3, b, 3, turned, 0);
  const f = (i: number) => logged.wrench[i]! - world.wrench[i]!;
  return {
    joints: logged.position.map((q, j) => Math.abs(q - world.position[j]!)),
    tip: Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!, a[2]! - b[2]!),
    turn: Math.hypot(turned[0]!, turned[1]!, turned[2]!),
    force: Math.hypot(f(0), f(1), f(2)),
  };
}
