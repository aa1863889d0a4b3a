import { resolve } from 'node:path';
import { loadRun } from '../core/config/load.ts';
import { shown } from '../core/config/source.ts';
import { BC_DEFAULTS, type BcProgress, trainBc } from '../learning/behaviour-cloning.ts';
import { LiveLine, table } from './output.ts';

export interface TrainBaseOptions {
  out: string;
  episodes?: number;
  epochs?: number;
  seed?: number;
  json?: boolean;
  set: string[];
}

/** Where there is no terminal, progress is a line at every tenth of a phase. */
const PARTS = 10;

/**
 * `reflexarc train bc`: demonstrations, behaviour cloning, weights and manifest in `options.out`. The first Ctrl-C ends
 * training and saves what there is; the second ends the process. Returns the exit code.
 */
export async function trainBase(file: string, options: TrainBaseOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const stream = options.json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const abort = new AbortController();
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(1);
    abort.abort();
    live.line('ending early; what there is will be saved (Ctrl-C again ends at once)');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  let told = '';
  const onProgress = (progress: BcProgress) => {
    const text = progressLine(progress);
    live.show(text);
    const part = `${progress.phase} ${Math.floor((progress.done / progress.of) * PARTS)}`;
    const last = progress.done === progress.of;
    if (part === told || (stream.isTTY && !last)) return;
    told = part;
    live.line(text);
  };
  const { episodes = BC_DEFAULTS.episodes, epochs = BC_DEFAULTS.epochs, seed = config.seed } = options;
  const out = resolve(options.out);
  const made = await trainBc(config, {
    ...BC_DEFAULTS,
    ...{ out, episodes, epochs, seed, onProgress, signal: abort.signal },
  });
  live.done();
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);

  stream.write(
    `${table([
      ['weights', shown(made.file)],
      ['sha256', made.sha256],
      ['data', `${made.demonstrations} successful demonstrations, ${made.transitions} steps, seed ${seed}`],
      [
        'loss',
        `${made.loss.toPrecision(4)}, held out ${made.validationLoss.toPrecision(4)}, after ${made.epochs} passes`,
      ],
      ['backend', made.backend],
      made.epochs === 0
        ? ['note', 'ended before the first pass over the data: these weights have learned nothing']
        : ['next', 'name file and digest in a run: policies.base.path, policies.base.sha256'],
    ])}\n`,
  );
  if (options.json) process.stdout.write(`${JSON.stringify({ ...made, seed, complete: !abort.signal.aborted })}\n`);
  // Saved before the first pass over the data, the weights are those of a newborn.
  return made.epochs === 0 ? 1 : 0;
}

/** `training 320/800 40 %  loss 0.01234  held out 0.01301  1250 /s  12 s left` */
export function progressLine({ phase, done, of, loss, validationLoss, stepsPerS, etaS }: BcProgress): string {
  const number = (label: string, value: number) => (Number.isFinite(value) ? `  ${label} ${value.toPrecision(4)}` : '');
  return (
    `${phase} ${done}/${of} ${Math.floor((100 * done) / of)} %` +
    `${number('loss', loss)}${number('held out', validationLoss)}` +
    `  ${stepsPerS < 10 ? stepsPerS.toFixed(1) : Math.round(stepsPerS)} /s  ${Math.ceil(etaS)} s left`
  );
}
