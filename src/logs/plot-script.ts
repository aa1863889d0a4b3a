/**
 * The script that the reports share: time lines with one cursor and one zoom, and lists of places to jump to. It expects
 * `#plots` and `#word`, and defines `timeLines` and `placesIn`.
 */
export const plotScript = String.raw`
'use strict';
const COLOURS = ['#3b7dd8', '#d9822b', '#3da35d', '#b5459e', '#8a8a2b', '#c14b4b', '#4bb3b3', '#7a5cc1', '#777'];
const show = (v, digits) => (v === null || v === undefined ? '–' : Number(v).toFixed(digits));
const word = document.getElementById('word');

/** marks: times, s; shades: [from, to], s; sentence: of a point, for the reader. */
function timeLines({ x, marks, shades, sentence }) {
  const plots = [];
  const sync = uPlot.sync('log');
  function plot(title, series, data, levels, height) {
    const holder = document.createElement('div');
    holder.className = 'plot';
    document.getElementById('plots').append(holder);
    const flat = levels.filter((l) => l.at !== null);
    const within = (u) => (s) => Math.min(u.bbox.left + u.bbox.width, Math.max(u.bbox.left, u.valToPos(s, 'x', true)));
    const made = new uPlot({
      title, width: holder.clientWidth || 1000, height: height || 170,
      cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false } },
      scales: { x: { time: false } },
      axes: [{ stroke: '#888', grid: { stroke: '#8883' } }, { stroke: '#888', grid: { stroke: '#8883' }, size: 60 }],
      series: [{ label: 's' }].concat(
        series.map((s, k) => ({ label: s.label, stroke: COLOURS[(s.colour ?? k) % COLOURS.length], width: s.width || 1, points: { show: false }, dash: s.dashed ? [4, 3] : undefined })),
        flat.map((l) => ({ label: l.label, stroke: l.stroke || '#c33', dash: [6, 4], width: 1, points: { show: false } })),
      ),
      hooks: {
        setCursor: [(u) => { if (u.cursor.idx !== null && u.cursor.idx !== undefined) word.textContent = sentence(u.cursor.idx); }],
        setScale: [(u, key) => {
          if (key !== 'x') return;
          const { min, max } = u.scales.x;
          for (const other of plots) if (other !== u && (other.scales.x.min !== min || other.scales.x.max !== max)) other.setScale('x', { min, max });
        }],
        drawClear: [(u) => {
          const at = within(u);
          u.ctx.save();
          u.ctx.fillStyle = '#f902';
          for (const [from, to] of shades) {
            const left = at(from);
            const right = at(to);
            if (right > left) u.ctx.fillRect(left, u.bbox.top, Math.max(1, right - left), u.bbox.height);
          }
          u.ctx.restore();
        }],
        draw: [(u) => {
          u.ctx.save();
          u.ctx.strokeStyle = '#c338';
          for (const s of marks) {
            const at = u.valToPos(s, 'x', true);
            if (at < u.bbox.left || at > u.bbox.left + u.bbox.width) continue;
            u.ctx.beginPath(); u.ctx.moveTo(at, u.bbox.top); u.ctx.lineTo(at, u.bbox.top + u.bbox.height); u.ctx.stroke();
          }
          u.ctx.restore();
        }],
      },
    }, [x].concat(data, flat.map((l) => x.map(() => l.at))), holder);
    plots.push(made);
  }
  /** Shows from..to, puts the cursor at the first point from 'at' on, and says 'said'. */
  function jump(at, from, to, said) {
    let i = x.findIndex((s) => s >= at);
    if (i < 0) i = x.length - 1;
    const text = said + '\n' + sentence(i);
    for (const u of plots) u.setScale('x', { min: from, max: to });
    word.textContent = text;
    location.hash = 't=' + at.toFixed(3);
    // The scales are drawn first; the cursor of one plot is that of all.
    if (plots[0]) requestAnimationFrame(() => { plots[0].setCursor({ left: plots[0].valToPos(x[i], 'x'), top: 10 }); word.textContent = text; });
  }
  return { plot, jump };
}

/** places: { cells, kind, go }. Arrow keys go through the list that was used last. */
let listInUse = null;
function placesIn(list, places) {
  let current = -1;
  function go(i) {
    if (places[i] === undefined) return;
    current = i;
    listInUse = step;
    for (const b of document.querySelectorAll('[data-places] [aria-current=true]')) b.setAttribute('aria-current', 'false');
    const button = list.querySelectorAll('button')[i];
    button.setAttribute('aria-current', 'true');
    button.scrollIntoView({ block: 'nearest' });
    places[i].go();
  }
  const step = (by) => go(Math.max(0, Math.min(current + by, places.length - 1)));
  listInUse ??= step;
  places.forEach((p, i) => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = p.kind;
    for (const text of p.cells) {
      const span = document.createElement('span');
      span.textContent = text;
      button.append(span);
    }
    button.addEventListener('click', () => go(i));
    item.append(button);
    list.append(item);
  });
  return go;
}
addEventListener('keydown', (e) => {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
  if (by === undefined || listInUse === null) return;
  e.preventDefault();
  listInUse(by);
});
const askedS = /t=([\d.]+)/.exec(location.hash);
`;
