import type { Command } from 'commander';
import { collect, number } from './options.ts';

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
}
