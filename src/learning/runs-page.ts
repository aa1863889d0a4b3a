import { type Chart, chartSvg, type Series } from './judging/chart.ts';
import type { CurveRow, readRuns } from './run-folder.ts';
import type { EvaluationPoint } from './trainer.ts';

type Run = ReturnType<typeof readRuns>[number];

/** Runs of one name: the seeds of one experiment. */
export function byName(runs: readonly Run[]): [name: string, runs: Run[]][] {
  const groups = new Map<string, Run[]>();
  for (const run of runs) groups.set(run.record.name, [...(groups.get(run.record.name) ?? []), run]);
  return [...groups];
}

const CHARTS: { title: string; label: string; of(point: EvaluationPoint): number; range?: [number, number] }[] = [
  { title: 'Return', label: 'mean return', of: (p) => p.return_mean },
  { title: 'Success', label: 'share of episodes', of: (p) => p.success_rate, range: [0, 1] },
  { title: 'Violations', label: 'share of episodes', of: (p) => p.violation_rate, range: [0, 1] },
];

/**
 * Learning curves of all runs of a folder as one page that needs nothing else: for each task return, success and violations,
 * a line for each name, the mean over its seeds, with a band of one standard deviation.
 */
export function runsPage(runs: readonly Run[]): string {
  const tasks = [...new Set(runs.map((r) => r.record.task))];
  const sections = tasks.map((task) => {
    const groups = byName(runs.filter((r) => r.record.task === task));
    const charts = CHARTS.map(({ title, label, of, range }) =>
      chartSvg({
        title: `${task}: ${title.toLowerCase()}`,
        x: { label: 'decisions' },
        y: { label, ...(range && { range }) },
        series: groups.map(([name, of_]) => meanSeries(name, of_, of)),
      } satisfies Chart),
    );
    const evaluated = groups.some(([, of_]) => of_.some(({ curve }) => curve.some(isEvaluation)));
    return `<h2>${escaped(task)}</h2>\n${[...(evaluated ? charts : []), ...figureCharts(task, groups)].join('\n')}`;
  });
  const rows = runs.map(({ record }) => `<tr>${cellsOf(record).map(cell).join('')}</tr>`);
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Training runs</title>
<style>body{font:14px system-ui,sans-serif;margin:2rem}td,th{padding:0.1rem 0.8rem;text-align:right}svg{margin:0.5rem}</style>
${sections.join('\n')}
<table><tr>${RUN_COLUMNS.map((c) => `<th>${c}</th>`).join('')}</tr>
${rows.join('\n')}
</table></html>
`;
}

export const RUN_COLUMNS = [
  ...[
    'run',
    'algorithm',
    'seed',
    'steps',
    'return',
    'success',
    'violations',
    'wall s',
    'steps/s',
    'commit',
    'started',
    'figures',
  ],
] as const;

/** A run as the cells of a table; what is not known yet is empty. */
export function cellsOf({ final, ...r }: Run['record']): string[] {
  const percent = (share: number | undefined) => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);
  return [
    ...[r.name, r.algorithm, String(r.seed), r.complete ? String(r.steps_done) : `${r.steps_done} of ${r.steps}`],
    ...[final ? final.return_mean.toFixed(2) : '', percent(final?.success_rate), percent(final?.violation_rate)],
    ...[String(r.wall_s), r.wall_s > 0 ? String(Math.round(r.steps_done / r.wall_s)) : '', r.commit],
    ...[r.started.slice(0, 16).replace('T', ' '), figuresOf(r.figures)],
  ];
}

const figuresOf = (figures: Run['record']['figures'] = {}): string =>
  Object.entries(figures)
    .flatMap(([name, value]) => (Number.isFinite(value) ? [`${name} ${Number(value!.toPrecision(4))}`] : []))
    .join(', ');

/** Runs of courses (course.ts): a chart for each figure of each name, since a pass over data and an update are not the same step. */
const figureCharts = (task: string, groups: readonly [name: string, runs: Run[]][]): string[] =>
  groups.flatMap(([name, runs]) => {
    const rows = ({ curve }: Run) => curve.flatMap((row) => (row.kind === 'figures' ? [row] : []));
    const figures = [...new Set(runs.flatMap(rows).flatMap((row) => Object.keys(row.figures)))];
    return figures.map((figure) =>
      chartSvg({
        title: `${task}: ${name}, ${figure}`,
        x: { label: 'steps' },
        y: { label: figure },
        series: [
          meanOf(
            runs.length > 1 ? `${name}, ${runs.length} seeds` : name,
            // NaN is null in JSON: what was not known yet.
            runs.map((run) => rows(run).filter((row) => Number.isFinite(row.figures[figure]))),
            (row) => row.figures[figure]!,
          ),
        ],
      }),
    );
  });

const meanSeries = (name: string, runs: readonly Run[], of: (point: EvaluationPoint) => number): Series =>
  meanOf(
    runs.length > 1 ? `${name}, ${runs.length} seeds` : name,
    runs.map(({ curve }) => curve.filter(isEvaluation)),
    of,
  );

/** The mean over curves at the steps of the first, which all of them have points at about. */
function meanOf<P extends { steps: number }>(name: string, curves: readonly P[][], of: (point: P) => number): Series {
  const longest = Math.max(0, ...curves.map((c) => c.length));
  const points: [number, number][] = [];
  const band: [number, number, number][] = [];
  for (let k = 0; k < longest; k++) {
    const at = curves.flatMap((c) => c[k] ?? []);
    const values = at.map(of);
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const sd = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / Math.max(1, values.length - 1));
    const steps = at.reduce((s, p) => s + p.steps, 0) / at.length;
    points.push([steps, mean]);
    if (values.length > 1) band.push([steps, mean - sd, mean + sd]);
  }
  return { name, points, band };
}

const isEvaluation = (row: CurveRow): row is CurveRow & { kind: 'evaluation' } => row.kind === 'evaluation';
const cell = (text: string) => `<td>${escaped(text)}</td>`;
const escaped = (text: string) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);
