import type { Command } from 'commander';
import { collect } from './options.ts';

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
    .action(async (logs: string[], given) => {
      done(await (await import('./replay.ts')).replay(logs, given));
    });

  logCommand('inspect', 'What is in a log, and whether all of it can be read', '<file>')
    .option('--repair', 'write what can be read to a new file, with index and footer; the file itself is never changed')
    .option('--out <file>', 'with --repair: the new file; <file>_repaired.mcap without it')
    .action(async (file: string, given) => {
      done(await (await import('./inspect.ts')).inspect(file, given));
    });
}
