import { type Command, Option } from 'commander';
import { METRICS } from '../learning/judging/metrics.ts';
import { collect, episodes, seed, share, whole } from './options.ts';

export interface JudgingParts {
  /** The shipped run. */
  config: string;
  /** Makes a command on a run. */
  run(program: Command, name: string, summary: string): Command;
  /** Loads the run for its errors; true: there is nothing left to do. */
  checked(file: string, given: { set: string[]; printConfig?: boolean }): boolean;
  /** Takes the exit code. */
  done(exitCode: number): void;
}

const withSeed = (command: Command) =>
  command.option('--seed <n>', 'seed of the first episode, instead of the one in the config', seed);

/** Adds the commands that judge policies and critics. */
export function addJudgingCommands(program: Command, { config, run, checked, done }: JudgingParts): void {
  withSeed(run(program, 'eval', 'Success, violations and interventions over many simulated episodes'))
    .option('--episodes <n>', 'how many; 100 without it', episodes)
    .addOption(
      new Option('--without <part...>', 'leave a learned part out, to see what it is worth').choices([
        'residual',
        'critic',
      ]),
    )
    .option(
      '--expert-episodes <n>',
      'episodes of the scripted expert, to count interventions that nobody needed; 20 without it, 0 for none',
      whole('--expert-episodes', 0, 1_000_000, 'how many episodes of the expert'),
    )
    .option('--out <file>', 'write the scores of every episode there, for `compare`')
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./eval.ts')).evalRun(file, given));
    });

  withSeed(run(program, 'calibrate', 'A threshold of the risk critic with a guarantee, from held-out episodes'))
    .option('--episodes <n>', 'held-out episodes; 300 without it', episodes)
    .option(
      '--expert-episodes <n>',
      'episodes of the scripted expert, for false interventions; 60 without it',
      episodes,
    )
    .addOption(
      new Option('--without <part...>', 'calibrate on the base alone, which breaks limits more often').choices([
        'residual',
      ]),
    )
    .option('--missed <share>', 'of the violations that may come without a warning', share('--missed'), 0.1)
    .option('--confidence <share>', 'with which that holds', share('--confidence'), 0.95)
    .option('--lead-ms <n>', 'a warning comes at least so long before', whole('--lead-ms', 0, 10_000, 'ms'), 50)
    .option('--html <file>', 'write the reliability diagram there')
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./calibrate.ts')).calibrateRun(file, given));
    });

  program
    .command('compare')
    .summary('Which is better? Stops as soon as that is known')
    .description(
      'Compare two or more by AdaStop: at most a share --level of all such comparisons calls equals different, and no more episodes are used than are needed.',
    )
    .argument(
      '<arm...>',
      'name, or name:key=value,key=value for a run with these keys: evaluated now, all on the same seeds; or files of `eval --out`; or a CSV of scores',
    )
    .option('--config <file>', 'run file of the arms; without it the shipped configs/runs/peg.yaml', config)
    .option('--set <key=value>', 'override one key of the config in every arm; repeatable', collect, [])
    .addOption(new Option('--metric <metric>', 'what an episode is scored by').choices(METRICS).default('success'))
    .option('--episodes <n>', 'scores of each arm at each look; without it 40, or all there are', episodes)
    .option('--interims <n>', 'looks at most', whole('--interims', 1, 100, 'looks at most'), 5)
    .option('--level <share>', 'family-wise error', share('--level'), 0.05)
    .option('--seed <n>', 'seed of the first episode, instead of the one in the config', seed)
    .option('--no-paired', 'exchange scores of different seeds too')
    .option('--as-published', 'the signed statistic of the published code, which calls a difference too easily')
    .option('--json', 'one JSON object as the last line of stdout')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (arms, given) => {
      // Commander's default for a negated option is true: what was not said is left to the arms.
      const paired = given.paired === false ? { paired: false } : {};
      done(await (await import('./compare.ts')).compare(arms, { ...given, paired: undefined, ...paired }));
    });
}
