import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Argument, Command, CommanderError, Option } from 'commander';
import { formatRun, type LoadedRun, loadRun } from '../core/config/load.ts';
import { ReflexArcError } from '../core/errors.ts';
import { packageRoot } from '../core/paths.ts';
import { BENCH_NAMES, benches } from './bench/registry.ts';
import { addJudgingCommands } from './judging-commands.ts';
import { addLogCommands } from './log-commands.ts';
import { collect, episodes, port, seed, speed, whole } from './options.ts';
import { type ReportOptions, report } from './report.ts';
import { addTrainingCommands } from './training-commands.ts';

const SHIPPED_RUN = join(packageRoot, 'configs/runs/peg.yaml');

/** How errors are shown, by the arguments that a command was given. */
export const reporting = (argv: readonly string[]): ReportOptions => ({
  json: argv.includes('--json'),
  verbose: argv.includes('--verbose'),
});

/**
 * The command line, without the process around it: runs one command to its end and answers with its exit code. What goes wrong is
 * told on stderr. Commands are loaded when they are called, so that `--help` does not wait for a physics engine, and a config is
 * loaded before its command, so that a slip in it is told at once.
 */
export async function commandLine(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  try {
    await build((code) => {
      exitCode = code;
    }).parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const options = reporting(argv);
    return error instanceof CommanderError ? fromCommander(error, options) : report(error, options);
  }
}

/** Loads the run for its errors and warnings. True: it was printed, and there is nothing left to do. */
function checked(file: string, { set, printConfig }: { set: string[]; printConfig?: boolean }): boolean {
  const run: LoadedRun = loadRun(file, set);
  for (const warning of run.warnings) process.stderr.write(`warning  ${warning}\n`);
  if (printConfig) process.stdout.write(formatRun(run.config));
  return printConfig === true;
}

/** A command on a run: the config argument and the options that all of them share. */
function runCommand(program: Command, name: string, summary: string): Command {
  return program
    .command(name)
    .summary(summary)
    .description(`${summary}.`)
    .argument('[config]', 'run file; without it the shipped configs/runs/peg.yaml', SHIPPED_RUN)
    .option('--set <key=value>', 'override one key of the config, e.g. safety.force_limit=25; repeatable', collect, [])
    .option('--print-config', 'print the resolved config as YAML and end')
    .option('--json', 'one JSON object as the last line of stdout; everything else goes to stderr')
    .option('--verbose', 'print stacks of unexpected errors');
}

const withSeed = (command: Command) =>
  command.option('--seed <n>', 'seed of all chance, instead of the one in the config', seed);
const withSpeed = (command: Command) =>
  command.addOption(
    new Option('--speed <speed>', 'real time, or as fast as the machine allows')
      .argParser(speed)
      .default('real', 'real; or max'),
  );

function build(done: (code: number) => void): Command {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
  const program = new Command('reflexarc')
    .description(
      'Robot control middleware: a frozen base policy, a learned residual, and a safety layer between them and the robot.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => {} });

  withSpeed(withSeed(runCommand(program, 'demo', 'Simulated robot, daemon and console, episode after episode')))
    .option('--headless', 'without the console; stops for a person are cleared by the script')
    .option('--episodes <n>', 'end after so many; without it, until Ctrl-C', episodes)
    .option('--no-log', 'record nothing')
    .option('--console-port <port>', 'console, instead of daemon.console_port', port('--console-port'))
    .option('--ros-port <port>', "the daemon's ROS server, instead of daemon.ros_port", port('--ros-port'))
    .option(
      '--foxglove-port <port>',
      'live view for Foxglove and Lichtblick, instead of daemon.foxglove_port; 0: none',
      port('--foxglove-port'),
    )
    .option('--sim-port <port>', "the simulated robot, instead of bridge.url's", port('--sim-port'))
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./demo.ts')).demo(file, given));
    });

  withSpeed(withSeed(runCommand(program, 'sim', 'Simulated robot on a rosbridge server')))
    .option('--port <port>', "listen here, instead of bridge.url's port", port('--port'))
    .action(async (file, given) => {
      if (given.printConfig && checked(file, given)) return;
      done(await (await import('./sim.ts')).sim(file, given));
    });

  withSeed(runCommand(program, 'run', 'The daemon on the robot host; starts disarmed'))
    .option('--dry-run', 'check everything that can be checked without the robot, then end')
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./run.ts')).run(file, given));
    });

  runCommand(program, 'check', 'Offline check of a config, its files, digests and network shapes').action(
    async (file, given) => {
      if (given.printConfig && checked(file, given)) return;
      done(await (await import('./check.ts')).check(file, given));
    },
  );

  runCommand(program, 'doctor', 'Live, read-only checks of the host, the bridge and its topics').action(
    async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./doctor.ts')).doctor(file, given));
    },
  );

  program
    .command('init')
    .summary('A run file from what a robot says of itself')
    .description(
      "A run file from a robot's URDF, joint_limits.yaml and ROS graph, that `check` accepts and that moves nothing.",
    )
    .option('--urdf <file>', "the robot's description, with its macros expanded")
    .option('--robot-description', 'take what the robot publishes or has as the parameter robot_description')
    .option('--joint-limits <file>', 'joint_limits.yaml of MoveIt: accelerations, jerks, tighter limits')
    .option('--tip <link>', 'link where the arm ends; without it, the longest chain of moving joints')
    .option('--bridge <url>', 'ROS websocket bridge of the robot, asked for its topics')
    .option('--token-file <file>', 'token that the bridge wants, as `bridge.token_file` has it')
    .option('--ca-file <file>', 'of a wss bridge: certificate authorities to trust, as `bridge.ca_file` has it')
    .option('--name <name>', "of the run; the robot's without it")
    .option('--out <file>', 'run file to write; <name>.yaml without it')
    .option('--force', 'write over a file that is there')
    .option('--json', 'one JSON object as the last line of stdout')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (given) => {
      done(await (await import('./init.ts')).init(given));
    });

  addTrainingCommands(program, { run: runCommand, checked, done });
  addJudgingCommands(program, { config: SHIPPED_RUN, run: runCommand, checked, done });

  program
    .command('bench')
    .description('Measure beside a peer, in the same run.')
    .addArgument(
      new Argument(
        '<name>',
        Object.entries(benches)
          .map(([name, b]) => `${name}: ${b.summary}`)
          .join('; '),
      ).choices(BENCH_NAMES),
    )
    .argument('[config]', 'run file; without it the shipped configs/runs/peg.yaml', SHIPPED_RUN)
    .option('--set <key=value>', 'override one key of the config; repeatable', collect, [])
    .option('--samples <n>', 'samples of each subject', whole('--samples', 1, 1_000_000, 'samples'))
    .option('--seconds <n>', 'how long a soak goes on', whole('--seconds', 1, 86_400, 'seconds'))
    .option('--case <name...>', 'of `learning`: only these')
    .option('--arm <name...>', 'of `learning --case peg`: only these of what is trained')
    .option('--seeds <n>', 'of `learning`: training seeds', whole('--seeds', 1, 1000, 'seeds'))
    .option(
      '--steps <n>',
      'of `learning`: steps or episodes of each run; of `practice`: episodes',
      whole('--steps', 1, 100_000_000, 'steps'),
    )
    .option(
      '--out <folder>',
      'of `learning`: runs are kept here, and not made again; of `practice`: it is gone on with',
    )
    .option('--json', 'one JSON object as the last line of stdout')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (name, file, given) => {
      done(await (await import('./bench/index.ts')).bench(name, file, given));
    });

  addLogCommands(program, done);

  program
    .command('ladder')
    .description("Write a page on which to play with the gate's ladder of modes: flags in, mode out.")
    .requiredOption('--html <file>', 'the page goes there; it needs no server')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async ({ html }) => {
      done((await import('./ladder.ts')).ladder(html));
    });

  program
    .command('schema')
    .description('Print the JSON Schema of a config file, for editors.')
    .argument('[name]', 'run, robot, task or safety', 'run')
    .option('--write <folder>', 'write all of them there')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (name, given) => {
      done((await import('./schema.ts')).schema(name, given));
    });
  return program;
}

/** Help that was asked for is no error; everything else commander refuses is a usage error. */
function fromCommander(error: CommanderError, options: ReportOptions): number {
  if (error.exitCode === 0) return 0;
  // No command was named, and commander has printed what there is.
  if (error.code === 'commander.help') return 2;
  const seen = error.message.replace(/^error: /, '').replace(/\n\(Did (.*)\)$/, '; did $1');
  return report(
    new ReflexArcError('RA_USAGE', { seen, allowed: 'what `reflexarc --help` and `reflexarc <command> --help` list' }),
    options,
  );
}
