import { writeFileSync } from 'node:fs';
import { shown } from '../core/config/source.ts';
import { ReflexArcError } from '../core/errors.ts';
import type { Verification } from '../logs/verify.ts';
import type { Window } from '../logs/window.ts';
import { LiveLine, table } from './output.ts';
import { modeOf, type ReplayOptions } from './replay-options.ts';
import { whatIfText } from './what-if-text.ts';

const PARTS = ['policies.base', 'policies.residual', 'policies.critic'];

/**
 * `reflexarc replay`: with `--verify` every decision and command made again and compared, 0 when all are identical, else 1;
 * with `--to-ros` the log is published, with `--in-sim` its commands are executed in the simulation, with `--closed-loop` its policies begin anew there; without a mode what another config or other weights would have done with the same inputs.
 */
export async function replay(logs: readonly string[], options: ReplayOptions): Promise<number> {
  const { mode, window } = modeOf(options);
  if (mode === 'toRos') return (await import('./replay-to-ros.ts')).replayToRos(logs, options, window);
  if (mode === 'inSim') return (await import('./replay-in-sim.ts')).replayInSim(logs, options, window);
  const stream = options.json ? process.stderr : process.stdout;
  const sets = [...options.set, ...options.with.map(weightsOf)];
  if (mode === 'closedLoop') return (await import('./replay-in-sim.ts')).replayClosedLoop(logs, sets, options, window);
  if (mode === 'whatIf') return askWhatIf(logs, sets, options, window, stream);
  const { verifyLog } = await import('../logs/verify.ts');
  const live = new LiveLine(stream);
  let shownS = 0;
  const onProgress = (atS: number) => {
    if (atS - shownS < 1) return;
    shownS = atS;
    live.show(`${atS.toFixed(0)} s`);
  };
  const v = await verifyLog(logs, sets, onProgress, window);
  live.done();
  stream.write(`${table(rows(logs, v))}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(v)}\n`);
  return v.mismatches + v.decisions_mismatched + v.unverified > 0 || v.first_mismatch !== null ? 1 : 0;
}

/** What would have been different. Returns 0: that there is a difference is no failure. */
async function askWhatIf(
  logs: readonly string[],
  sets: readonly string[],
  { json, html }: ReplayOptions,
  window: Window,
  stream: NodeJS.WriteStream,
): Promise<number> {
  const w = await (html === undefined
    ? (await import('../logs/what-if.ts')).whatIf(logs, sets, () => {}, window)
    : report());
  stream.write(`${whatIfText(w)}\n`);
  if (html !== undefined) stream.write(`report  ${shown(html)}\n`);
  if (json) process.stdout.write(`${JSON.stringify(w)}\n`);
  return 0;

  async function report() {
    const made = await (await import('../logs/what-if-report.ts')).whatIfReport(logs, sets, window);
    writeFileSync(html!, made.html);
    return made.result;
  }
}

/** `policies.residual=FILE` as the override that names the file; its digest is taken as it is. */
function weightsOf(text: string): string {
  const at = text.indexOf('=');
  const part = text.slice(0, Math.max(at, 0));
  if (!PARTS.includes(part))
    throw new ReflexArcError('RA_USAGE', { seen: `--with ${text}`, allowed: PARTS.map((p) => `${p}=FILE`).join(', ') });
  return `${part}.path=${text.slice(at + 1)}`;
}

function rows(logs: readonly string[], v: Verification): [string, string][] {
  const first = v.first_mismatch;
  return [
    ['log', logs.map(shown).join(', ')],
    ['commands', `${v.commands}: ${v.identical} identical, ${v.mismatches} different, ${v.unverified} not verifiable`],
    [
      'decisions',
      `${v.decisions}: ${v.decisions_identical} identical, ${v.decisions_mismatched} different, ${v.decisions_unverified} not verifiable`,
    ],
    ...(v.journal_lost > 0 || v.first_gap_s !== null
      ? [
          ['journal', `${v.journal_lost} calls are missing, first at ${v.first_gap_s?.toFixed(3)} s`] as [
            string,
            string,
          ],
        ]
      : []),
    ...v.changes.map((change): [string, string] => ['changed', change]),
    ...v.changes.flatMap((change): [string, string][] => {
      const part = /^(policies\.\w+): weights/.exec(change)?.[1];
      return part === undefined
        ? []
        : [['', `the log's own weights: --with ${part}=FILE, of the checkout that recorded it`]];
    }),
    [
      'first difference',
      first === null
        ? 'none'
        : `${first.at_s.toFixed(3)} s, ${first.what} ${first.seq}: ${first.field} ${first.logged} in the log, ${first.made} made; ${first.because}`,
    ],
    ['speed', `${v.speed_x_realtime.toFixed(1)} x real time, ${v.duration_s.toFixed(1)} s`],
  ];
}
