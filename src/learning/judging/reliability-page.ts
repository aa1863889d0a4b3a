import { chartSvg } from './chart.ts';
import type { Reliability } from './reliability.ts';

/** A reliability diagram as a page that needs nothing else. */
export function reliabilityPage(name: string, { bins, ece, worst }: Reliability, rows: number): string {
  const filled = bins.filter((b) => b.count > 0);
  const svg = chartSvg({
    title: `${name}: risk as told, and as it came`,
    x: { label: 'risk told by the critic', range: [0, 1] },
    y: { label: 'discounted violations that came', range: [0, 1] },
    series: [
      {
        ...{ name: 'came', as: 'bars', width: 0.9 / bins.length },
        points: filled.map((b) => [(b.from + b.to) / 2, b.observed]),
      },
      { name: 'mean told', as: 'dots', points: filled.map((b) => [b.predicted, b.observed]) },
      {
        ...{ name: 'perfect', as: 'dashed' },
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  });
  const cells = bins.map(
    (b) =>
      `<tr><td>${b.from.toFixed(1)} to ${b.to.toFixed(1)}</td><td>${b.count}</td><td>${shown(b.predicted)}</td><td>${shown(b.observed)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Reliability of a risk critic</title>
<style>body{font:14px system-ui,sans-serif;margin:2rem}td,th{padding:0.1rem 0.8rem;text-align:right}</style>
${svg}
<p>Expected calibration error ${ece.toFixed(4)}, worst bin ${worst.toFixed(3)}, over ${rows} ticks.</p>
<table><tr><th>risk</th><th>ticks</th><th>told</th><th>came</th></tr>
${cells.join('\n')}
</table></html>
`;
}

const shown = (v: number) => (Number.isFinite(v) ? v.toFixed(3) : '');
