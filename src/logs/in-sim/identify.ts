import type { Dynamics, PegWorld } from '../../../bridges/mujoco/world.ts';
import { worldConfigOfLog } from '../log-config.ts';
import { isWithin, WHOLE, type Window } from '../window.ts';
import { episodesIn, type LoggedEpisode } from './episodes.ts';
import { nothingSent, worldOfLog } from './in-sim.ts';
import { nelderMead } from './nelder-mead.ts';
import { Parting } from './parting.ts';
import { rerun } from './rerun.ts';

/** What can be found: keys of `task.world`, the range that is searched, and where the search begins when it is 0. */
export const PARAMETERS = {
  joint_damping: { unit: 'Nm s/rad', bounds: [0.01, 50], from: 0.5 },
  joint_friction: { unit: 'Nm', bounds: [0.01, 20], from: 0.2 },
  payload: { unit: 'kg', bounds: [0.01, 5], from: 0.2 },
  friction: { unit: '', bounds: [0.02, 3], from: 0.3 },
} as const satisfies Record<keyof Dynamics, { unit: string; bounds: readonly [number, number]; from: number }>;

export type ParameterName = keyof typeof PARAMETERS;
export const PARAMETER_NAMES = Object.keys(PARAMETERS) as ParameterName[];

/** How far the world is from the log: root mean squares over all states. */
export interface Fit {
  /** Over all joints too. */
  joint_rad: number;
  tip_m: number;
  force_n: number;
}

export interface Identified {
  /** Of the config, against the run of the log, before anything was sought. */
  changes: readonly string[];
  episodes: number;
  states: number;
  evaluations: number;
  before: Fit;
  after: Fit;
  parameters: {
    name: ParameterName;
    unit: string;
    before: number;
    after: number;
    /** With this one as before, and the others as found: what it is worth. */
    without: Fit;
  }[];
  /** The found world, as `--set` takes it. */
  sets: string[];
}

export interface IdentifyOptions {
  readonly parameters: readonly ParameterName[];
  readonly sets?: readonly string[];
  readonly window?: Window;
  /** At most so many times the log is executed. */
  readonly evaluations?: number;
  onEvaluation?(done: number, best: number): void;
}

const EVALUATIONS = 200;
/** The first simplex goes so far, and the search ends there, both in logarithms: a factor of 2, half a percent. */
const STEP = Math.log(2);
const TOLERANCE = 0.005;

/**
 * Finds the parameters of the simulated world with which the commands of a log give its states most nearly: the least root mean
 * square of the joint errors, by Nelder and Mead on the logarithms of the parameters. What the motion in the log does not show
 * cannot be found: `without` says what each one is worth.
 * @throws ReflexArcError as inSim
 */
export async function identify(paths: readonly string[], options: IdentifyOptions): Promise<Identified> {
  const { parameters, sets = [], window = WHOLE, evaluations = EVALUATIONS, onEvaluation } = options;
  const { config, changes } = await worldConfigOfLog(paths[0]!, sets);
  const world = await worldOfLog(config);
  try {
    const episodes: LoggedEpisode[] = [];
    for await (const episode of episodesIn(paths, config, world.periodNs))
      if (episode.states.some(({ atS }) => isWithin(window, atS))) episodes.push(episode);
    const apartWith = (dynamics: Dynamics) => fitOf(world, dynamics, episodes, config.safety.lease_ms, window);
    const own = world.dynamics;
    const before = await apartWith(own);
    if (before.states === 0) throw nothingSent(paths);
    let done = 0;
    let best = before.joint_rad;
    const dynamicsAt = (x: readonly number[]): Dynamics => ({
      ...own,
      ...Object.fromEntries(parameters.map((name, i) => [name, Math.exp(x[i]!)])),
    });
    const found = await nelderMead(
      async (x) => {
        const { joint_rad } = await apartWith(dynamicsAt(x));
        best = Math.min(best, joint_rad);
        onEvaluation?.(++done, best);
        return joint_rad;
      },
      parameters.map((name) => Math.log(own[name] || PARAMETERS[name].from)),
      {
        bounds: parameters.map((name) => PARAMETERS[name].bounds.map(Math.log) as [number, number]),
        ...{ step: parameters.map(() => STEP), tolerance: TOLERANCE, evaluations },
      },
    );
    // A world that was right is not made worse.
    const then = found.value < before.joint_rad ? dynamicsAt(found.at) : own;
    const after = await apartWith(then);
    const listed: Identified['parameters'] = [];
    for (const name of parameters)
      listed.push({
        ...{ name, unit: PARAMETERS[name].unit, before: own[name], after: rounded(then[name]) },
        without: only(await apartWith({ ...then, [name]: own[name] })),
      });
    return {
      ...{ changes, episodes: episodes.length, states: before.states, evaluations: found.evaluations },
      ...{ before: only(before), after: only(after), parameters: listed },
      sets: listed.map(({ name, after: value }) => `task.world.${name}=${value}`),
    };
  } finally {
    world.dispose();
  }
}

const rounded = (v: number) => Number(v.toPrecision(6));
const only = ({ joint_rad, tip_m, force_n }: Fit): Fit => ({ joint_rad, tip_m, force_n });

async function fitOf(
  world: PegWorld,
  dynamics: Dynamics,
  episodes: readonly LoggedEpisode[],
  leaseMs: number,
  window: Window,
): Promise<Fit & { states: number }> {
  world.tune(dynamics);
  // The same commands again, from the same epochs.
  world.receiver.forget();
  const all = new Parting(world.robot.joints.length);
  for (const episode of episodes) {
    rerun(world, episode, leaseMs, (state, sinceS, apart) => {
      if (isWithin(window, state.atS)) all.take(sinceS, apart);
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { states, joints, tip_m, force_n } = all.parted;
  const joint_rad = Math.sqrt(joints.reduce((sum, { rms }) => sum + rms * rms, 0) / joints.length);
  return { states, joint_rad, tip_m: tip_m.rms, force_n: force_n.rms };
}
