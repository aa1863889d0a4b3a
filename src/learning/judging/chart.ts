/** One line, or set of bars, of a chart. A point that is not finite breaks the line. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Of each point, e.g. the spread over seeds: `[x, low, high]`. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** `bars` are `width` wide, in units of x. */
  readonly as?: 'line' | 'dots' | 'dashed' | 'bars';
  readonly width?: number;
}

export interface Axis {
  readonly label: string;
  /** Both ends; those of the data without it. */
  readonly range?: readonly [number, number];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 400;
const PLOT = { left: 64, right: 16, top: 36, bottom: 48 } as const;
/** Okabe and Ito (2008): told apart by colour-blind readers too. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000'] as const;

/** A chart as an SVG document, white behind, so that it can be read on any page. */
export function chartSvg({ title, x, y, series }: Chart): string {
  const xs = series.flatMap((s) => [...s.points.map(([v]) => v), ...(s.band ?? []).map(([v]) => v)]);
  const ys = series.flatMap((s) => [...s.points.map(([, v]) => v), ...(s.band ?? []).flatMap(([, a, b]) => [a, b])]);
  const [x0, x1] = x.range ?? ends(xs);
  const [y0, y1] = y.range ?? ends(ys);
  const across = (v: number) => PLOT.left + ((v - x0) / (x1 - x0)) * (WIDTH - PLOT.left - PLOT.right);
  const up = (v: number) => HEIGHT - PLOT.bottom - ((v - y0) / (y1 - y0)) * (HEIGHT - PLOT.top - PLOT.bottom);
  const grid = [
    ...ticks(x0, x1).map(
      (v) =>
        `<path class="grid" d="M${n(across(v))} ${n(up(y0))}V${n(up(y1))}"/><text x="${n(across(v))}" y="${HEIGHT - PLOT.bottom + 16}" text-anchor="middle">${number(v)}</text>`,
    ),
    ...ticks(y0, y1).map(
      (v) =>
        `<path class="grid" d="M${n(across(x0))} ${n(up(v))}H${n(across(x1))}"/><text x="${PLOT.left - 6}" y="${n(up(v) + 4)}" text-anchor="end">${number(v)}</text>`,
    ),
  ];
  const drawn = series.map((s, i) => draw(s, COLOURS[i % COLOURS.length]!, across, up, Math.max(y0, Math.min(y1, 0))));
  const legend = series.map((s, i) => {
    const at = PLOT.top + 14 + 16 * i;
    return `<rect x="${PLOT.left + 10}" y="${at - 8}" width="12" height="8" fill="${COLOURS[i % COLOURS.length]}"/><text x="${PLOT.left + 27}" y="${at}">${escaped(s.name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>text{font:12px system-ui,sans-serif;fill:#222}.grid{stroke:#ddd;fill:none}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${WIDTH / 2}" y="20" text-anchor="middle" style="font-weight:600">${escaped(title)}</text>
${grid.join('\n')}
${drawn.join('\n')}
<text x="${(WIDTH + PLOT.left) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escaped(x.label)}</text>
<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>
${legend.join('\n')}
</svg>
`;
}

function draw(
  s: Series,
  colour: string,
  across: (v: number) => number,
  up: (v: number) => number,
  floor: number,
): string {
  const at = ([x, y]: readonly [number, number]) => `${n(across(x))} ${n(up(y))}`;
  if (s.as === 'bars') {
    const half = (s.width ?? 0) / 2;
    return s.points
      .filter(([, y]) => Number.isFinite(y))
      .map(([x, y]) => {
        const [top, bottom] = [Math.min(up(y), up(floor)), Math.max(up(y), up(floor))];
        const left = across(x - half);
        return `<rect x="${n(left)}" y="${n(top)}" width="${n(across(x + half) - left)}" height="${n(bottom - top)}" fill="${colour}" fill-opacity="0.7"/>`;
      })
      .join('');
  }
  if (s.as === 'dots')
    return s.points
      .filter(([, y]) => Number.isFinite(y))
      .map(([x, y]) => `<circle cx="${n(across(x))}" cy="${n(up(y))}" r="4" fill="${colour}"/>`)
      .join('');
  let pen = 'M';
  const path = s.points.map((p) => {
    if (!Number.isFinite(p[1])) {
      pen = 'M';
      return '';
    }
    const move = `${pen}${at(p)}`;
    pen = 'L';
    return move;
  });
  const band = s.band ?? [];
  const area = [...band.map(([x, low]) => at([x, low])), ...band.toReversed().map(([x, , high]) => at([x, high]))];
  const shade = band.length === 0 ? '' : `<path d="M${area.join('L')}Z" fill="${colour}" fill-opacity="0.15"/>`;
  const dashes = s.as === 'dashed' ? ' stroke-dasharray="5 4"' : '';
  return `${shade}<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`;
}

/** Least and largest finite value, apart by something. */
function ends(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low > high) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** About five round numbers between the ends. */
export function ticks(from: number, to: number): number[] {
  const raw = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * (1 - 1e-9))!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const n = (v: number) => String(Number(v.toFixed(1)));
const number = (v: number) => String(Number(v.toPrecision(6)));
const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
