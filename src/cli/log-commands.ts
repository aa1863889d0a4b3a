import { type Command, Option } from 'commander';
import { EXPORT_FORMATS, FORMATS } from '../logs/trajectories/formats.ts';
import { collect, number, pace, port, whole } from './options.ts';

/** Adds the commands that work on logs. `done` takes the exit code. */
export function addLogCommands(program: Command, done: (exitCode: number) => void): void {
  const logCommand = (name: string, summary: string, argument = '<log...>') =>
    program
      .command(name)
      .summary(summary)
      .description(`${summary}.`)
      .argument(argument, 'a log of `run` or `demo`; the files of a rotated one in order')
      .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
      .option('--verbose', 'print stacks of unexpected errors');

  logCommand('replay', 'Makes the decisions and commands of a log again and compares them bit for bit')
    .option('--verify', 'compare with what the log holds; exit code 1 where anything differs')
    .option('--set <key=value>', "override one key of the log's config: what would have been; repeatable", collect, [])
    .option('--with <part=file>', 'other weights, e.g. policies.residual=FILE; repeatable', collect, [])
    .option('--html <file>', 'without a mode: write what would have been as a report that opens offline')
    .option('--from <s>', 's since the first message: what is reported or published begins there', number('--from'))
    .option('--to <s>', 'and ends there', number('--to'))
    .option('--in-sim', 'execute the commands in the simulated world: how do it and the log part?')
    .option(
      '--closed-loop',
      'let policies and gate begin anew in the simulated world where the episodes of the log began',
    )
    .option('--to-ros', 'publish the log on a rosbridge server, with /clock, until its end or Ctrl-C')
    .option('--speed <x>', 'with --to-ros: so many times real time, or max; 1 without it', pace)
    .option('--loop', 'with --to-ros: again and again')
    .option('--topic <name>', 'with --to-ros: only this topic, a command too; repeatable', collect, [])
    .option('--port <port>', 'with --to-ros: listen here; 9090 without it', port('--port'))
    .option('--host <host>', 'with --to-ros: listen on this address; 127.0.0.1 without it')
    .option('--token-file <file>', 'with --to-ros: a secret that clients must show')
    .action(async (logs: string[], given) => {
      done(await (await import('./replay.ts')).replay(logs, given));
    });

  logCommand(
    'identify',
    'Parameters of the simulated world with which the commands of a log give its states most nearly',
  )
    .option(
      '--parameter <name>',
      'joint_damping, joint_friction, payload or friction; repeatable. All without it',
      collect,
      [],
    )
    .option('--set <key=value>', "override one key of the log's config first; repeatable", collect, [])
    .option('--from <s>', 's since the first message: only what is from there on counts', number('--from'))
    .option('--to <s>', 'and up to there', number('--to'))
    .option('--evaluations <n>', 'execute the log at most so often', whole('--evaluations', 10, 100_000, 'evaluations'))
    .option('--out <file>', 'write a run file with the found world')
    .option('--force', 'write over a file that is there')
    .action(async (logs: string[], given) => {
      done(await (await import('./identify.ts')).identifyLog(logs, given));
    });

  logCommand(
    'inspect',
    'What is in a log: rates, gaps, modes, interventions, risk, latency; the readable part of a damaged one',
  )
    .option('--repair', 'write what can be read to a new file, with index and footer; the file itself is never changed')
    .option('--out <file>', 'with --repair: the new file; <file>_repaired.mcap without it')
    .option('--html <file>', 'write a report that opens offline: time lines, and each intervention a place to jump to')
    .action(async (logs: string[], given) => {
      done(await (await import('./inspect.ts')).inspect(logs, given));
    });

  logCommand('explain', 'The whole chain of one command: what was sensed, decided, judged, cut and sent')
    .requiredOption('--at <s>', 'when, s since the first message; the first tick from there on', number('--at'))
    .action(async (logs: string[], given) => {
      done(await (await import('./explain.ts')).explain(logs, given));
    });

  const converting = (name: string, summary: string, argument: string, what: string) =>
    program
      .command(name)
      .summary(summary)
      .description(`${summary}.`)
      .argument(argument, what)
      .option('--topic <name>', 'only the numbers of this topic; repeatable', collect, [])
      .option('--force', 'write over a file that is there')
      .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
      .option('--verbose', 'print stacks of unexpected errors');

  converting(
    'import',
    'Numbers of a ROS 1 or ROS 2 bag, an MCAP, a LeRobot dataset, robomimic or ALOHA HDF5, or a CSV file as a log',
    '<file>',
    'a file of another recorder, or the folder of a ROS 2 bag or LeRobot dataset',
  )
    .requiredOption('--out <log>', 'MCAP file to write')
    .addOption(new Option('--from <format>', 'instead of what the file itself and its name say').choices(FORMATS))
    .option('--time <column>', 'CSV: column of the time, s; ns, us or ms when its name ends in _ns, _us or _ms')
    .option('--episode <column>', 'CSV: column of the episode number')
    .option('--channel <name=columns>', 'CSV: a channel of these columns, with commas; repeatable', collect, [])
    .action(async (file: string, given) => {
      done(await (await import('./import.ts')).importFile(file, given));
    });

  converting(
    'export',
    'Numbers of a log as CSV or as a LeRobot dataset',
    '<log>',
    'ours, of `import`, or of ros2 bag (MCAP)',
  )
    .requiredOption('--out <path>', 'CSV file, or new folder of the dataset')
    .addOption(new Option('--format <format>', 'what to write').choices(EXPORT_FORMATS).default('csv'))
    .option('--fps <n>', 'LeRobot: frames a second', whole('--fps', 1, 10_000, 'frames a second'))
    .option(
      '--feature <name=channels>',
      'LeRobot: a feature of these channels, with commas; repeatable. Without it each channel is one',
      collect,
      [],
    )
    .option('--task <text>', 'LeRobot: what was to be done, in episodes that do not say it', '')
    .option('--robot-type <name>', 'LeRobot: as info.json has it')
    .action(async (log: string, given) => {
      done(await (await import('./export.ts')).exportLog(log, given));
    });
}
