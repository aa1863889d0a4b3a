import { shown } from '../core/config/source.ts';
import { LiveLine, table } from './output.ts';

/** Where there is no terminal, progress is a line at every tenth of a phase. */
const PARTS = 10;

export interface Progress {
  /** What is done now: `demonstrations`, `training`, … */
  phase: string;
  done: number;
  of: number;
  /** Figures worth a look, by name; those that are not known yet are NaN. */
  figures?: Readonly<Record<string, number>>;
}

/** What a training is given: where to tell progress, and the person's wish to end early. */
export interface Training {
  progress(progress: Progress): void;
  /** A line that stays. */
  say(text: string): void;
  signal: AbortSignal;
}

/**
 * Runs a training on a terminal: a live line, the first Ctrl-C ends it and saves what there is, the second ends the
 * process. `work` returns the rows of its summary and the object for `--json`.
 */
export async function train<T extends object>(
  { json }: { json?: boolean },
  work: (training: Training) => Promise<{ rows: [string, string][]; made: T }>,
): Promise<T> {
  const stream = json ? process.stderr : process.stdout;
  const live = new LiveLine(stream);
  const abort = new AbortController();
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(1);
    abort.abort();
    live.line('ending early; what there is will be saved (Ctrl-C again ends at once)');
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const pace = new Pace();
  let told = '';
  const { rows, made } = await work({
    signal: abort.signal,
    say: (text) => live.line(text),
    progress: (progress) => {
      const text = progressLine(progress, pace.of(progress));
      live.show(text);
      const part = `${progress.phase} ${Math.floor((progress.done / progress.of) * PARTS)}`;
      if (part === told || (stream.isTTY && progress.done < progress.of)) return;
      told = part;
      live.line(text);
    },
  }).finally(() => {
    live.done();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  });
  stream.write(`${table(rows)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ ...made, complete: !abort.signal.aborted })}\n`);
  return made;
}

/** Rows that name what to do with new weights. */
export const weightRows = (kind: 'base' | 'residual' | 'critic', file: string, sha256: string): [string, string][] => [
  ['weights', shown(file)],
  ['sha256', sha256],
  ['next', `name file and digest in a run: policies.${kind}.path, policies.${kind}.sha256`],
];

/** How many a second, since the phase began. */
export class Pace {
  #phase = '';
  #began = 0;
  #from = 0;

  of({ phase, done, of }: Progress): { perS: number; etaS: number } {
    const now = performance.now();
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#began = now;
      this.#from = done;
    }
    const perS = ((done - this.#from) / (now - this.#began)) * 1000;
    return { perS, etaS: (of - done) / perS };
  }
}

/** `training 320/800 40 %  loss 0.01234  held out 0.01301  1250 /s  12 s left` */
export function progressLine(
  { phase, done, of, figures = {} }: Progress,
  pace: { perS: number; etaS: number },
): string {
  const numbers = Object.entries(figures)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => `  ${name} ${value.toPrecision(4)}`);
  const { perS, etaS } = pace;
  const rate = Number.isFinite(perS) ? `  ${perS < 10 ? perS.toFixed(1) : Math.round(perS)} /s` : '';
  const left = Number.isFinite(etaS) ? `  ${Math.ceil(etaS)} s left` : '';
  return `${phase} ${done}/${of} ${Math.floor((100 * done) / of)} %${numbers.join('')}${rate}${left}`;
}
