/** The two charts of the page: plain browser JavaScript, no build. */
export const chartScript = `
const SPAN_S = 30;
const MAX_POINTS = 1500;

/** A chart of one value and its limits over the last SPAN_S seconds; 'add' takes null for what is not known. */
function chart(id, spec) {
  const box = document.getElementById(id);
  const data = [[], [], ...spec.limits.map(() => [])];
  let plot = null;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const size = () => ({ width: Math.max(80, box.clientWidth), height: Math.max(60, box.clientHeight) });
  function make() {
    if (plot) plot.destroy();
    const axis = { stroke: css('--soft'), font: '11px system-ui, sans-serif', grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } };
    plot = new uPlot({
      ...size(), legend: { show: false }, cursor: { show: false }, padding: [6, 16, 0, 0],
      scales: { x: { time: false, range: (u, lo, hi) => [hi - SPAN_S, hi] }, y: { range: (u, lo, hi) => [0, Math.max(spec.top(), (hi || 0) * 1.05)] } },
      axes: [
        { ...axis, size: 18, gap: 2, space: 60, values: (u, v) => v.map((s) => { const last = data[0][data[0].length - 1] || 0; const ago = Math.round(last - s); return ago < 0 ? '' : ago === 0 ? 'now' : '-' + ago + ' s'; }) },
        { ...axis, size: 34, gap: 4, space: 22 },
      ],
      series: [{}, { stroke: css('--ink'), width: 2, fill: css('--fill'), spanGaps: false, points: { show: false } },
        ...spec.limits.map((l) => ({ stroke: css(l.colour), width: 1.5, dash: l.dash, points: { show: false } }))],
    }, data, box);
  }
  make();
  new ResizeObserver(() => plot.setSize(size())).observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', make);
  return {
    add(t, value, limits) {
      // A daemon that was started anew counts from zero.
      if (data[0].length && t < data[0][data[0].length - 1]) for (const d of data) d.length = 0;
      data[0].push(t); data[1].push(value);
      limits.forEach((v, i) => data[i + 2].push(v));
      while (data[0].length > MAX_POINTS || data[0][0] < t - SPAN_S) for (const d of data) d.shift();
    },
    draw() { if (data[0].length) plot.setData(data); },
  };
}
`;
