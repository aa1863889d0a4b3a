import { wallNs } from '../core/clock.ts';
import { loadRun } from '../core/config/load.ts';
import { Daemon, prepareLog } from '../daemon/launch.ts';
import { cadenceRows } from './cadence.ts';
import { checkGuard, checkPolicies } from './check.ts';
import { table } from './output.ts';
import { requireFreePort } from './ports.ts';
import { recordedRows } from './recorded.ts';

export interface RunOptions {
  json?: boolean;
  set: string[];
  seed?: number;
  dryRun?: boolean;
}

/** `reflexarc run`: the daemon on the robot host, until SIGINT or SIGTERM. Starts disarmed. Returns the exit code. */
export async function run(configFile: string, options: RunOptions): Promise<number> {
  const { config } = loadRun(configFile, options.set);
  if (options.seed !== undefined) config.seed = options.seed;
  const weights = checkPolicies(config);
  if (options.dryRun) {
    await checkGuard(config);
    return 0;
  }
  await requireFreePort(config.daemon.host, config.daemon.console_port, 'daemon.console_port');
  await requireFreePort(config.daemon.host, config.daemon.ros_port, 'daemon.ros_port');
  await requireFreePort(config.daemon.host, config.daemon.foxglove_port ?? 0, 'daemon.foxglove_port');
  const log = prepareLog(config, wallNs());
  const daemon = new Daemon(config, { logLines: 'inherit', logPath: log.path, weights });
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say(`reflexarc ${config.name}: robot at ${config.bridge.url}, disarmed`);
  say(`console  http://${config.daemon.host}:${config.daemon.console_port}`);
  say(`ROS      ws://${config.daemon.host}:${config.daemon.ros_port}`);
  if (config.daemon.foxglove_port) say(`viewers  ws://${config.daemon.host}:${config.daemon.foxglove_port}`);
  if (config.practice)
    say(`learner  ${config.practice.learner}  (\`reflexarc learn\`; episodes wait in ${config.practice.dir})`);
  say(`log      ${log.shown}`);
  daemon.reflex.transitions$.subscribe((t) => say(`${t.from} → ${t.to}: ${t.cause} ${t.detail}`));
  daemon.events$.subscribe((e) => {
    if (e.event === 'died') say(`${e.name} died (${e.signal ?? e.code}); it is started again, disarmed`);
    if (e.event === 'stop') say(`sentinel: stop (${e.reason})${e.sent ? '' : ', the robot could not be reached'}`);
  });

  let summary: Record<string, unknown> = {};
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    summary = await daemon.reflex.summary().catch(() => ({}));
    await daemon.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const code = await daemon.exited;
  const result = { ...summary, log: config.log.enabled ? log.path : '', recorded: daemon.recorded };
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else say(table([...runRows(result), ...recordedRows(log.shown, daemon.recorded)]));
  return stopping ? 0 : code;
}

function runRows(r: Record<string, unknown>): [string, string][] {
  const count = (v: unknown) => String(v ?? '-');
  return [
    ['commands', `${count(r.sent)} sent, ${count(r.refused)} refused`],
    ['interventions', count(r.interventions)],
    ...cadenceRows(r),
  ];
}
