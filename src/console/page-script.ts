/** The page's own script: plain browser JavaScript, no build. It draws what it is sent and decides nothing. */
export const script = `
'use strict';
const $ = (id) => document.getElementById(id);
const SHAPES = { BOOT: '◌', DISARMED: '○', HOLD: '❚❚', ENGAGING: '△', ACTIVE: '▶', RECOVERY: '↩', STOPPING: '▼', STOPPED: '■', ESTOP: '⬣', FAULT: '✖' };
const ALLOWED = { arm: ['DISARMED'], engage: ['HOLD'], disengage: ['ENGAGING', 'ACTIVE', 'RECOVERY', 'HOLD'], reset: ['STOPPED', 'ESTOP'] };
const SPAN_S = 20;
let latest = null, heardAt = 0;

function plot(id, label, lines, max) {
  const box = $(id);
  const dark = getComputedStyle(document.body).color;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = [{}, { label, stroke: css('--hold'), width: 2 }];
  for (const l of lines) series.push({ label: l.label, stroke: css(l.colour), width: 1, dash: [6, 4] });
  const axis = { stroke: dark, grid: { stroke: css('--line') }, ticks: { stroke: css('--line') } };
  const data = series.map(() => []);
  const chart = new uPlot({ width: box.clientWidth, height: 150, legend: { show: false }, cursor: { show: false }, scales: { x: { time: false }, y: { range: (u, lo, hi) => [0, Math.max(max(), hi * 1.05)] } }, axes: [{ ...axis, values: (u, v) => v.map((s) => s.toFixed(0) + ' s') }, { ...axis, size: 45 }], series }, data, box);
  addEventListener('resize', () => chart.setSize({ width: box.clientWidth, height: 150 }));
  return (t, value, ...limits) => {
    data[0].push(t); data[1].push(Number.isFinite(value) ? value : null); limits.forEach((v, i) => data[i + 2].push(v));
    while (data[0].length > 0 && data[0][0] < t - SPAN_S) for (const d of data) d.shift();
    chart.setData(data);
  };
}
const drawForce = plot('force-plot', 'N', [{ label: 'soft', colour: '--warn' }, { label: 'limit', colour: '--stop' }], () => latest ? latest.forceLimit * 1.15 : 35);
const drawRisk = plot('risk-plot', 'risk', [{ label: 'low', colour: '--warn' }, { label: 'high', colour: '--stop' }], () => 1);

function rows(id, entries) {
  $(id).replaceChildren(...entries.flatMap(([name, value, bad]) => {
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = name; dd.textContent = value; if (bad) dd.className = 'bad';
    return [dt, dd];
  }));
}
const mm = (v) => (v * 1000).toFixed(1);
const svg = (name, attributes) => { const e = document.createElementNS('http://www.w3.org/2000/svg', name); for (const k in attributes) e.setAttribute(k, attributes[k]); return e; };

function view(id, a, b, flip, t) {
  const p = t.pose, h = t.target.estimate, s = t.setpoint, ink = 'currentColor';
  if (!p.length || h[0] === null || h.length === 0) return;
  const rel = (v) => [(v[a] - h[a]) * 1000, (v[b] - h[b]) * 1000 * (flip ? -1 : 1)];
  const [x, y] = rel(p), d = t.target.referenceLimit * 1000, parts = [];
  if (flip) { parts.push(svg('path', { d: 'M-40 0H-8.5V25H8.5V0H40V30H-40Z', fill: 'currentColor', opacity: .25 })); parts.push(svg('rect', { x: x - 8, y: y - 60, width: 16, height: 60, fill: '#e08a1e', opacity: .85 })); }
  else { parts.push(svg('rect', { x: -8.5, y: -8.5, width: 17, height: 17, fill: 'none', stroke: ink, opacity: .6 })); parts.push(svg('rect', { x: x - 8, y: y - 8, width: 16, height: 16, fill: '#e08a1e', opacity: .7 })); }
  parts.push(svg('rect', { x: x - d, y: y - d, width: 2 * d, height: 2 * d, fill: 'none', stroke: '#1f6feb', 'stroke-dasharray': '2 2', 'stroke-width': .6 }));
  if (s.length && s[0] !== null) { const [sx, sy] = rel(s); parts.push(svg('circle', { cx: sx, cy: sy, r: 1.6, fill: '#1f6feb' })); }
  $(id).replaceChildren(...parts);
}

function show(t) {
  latest = t; heardAt = performance.now();
  $('banner').dataset.mode = t.mode; $('mode').textContent = t.mode; $('shape').textContent = SHAPES[t.mode] || '■';
  $('cause').textContent = t.cause || ''; $('detail').textContent = t.detail || '';
  $('clock').textContent = t.timeS.toFixed(0) + ' s · epoch ' + t.epoch;
  for (const rung of document.querySelectorAll('.rung')) rung.classList.toggle('now', rung.dataset.rung === t.mode);
  for (const button of document.querySelectorAll('button[data-kind]')) { const ok = ALLOWED[button.dataset.kind]; button.disabled = ok ? !ok.includes(t.mode) : false; }
  $('incident').textContent = ALLOWED.reset.includes(t.mode) ? '#' + t.incident : '';
  $('force-now').textContent = t.force.toFixed(1) + ' N, limit ' + t.forceLimit + ' N';
  $('risk-now').textContent = (t.risk === null ? 'not judged' : t.risk.toFixed(2)) + ' · residual ' + Math.round(t.residualFraction * 100) + ' % · from ' + t.source;
  drawForce(t.timeS, t.force, t.forceSoft, t.forceLimit); drawRisk(t.timeS, t.risk, t.riskLow, t.riskHigh);
  view('side', 0, 2, true, t); view('top', 0, 1, false, t);
  $('joints').replaceChildren(...t.joints.map((j) => { const row = document.createElement('div'); row.className = 'joint'; const at = 100 * (j.position - j.limits[0]) / (j.limits[1] - j.limits[0]);
    const name = document.createElement('span'), track = document.createElement('span'), mark = document.createElement('i'), value = document.createElement('span'); name.textContent = j.name; track.className = 'track'; mark.style.left = 'calc(' + at.toFixed(1) + '% - .15rem)'; value.textContent = j.position.toFixed(2); track.append(mark); row.append(name, track, value); return row; }));
  const e = t.episode, c = t.counts;
  rows('episode', [['episode', e.index + ' · ' + e.phase], ['depth', mm(e.depth) + ' mm'], ['force max', e.max_force.toFixed(1) + ' N'], ['violation', e.violation ? 'yes' : 'no', e.violation], ['finished', c.episodes + ', ' + c.successes + ' succeeded'], ['violations', c.violations], ['interventions', c.interventions]]);
  rows('health', [['link', t.link.up ? 'up (epoch ' + t.link.epoch + ')' : 'DOWN', !t.link.up], ['brain', t.brain.up ? 'up, ' + (t.brain.ageMs ?? 0).toFixed(0) + ' ms' : 'GONE', !t.brain.up], ['robot', t.robot.holding ? 'holds: ' + t.robot.reason : 'follows'], ['commands', c.sent + ' sent, ' + c.refused + ' refused'], ['tick', 'p50 ' + t.tickUs.p50 + ' p99 ' + t.tickUs.p99 + ' µs'], ['loop', 'p50 ' + t.loopMs.p50 + ' p99 ' + t.loopMs.p99 + ' ms'], ['log', t.log.path ? (t.log.bytes / 1e6).toFixed(1) + ' MB, ' + t.log.dropped + ' dropped' : 'off', t.log.dropped > 0]]);
}

function event(e) {
  const li = document.createElement('li'), time = document.createElement('time');
  time.textContent = e.wall.slice(11, 23);
  li.append(time, e.text || (e.from + ' → ' + e.to + ': ' + e.cause + ' · ' + e.detail + (e.limit ? ' (' + Number(e.value).toPrecision(3) + ' vs ' + Number(e.limit).toPrecision(3) + ')' : '')));
  $('events').prepend(li);
  while ($('events').children.length > 50) $('events').lastChild.remove();
}

async function ask(kind) {
  const request = kind === 'reset' ? { kind, incident: latest ? latest.incident : 0 } : { kind };
  try {
    const response = await fetch('/api/request', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });
    const answer = await response.json();
    $('answer').textContent = kind + (answer.accepted ? ': done' : ' refused: ' + answer.reason);
  } catch (error) { $('answer').textContent = kind + ' was NOT delivered: ' + error.message; }
}
for (const button of document.querySelectorAll('button[data-kind]')) button.addEventListener('click', () => ask(button.dataset.kind));
addEventListener('keydown', (k) => { if (k.code === 'Space' || k.key === 'Escape') { k.preventDefault(); ask('stop'); } }, true);
const stream = new EventSource('/api/stream');
stream.addEventListener('open', () => $('events').replaceChildren());
stream.addEventListener('telemetry', (m) => show(JSON.parse(m.data)));
stream.addEventListener('event', (m) => event(JSON.parse(m.data)));
setInterval(() => { const silent = (performance.now() - heardAt) / 1000; const lost = heardAt > 0 && silent > 1; $('lost').hidden = !lost; if (lost) $('lost').textContent = 'No data for ' + silent.toFixed(0) + ' s. What is shown is old.'; }, 500);
`;
