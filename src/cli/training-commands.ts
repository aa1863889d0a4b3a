import { type Command, Option } from 'commander';
import type { JudgingParts } from './judging-commands.ts';
import { collect, episodes, number, port, seed, whole } from './options.ts';

const relabelling = () =>
  new Option(
    '--relabelling <action>',
    'where the gate acted, what is learned about: the action that was `executed` (so without it) or the one that was `proposed`',
  ).choices(['executed', 'proposed']);
const timeouts = () =>
  new Option(
    '--timeouts <what>',
    'of an episode that was cut short the last value is asked for: `bootstrap` (so without it); or it is an `end`',
  ).choices(['end', 'bootstrap']);

/** Adds `train` and `runs`. */
export function addTrainingCommands(program: Command, { run, checked, done }: Omit<JudgingParts, 'config'>): void {
  const train = program.command('train').description('Train a policy.');
  const trains = (name: string, summary: string) =>
    run(train, name, summary)
      .option('--seed <n>', 'seed of all chance, instead of the one in the config', seed)
      .option('--out <folder>', 'weights and manifest go here', 'trained');
  const resumes = 'go on from the checkpoint in --out';
  const passes = whole('--epochs', 1, 100_000, 'passes over the data');
  trains('bc', 'Behaviour cloning of the base policy from demonstrations of the scripted expert')
    .option('--episodes <n>', 'demonstrations', episodes)
    .option('--epochs <n>', 'passes over the data', passes)
    .option('--from <log>', 'demonstrations of this log of `import`, in place of those of the scripted expert')
    .option('--observation <channel>', 'with --from: what the policy sees', 'observation.state')
    .option('--action <channel>', 'with --from: what it shall do there, in [-1, 1]', 'action')
    .option('--resume', resumes)
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./train.ts')).trainBase(file, given));
    });
  trains('residual', "A correction of the run's frozen base: residual RL from sparse success")
    .option('--steps <n>', 'decisions of training', whole('--steps', 1, 100_000_000, 'decisions of training'))
    .option(
      '--demonstrations <n>',
      'successful episodes of the scripted expert to begin with; 150 without it, 0 with --from',
      whole('--demonstrations', 0, 100_000, 'how many demonstrations'),
    )
    .option(
      '--from <log>',
      'begin with the episodes of this log of `run`, `demo` or `import`; repeatable, files of one recording in order',
      collect,
      [],
    )
    .option('--observation <channel>', 'in a log of `import`: what the residual sees', 'observation.state')
    .option('--base-observation <channel>', 'what the base sees; as --observation without it')
    .option('--action <channel>', 'what was done there, in [-1, 1]', 'action')
    .option('--reward <channel>', 'what it was worth; above 0, the episode is a success', 'next.reward')
    .option('--done <channel>', 'not 0 where the episode ended for good', 'next.done')
    .addOption(
      new Option('--policy <policy>', 'what the residual is learned by; td3 without it').choices(['td3', 'sac']),
    )
    .option(
      '--progressive <n>',
      "decisions after the warm-up over which the residual's bound grows from nothing to its whole; 0 without it",
      whole('--progressive', 0, 100_000_000, 'decisions of growth'),
    )
    .addOption(relabelling())
    .addOption(timeouts())
    .option('--resume', resumes)
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./train.ts')).trainResidual(file, given));
    });
  trains('critic', "The risk critic of the run's base and residual, from rough episodes of theirs")
    .option('--episodes <n>', 'episodes to collect; one in five is held out', episodes)
    .addOption(
      new Option('--method <method>', 'how it is fitted to them; monte-carlo without it').choices([
        'differences',
        'monte-carlo',
      ]),
    )
    .option('--epochs <n>', 'of `monte-carlo`: passes over the data', passes)
    .option('--updates <n>', 'of `differences`: updates', whole('--updates', 1, 10_000_000, 'updates'))
    .option('--pessimism <x>', 'of `differences`: how much more an untried aim is feared', number('--pessimism'))
    .option('--resume', resumes)
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./train.ts')).trainCritic(file, given));
    });

  run(program, 'learn', 'Learns a residual from the episodes of a daemon that practises, in a process of its own')
    .option('--seed <n>', 'seed of all chance, instead of the one in the config', seed)
    .option('--host <address>', 'listen here', '127.0.0.1')
    .option('--port <port>', "and here, instead of practice.learner's port", port('--port'))
    .option(
      '--demonstrations <n>',
      'successful episodes of the scripted expert to begin with; 150 in a task with a simulated world, else 0',
      whole('--demonstrations', 0, 100_000, 'how many demonstrations'),
    )
    .option(
      '--warm-up <n>',
      'decisions of the base with noise before anything is learned; 2000 without it',
      whole('--warm-up', 0, 1_000_000, 'decisions of warm-up'),
    )
    .addOption(relabelling())
    .addOption(timeouts())
    .action(async (file, given) => {
      if (checked(file, given)) return;
      done(await (await import('./learn.ts')).learn(file, given));
    });

  program
    .command('runs')
    .description('All training runs of a folder: what they were and what came of them.')
    .argument('[folder]', 'looked through with all that is below it', 'trained')
    .option('--html <file>', 'write their learning curves there')
    .option('--json', 'one JSON object as the last line of stdout')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (folder, given) => {
      done((await import('./runs.ts')).runs(folder, given));
    });

  program
    .command('rank')
    .summary("Does the Q of a training run rank actions? By returns of what it's asked about")
    .description(
      "In states of the policy's own episodes several actions are tried, each followed by the policy to the end; their returns are ranked beside what Q says of them. An actor climbs only what Q knows of actions.",
    )
    .argument('<folder>', 'of a run with a checkpoint: `train residual --out`, `bench learning --out`')
    .option('--episodes <n>', 'from which states are taken', episodes, 20)
    .option('--states <n>', 'of each episode', whole('--states', 1, 1000, 'states of an episode'), 4)
    .option('--actions <n>', 'tried in each state', whole('--actions', 2, 1000, 'actions of a state'), 8)
    .option(
      '--spread <x>',
      "standard deviation of the actions around the policy's own; without it half a residual's bound, else uniform",
      number('--spread'),
    )
    .option('--seed <n>', 'of the first episode, which no training had', seed, 60_000_000)
    .option('--json', 'one JSON object as the last line of stdout')
    .option('--verbose', 'print stacks of unexpected errors')
    .action(async (folder, given) => {
      done(await (await import('./rank.ts')).rank(folder, given));
    });
}
