import { commandInterface } from '../../controllers/interfaces/index.ts';
import { makeEnvelope } from '../../controllers/safety/envelopes.ts';
import { makeRules } from '../../controllers/safety/rules/index.ts';
import { createBase } from '../../policies/base/registry.ts';
import { createCritic } from '../../policies/critic/registry.ts';
import type { BasePolicy, ResidualPolicy, RiskCritic } from '../../policies/policy.ts';
import { createResidual } from '../../policies/residual/registry.ts';
import { type LoadedRun, loadRun, missingFiles } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';
import { robotBridge } from '../daemon/robot-link.ts';
import { compileObservation } from '../pipeline/observation/compile.ts';
import { loadSharp } from '../pipeline/observation/images/sharp.ts';
import { observationOf, observationTopics } from '../pipeline/observation/topics.ts';
import { table } from './output.ts';

export interface CheckOptions {
  json?: boolean;
  set: string[];
}

export interface Policies {
  readonly base: BasePolicy;
  readonly residual: ResidualPolicy;
  readonly critic: RiskCritic;
  /** Names of the safety rules that are on. */
  readonly rules: readonly string[];
}

/**
 * Holds the task's observation against the messages that it is made of; loads the three policies and asks whether they
 * fit together, the task and the robot's command interface; makes the safety rules, so that a name or an option that does
 * not exist is told before a process starts.
 * @throws ReflexArcError RA_WEIGHTS_UNREADABLE, RA_DIGEST_MISMATCH, RA_CONFIG_INVALID (shapes, rules)
 */
export function checkPolicies(config: RunConfig, placeOf?: LoadedRun['placeOf']): Policies {
  robotBridge(config);
  const { baseSize, residualSize } = compileObservation(config.robot, config.task, placeOf);
  const base = createBase(config.policies.base);
  const residual = createResidual(config.policies.residual);
  const critic = createCritic(config.policies.critic);
  const command = commandInterface(config.robot);
  const { actionSize, riskInputSize, name } = command;
  const shapes: [what: string, seen: number, wanted: number, by: string][] = [
    ['base: action size', base.actionSize, actionSize, `interface ${name}`],
    ['base: observation size', base.observationSize, baseSize, `task ${config.task.name}`],
    ['residual: action size', residual.actionSize, actionSize, `interface ${name}`],
    ['residual: observation size', residual.observationSize, residualSize, `task ${config.task.name}`],
    ['critic: input size', critic.inputSize, riskInputSize, `interface ${name}`],
  ];
  const wrong = shapes
    .filter(([, seen, wanted]) => seen !== wanted)
    .map(([what, seen, wanted, by]) => `policies.${what} ${seen}, ${wanted} wanted by ${by}`);
  const { execute_steps } = config.policies.base;
  if (execute_steps > base.horizon)
    wrong.push(`policies.base.execute_steps ${execute_steps}, the chunks of this base have ${base.horizon}`);
  if (wrong.length > 0) {
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: wrong.join('\n'),
      allowed: 'policies trained for this task and interface',
      next: 'Name the weights that were trained for this run, or train them (`reflexarc train bc`).',
    });
  }
  const envelope = makeEnvelope(config.safety, config.robot, command);
  const rules = makeRules({ safety: config.safety, robot: config.robot, interface: command, envelope });
  return { base, residual, critic, rules: rules.map((rule) => rule.name) };
}

/**
 * Loads the model of the guard, if there is one: what it lacks is told before a process starts.
 * @throws ReflexArcError RA_WORLD, RA_JOINT_NAMES
 */
export async function checkGuard(config: RunConfig): Promise<void> {
  if (config.safety.guard === undefined) return;
  const { loadGuard } = await import('../pipeline/guard.ts');
  (await loadGuard(config))?.dispose();
}

/** `reflexarc check`: everything that can be known without the robot. Returns the exit code. */
export async function check(file: string, options: CheckOptions): Promise<number> {
  const run = loadRun(file, options.set);
  const missing = missingFiles(run);
  if (missing.length > 0) {
    throw new ReflexArcError('RA_CONFIG_MISSING', { seen: missing.join('\n'), allowed: 'files that exist' });
  }
  const policies = checkPolicies(run.config, run.placeOf);
  if (observationOf(run.config.robot, run.config.task).images.length > 0) await loadSharp();
  await checkGuard(run.config);
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say(table(summary(run.config, run.files, policies)));
  say('ok');
  if (options.json) {
    const { config, files, warnings } = run;
    const { base, residual, critic, rules } = policies;
    const digests = { base: base.sha256, residual: residual.sha256, critic: critic.sha256 };
    const result = { ok: true, name: config.name, files, warnings, rules, off: config.safety.off, digests };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  return 0;
}

/** The features of each vector by name, and the topics that they come from. */
function observed({ robot, task }: RunConfig): string {
  const { base, residual, images } = observationOf(robot, task);
  const names = (vector: typeof base) => vector.features.map((f) => f.name ?? f.from).join(', ');
  return [
    `base: ${names(base)}`,
    `residual: ${residual === undefined ? 'the same' : names(residual)}`,
    ...(images.length === 0 ? [] : [`images: ${images.map((i) => `${i.name} ${i.width}×${i.height}`).join(', ')}`]),
    `from ${observationTopics(robot, task)
      .map((t) => t.topic)
      .join(', ')}`,
  ].join('\n');
}

function summary(
  config: RunConfig,
  files: readonly string[],
  { base, residual, critic, rules }: Policies,
): [string, string][] {
  const { robot, task, safety, policies, bridge, daemon } = config;
  const short = (digest: string) => digest.slice(0, 12) || '(no weights)';
  return [
    ['run', `${config.name}, seed ${config.seed}`],
    ['files', files.map(shown).join('\n')],
    [
      'robot',
      `${robot.name}, ${robot.joints.length} joints, ${robot.interface.type}, at ${bridge.url} (ROS ${bridge.ros_version})`,
    ],
    ['task', `${task.name}, decisions at ${task.decision_hz} Hz, at most ${task.horizon_steps} an episode`],
    ['observation', observed(config)],
    ['world', task.world === undefined ? 'none: a robot that is there' : shown(task.world.model)],
    [
      'limits',
      `${safety.speed} m/s, Δ ${safety.reference_limit} m, force ${safety.force_soft}/${safety.force_limit} N, ` +
        `stiffness ${safety.stiffness.join(' to ')} N/m, risk ${safety.risk.low}/${safety.risk.high}, slowed from ${safety.risk.warn ?? safety.risk.low}`,
    ],
    ['rules', rules.join(', ')],
    ['guard', guardOf(config)],
    ['rules off', safety.off.length === 0 ? 'none' : safety.off.join(', ')],
    [
      'base',
      `${policies.base.type} ${short(base.sha256)}, ${base.observationSize} → ${base.horizon} × ${base.actionSize}, ` +
        `${policies.base.execute_steps} steps of each chunk`,
    ],
    ['residual', `${policies.residual.type} ${short(residual.sha256)}, scale ${policies.residual.scale}`],
    ['critic', `${policies.critic.type} ${short(critic.sha256)}, ${critic.inputSize} inputs`],
    [
      'daemon',
      `console ${daemon.host}:${daemon.console_port}, ROS ${daemon.host}:${daemon.ros_port}, ` +
        `viewers ${daemon.foxglove_port ? `${daemon.host}:${daemon.foxglove_port}` : 'none'}, ${daemon.time} time`,
    ],
    ['log', logOf(config)],
  ];
}

function logOf({ log }: RunConfig): string {
  const { rotate_bytes, rotate_s, keep_files, black_box_s, black_box_after_s } = log;
  const next = [...(rotate_bytes > 0 ? [`${rotate_bytes} bytes`] : []), ...(rotate_s > 0 ? [`${rotate_s} s`] : [])];
  const files = next.length === 0 ? 'one file' : `a new file at ${next.join(' or ')}`;
  const kept = keep_files > 0 ? `, the newest ${keep_files} kept` : '';
  const all = log.enabled ? `${log.dir}, ${log.compression}, ${files}${kept}, at most ${log.max_bytes} bytes` : 'off';
  return black_box_s === 0
    ? all
    : `${all}\nblack box: ${black_box_s} s before and ${black_box_after_s} s after an incident`;
}

function guardOf({ safety: { guard } }: RunConfig): string {
  if (guard === undefined) return 'off';
  const { model, horizon_ms, timestep_us, budget_us } = guard;
  return `${shown(model)}, looks ${horizon_ms} ms ahead in steps of ${timestep_us} µs, budget ${budget_us} µs`;
}
