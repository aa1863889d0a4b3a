#!/usr/bin/env node
import { commandLine, reporting } from './command-line.ts';
import { report } from './report.ts';

/** The process of the command line. */
const argv = process.argv.slice(2);

// A reader that goes away (`| head`) ends what we print, not what we do.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
const died = (error: unknown) => process.exit(report(error, reporting(argv)));
process.on('uncaughtException', died);
process.on('unhandledRejection', died);

// A handle that was left open must not keep a finished command alive; pipes and files are written synchronously here.
process.exit(await commandLine(argv));
