import { writeFileSync } from 'node:fs';
import { shown } from '../core/config/source.ts';
import { ReflexArcError } from '../core/errors.ts';
import { readRuns } from '../learning/run-folder.ts';
import { byName, cellsOf, RUN_COLUMNS, runsPage } from '../learning/runs-page.ts';

/** `reflexarc runs [folder]`: a table of all training runs below it, and with `html` their curves. Returns the exit code. */
export function runs(folder: string, { html, json }: { html?: string; json?: boolean }): number {
  const found = readRuns(folder);
  if (found.length === 0)
    throw new ReflexArcError('RA_USAGE', {
      seen: `${folder}: no training run in it`,
      allowed: 'a folder that `reflexarc train --out`, `learn` or `bench learning --out` wrote to',
    });
  const rows = [[...RUN_COLUMNS], ...found.map(({ record }) => cellsOf(record))];
  const width = RUN_COLUMNS.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const lines = rows.map((row) =>
    row
      .map((text, c) => (c < 2 ? text.padEnd(width[c]!) : text.padStart(width[c]!)))
      .join('  ')
      .trimEnd(),
  );
  const means = byName(found).flatMap(([name, of]) => {
    const finals = of.flatMap(({ record }) => (record.complete && record.final ? [record.final] : []));
    if (finals.length < 2) return [];
    const mean = (value: (f: (typeof finals)[number]) => number) =>
      finals.reduce((s, f) => s + value(f), 0) / finals.length;
    const success = `success ${(100 * mean((f) => f.success_rate)).toFixed(1)} %`;
    return [`${name}: mean of ${finals.length} seeds: return ${mean((f) => f.return_mean).toFixed(2)}, ${success}`];
  });
  const stream = json ? process.stderr : process.stdout;
  stream.write(`${[...lines, ...means].join('\n')}\n`);
  if (html !== undefined) {
    writeFileSync(html, runsPage(found));
    stream.write(`curves    ${shown(html)}\n`);
  }
  if (json)
    process.stdout.write(`${JSON.stringify({ runs: found.map(({ path, record }) => ({ path, ...record })) })}\n`);
  return 0;
}
