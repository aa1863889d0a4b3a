/** The page's own script: plain browser JavaScript, no build. It draws what it is sent and decides nothing. */
export const script = `
const $ = (id) => document.getElementById(id);
const ENGAGED = ['ENGAGING', 'ACTIVE', 'RECOVERY'];
const ADMISSIBLE = { arm: ['DISARMED'], engage: ['HOLD'], disarm: ['HOLD'], disengage: ENGAGED, reset: ['STOPPED', 'ESTOP'], estop_release: ['ESTOP'] };
const ENDS = ['STOPPING', 'ESTOP', 'FAULT'];
const LOST_AFTER_S = 1;

const known = Number.isFinite;
const fixed = (v, digits) => known(v) ? v.toFixed(digits) : '–';
const mm = (v) => known(v) ? (v * 1000).toFixed(1) : '–';
const number = (v) => known(v) ? String(Number(v.toPrecision(3))) : '–';
const clockTime = (iso) => new Date(iso).toTimeString().slice(0, 8);

let latest = null, heardAt = null, drawn = true, events = [];

const risk = chart('risk-plot', { limits: [{ colour: '--warn', dash: [2, 4] }, { colour: '--stop', dash: [8, 4] }], top: () => 1 });
const force = chart('force-plot', { limits: [{ colour: '--warn', dash: [2, 4] }, { colour: '--stop', dash: [8, 4] }], top: () => latest && known(latest.forceLimit) ? latest.forceLimit * 1.2 : 10 });
const views = [viewOf('side', 0, 2, true), viewOf('above', 0, 1, false)];

function text(id, value) { const e = $(id); if (e.textContent !== value) e.textContent = value; }

function rows(id, entries) {
  const list = $(id);
  while (list.children.length < entries.length * 2) list.append(document.createElement('dt'), document.createElement('dd'));
  entries.forEach(([name, value, bad], i) => {
    const dt = list.children[2 * i], dd = list.children[2 * i + 1];
    if (dt.textContent !== name) dt.textContent = name;
    if (dd.textContent !== String(value)) dd.textContent = value;
    dd.className = bad ? 'bad' : '';
  });
}

function banner(t) {
  const lost = $('banner').dataset.lost === 'true';
  $('banner').dataset.mode = t.mode;
  $('shape-path').setAttribute('d', SHAPES[t.mode] || SHAPES.FAULT);
  text('mode', lost ? t.mode + '?' : t.mode);
  text('why', t.detail || t.cause || '');
  const i = events.find((e) => e.incident > 0 && ENDS.includes(e.to));
  if (i) {
    text('incident-name', 'last incident #' + i.incident + ' · ' + i.cause + ' · ' + clockTime(i.wall));
    text('incident-why', i.limit ? number(i.value) + ', allowed ' + number(i.limit) : i.detail);
  } else text('incident-name', t.incident > 0 ? 'last incident #' + t.incident : 'no incident yet');
  text('clock', fixed(t.timeS, 0) + ' s · epoch ' + t.epoch + ' · source ' + t.source);
  for (const rung of document.querySelectorAll('.rung')) {
    const now = rung.dataset.mode === t.mode;
    if (now !== rung.hasAttribute('aria-current')) { if (now) rung.setAttribute('aria-current', 'step'); else rung.removeAttribute('aria-current'); }
  }
  for (const button of document.querySelectorAll('button[data-kind]')) {
    const modes = ADMISSIBLE[button.dataset.kind];
    button.disabled = modes !== undefined && !modes.includes(t.mode);
  }
  text('reset-incident', ADMISSIBLE.reset.includes(t.mode) ? '#' + t.incident : '');
}

function joints(list) {
  const box = $('joints');
  while (box.children.length > list.length) box.lastChild.remove();
  while (box.children.length < list.length) {
    const row = document.createElement('div'); row.className = 'joint';
    for (const name of ['name', 'track', 'value', 'value']) { const e = document.createElement('span'); e.className = name; if (name === 'track') e.append(document.createElement('i')); row.append(e); }
    box.append(row);
  }
  list.forEach((j, i) => {
    const [name, track, value, speed] = box.children[i].children;
    const [lo, hi] = j.limits || [-Math.PI, Math.PI];
    const share = known(j.position) ? Math.min(1, Math.max(0, (j.position - lo) / (hi - lo))) : null;
    name.textContent = j.name; value.textContent = fixed(j.position, 2); speed.textContent = fixed(j.velocity, 2);
    track.firstChild.hidden = share === null;
    if (share !== null) track.firstChild.style.left = (100 * share).toFixed(1) + '%';
    track.className = share !== null && (share < 0.05 || share > 0.95) ? 'track near' : 'track';
  });
}

function panels(t) {
  const e = t.episode, c = t.counts, n = (v) => Number(v || 0).toLocaleString('en');
  text('risk-now', (known(t.risk) ? t.risk.toFixed(2) : 'not judged') + ' · low ' + number(t.riskLow) + ', high ' + number(t.riskHigh));
  text('force-now', fixed(t.force, 1) + ' N · soft ' + number(t.forceSoft) + ', limit ' + number(t.forceLimit));
  const to = Array.isArray(t.target.estimate) && known(t.target.estimate[0]) && t.pose.length ? Math.hypot(...[0, 1, 2].map((k) => t.pose[k] - t.target.estimate[k])) : null;
  text('place-now', to === null ? 'no estimate' : mm(to) + ' mm apart');
  text('episode-now', '#' + e.index + ' ' + e.phase);
  rows('episode', [
    ['successes', c.successes + ' of ' + c.episodes + (c.episodes ? ' · ' + Math.round(100 * c.successes / c.episodes) + ' %' : '')],
    ['violations', c.violations + (e.violation ? ' · and now' : ''), e.violation], ['interventions', c.interventions],
    ['depth', mm(e.depth) + ' mm'], ['largest force', fixed(e.max_force, 1) + ' N', e.max_force > t.forceLimit],
    ['residual', Math.round(100 * t.residualFraction) + ' % of scale ' + number(t.residualScale)],
  ]);
  rows('health', [
    ['link', t.link.up ? 'up · connection ' + t.link.epoch : 'DOWN', !t.link.up],
    ['bridge', t.link.faults.length ? t.link.faults.join(' · ') : 'as the config says', t.link.faults.length > 0],
    ['ros', n(t.ros.dropped) + ' dropped · ' + n(t.ros.refused) + ' refused · ' + n(t.ros.turnedAway) + ' turned away'],
    ['brain', t.brain.up ? 'up · ' + fixed(t.brain.ageMs, 0) + ' ms ago' : 'GONE', !t.brain.up],
    ['robot', t.robot.holding ? 'holds: ' + (t.robot.reason || 'by itself') : 'follows commands', t.robot.holding && ENGAGED.includes(t.mode)],
    ['commands', n(c.sent) + ' sent · ' + n(c.refused) + ' refused'],
    ['ticks', n(c.ticks) + ' · ' + n(c.overruns) + ' overruns', c.overruns > 0],
    ['tick, µs', 'p50 ' + number(t.tickUs.p50) + ' · p99 ' + number(t.tickUs.p99) + ' · max ' + number(t.tickUs.max)],
    ['loop, ms', 'p50 ' + number(t.loopMs.p50) + ' · p99 ' + number(t.loopMs.p99) + ' · max ' + number(t.loopMs.max)],
    ['speed scale', number(t.speedScale)],
    ['log', t.log.path ? (t.log.bytes / 1e6).toFixed(1) + ' MB · ' + (t.log.files > 1 ? n(t.log.files) + ' files · ' : '') + n(t.log.dropped) + ' dropped' : 'off', t.log.dropped > 0],
    ['black box', t.log.incidents === null ? 'off' : n(t.log.incidents) + ' incidents' + (t.log.unwritten > 0 ? ' · ' + n(t.log.unwritten) + ' NOT WRITTEN' : ''), t.log.unwritten > 0],
    ['memory', Object.entries(t.memoryMb).map(([name, mb]) => name + ' ' + fixed(mb, 0) + ' MB').join(' · ') || '–'],
  ]);
  joints(t.joints);
}

function draw() {
  drawn = true;
  if (latest === null) return;
  // One part that cannot be drawn must not take the others with it: the banner least of all.
  for (const part of [banner, panels, ...views, () => { risk.draw(); force.draw(); }]) try { part(latest); } catch (error) { console.error(error); }
}

function event(e) {
  events.unshift(e); events.length = Math.min(events.length, 50);
  const li = document.createElement('li'), time = document.createElement('time'), what = document.createElement('span');
  time.textContent = clockTime(e.wall); time.dateTime = e.wall;
  if (e.to) {
    const mode = document.createElement('b'); mode.textContent = e.to; mode.dataset.mode = e.to;
    // Most details hold their numbers already.
    const numbers = e.limit && !(e.detail || '').includes(number(e.limit)) ? ' (' + number(e.value) + ', allowed ' + number(e.limit) + ')' : '';
    what.textContent = e.cause + (e.detail ? ': ' + e.detail : '') + numbers;
    li.append(time, mode, what);
  } else { what.textContent = e.text; li.append(time, what); }
  $('events').prepend(li);
  while ($('events').children.length > 50) $('events').lastChild.remove();
}

const LABEL = { estop_release: 'release e-stop' };
async function ask(kind) {
  const request = kind === 'reset' ? { kind, incident: latest ? latest.incident : 0 } : { kind };
  const say = (state, words) => { $('answer').dataset.state = state; $('answer').textContent = (LABEL[kind] || kind) + ' ' + words; };
  say('asked', '…');
  try {
    const response = await fetch('/api/request', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request), signal: AbortSignal.timeout(3000) });
    const answer = await response.json();
    if (answer.accepted) say('accepted', 'accepted' + (answer.reason ? ': ' + answer.reason : ''));
    else say('refused', 'refused: ' + answer.reason);
  } catch (error) { say('refused', 'was NOT delivered: ' + error.message + (kind === 'stop' ? '. Use the robot\\'s own stop.' : '')); }
}
for (const button of document.querySelectorAll('button[data-kind]')) button.addEventListener('click', () => ask(button.dataset.kind));
const isStop = (k) => k.code === 'Space' || k.key === 'Escape';
addEventListener('keydown', (k) => { if (!isStop(k)) return; k.preventDefault(); k.stopPropagation(); if (!k.repeat) ask('stop'); }, true);
// A button that has the focus is pressed when Space comes up.
addEventListener('keyup', (k) => { if (isStop(k)) { k.preventDefault(); k.stopPropagation(); } }, true);

function connect() {
  const stream = new EventSource('/api/stream');
  stream.addEventListener('open', () => { events = []; $('events').replaceChildren(); });
  stream.addEventListener('telemetry', (m) => {
    const t = JSON.parse(m.data);
    latest = t; heardAt = { ms: performance.now(), wall: new Date().toTimeString().slice(0, 8) };
    risk.add(t.timeS, t.risk, [t.riskLow, t.riskHigh]); force.add(t.timeS, t.force, [t.forceSoft, t.forceLimit]);
    if (drawn) { drawn = false; requestAnimationFrame(draw); }
    watch();
  });
  stream.addEventListener('event', (m) => event(JSON.parse(m.data)));
  // The browser gives up after an answer that is no stream (too many pages): try again by ourselves.
  stream.addEventListener('error', () => { if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 1000); });
}

const openedAt = performance.now();
function watch() {
  const silentS = (performance.now() - (heardAt ? heardAt.ms : openedAt)) / 1000, lost = silentS > LOST_AFTER_S;
  $('lost').hidden = !lost;
  if (lost) text('lost', 'No data ' + (heardAt ? 'since ' + heardAt.wall : 'yet') + ' (' + silentS.toFixed(0) + ' s). What is shown is old; stop the robot by its own stop if in doubt.');
  if (lost !== ($('banner').dataset.lost === 'true')) { $('banner').dataset.lost = String(lost); $('main').classList.toggle('old', lost); if (latest) banner(latest); }
}
setInterval(watch, 250);
connect();
`;
