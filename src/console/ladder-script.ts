/**
 * The toy's own script, behind the text of the ladder in one module: flags in, mode out. Plain browser JavaScript, no
 * build; it makes events and shows states, and what becomes of them the ladder alone decides.
 */
export const ladderScript = `
const $ = (id) => document.getElementById(id);
const MS = 1e6, PERIOD_NS = 10 * MS;
/** Limits of the shipped peg task: what the page starts with. */
const LIMITS = {
  engageRampNs: 300 * MS, firstDecisionNs: 300 * MS, stopDwellNs: 100 * MS, stopTimeoutNs: 1500 * MS,
  riskLow: 0.35, riskDwellNs: 100 * MS, recoveryBudget: 5, recoveryNs: 1500 * MS,
};
const PASS = { cause: '', detail: '', value: 0, limit: 0 };
/** Switches that stand for a rule's verdict, as the rules of the gate give them. */
const VERDICTS = {
  stale: { severity: SEVERITY.stop, cause: 'state_stale', detail: 'newest robot state is {value} ms old, allowed {limit} ms', value: 80, limit: 50 },
  bad: { severity: SEVERITY.stop, cause: 'non_finite', detail: 'a number that is none in input {value} (1 state, 2 decision); allowed: finite numbers only', value: 2, limit: 0, engaged: true },
  hold: { severity: SEVERITY.hold, cause: 'hold_rule', detail: 'a rule of yours asks to hold', value: 1, limit: 0 },
  fault: { severity: SEVERITY.fault, cause: 'internal_error', detail: 'an error inside the gate', value: 0, limit: 0 },
};
const on = (flag) => $('flag-' + flag).checked;
const level = (id) => Number($(id).value);

let state = initialLadder(LIMITS, 1), nowNs = 0, running = false, logged = 0;

/** The worst verdict of this tick; among equals the first. */
function worst() {
  let severity = SEVERITY.pass, why = PASS;
  for (const [flag, verdict] of Object.entries(VERDICTS)) {
    if (!on(flag) || (verdict.engaged && !isEngaged(state.mode)) || verdict.severity <= severity) continue;
    severity = verdict.severity; why = verdict;
  }
  if (level('risk') > level('high') && isEngaged(state.mode) && on('ready') && severity < SEVERITY.recover) {
    severity = SEVERITY.recover;
    why = { cause: 'risk', detail: 'risk {value} even without residual, allowed {limit}', value: level('risk'), limit: level('high') };
  }
  return { severity, cause: why.cause, detail: why.detail, value: why.value, limit: why.limit };
}

function take(next) {
  if (next === state) return;
  state = next;
  if (state.transition) log(state.transition);
}

function tick() {
  nowNs += PERIOD_NS;
  take(reduce(state, { kind: 'tick', nowNs, ...worst(), risk: level('risk'), stopped: on('rest'), ready: on('ready') }));
}

function ask(request, label) {
  // What a rule finds outside authority too must be clear before arming, engaging and reset.
  const standing = ['stale', 'fault'].filter(on);
  take(reduce(state, { kind: 'request', nowNs, request, clear: standing.length === 0, blocking: standing.map((f) => VERDICTS[f].cause).join(', ') }));
  const { accepted, reason } = state.answer;
  $('answer').dataset.state = accepted ? 'accepted' : 'refused';
  $('answer').textContent = label + (accepted ? ' accepted' : ' refused') + (reason ? ': ' + reason : '');
  show();
}

function log(t) {
  const li = document.createElement('li'), time = document.createElement('time'), mode = document.createElement('b'), what = document.createElement('span');
  time.textContent = (t.atNs / MS).toFixed(0) + ' ms'; mode.textContent = t.to; mode.dataset.mode = t.to;
  what.textContent = t.cause + ': ' + t.detail + ' · #' + t.incident + ' · epoch ' + t.epoch;
  li.append(time, mode, what); $('events').prepend(li);
  while ($('events').children.length > 100) $('events').lastChild.remove();
  $('log-now').textContent = ++logged + ' so far';
}

/** What is running now: name, since when, how long it may or must. */
function timers() {
  const l = state.limits, since = (ns) => ns < 0 ? 0 : nowNs - ns;
  switch (state.mode) {
    case 'ENGAGING': return [state.readyNs < 0 ? ['waits for a decision', since(state.enteredNs), l.firstDecisionNs] : ['authority ramp', since(state.readyNs), l.engageRampNs]];
    case 'RECOVERY': return [['risk low, dwell', since(state.calmNs), l.riskDwellNs], ['recovery, longest', since(state.enteredNs), l.recoveryNs]];
    case 'STOPPING': return [['at rest, dwell', since(state.calmNs), l.stopDwellNs], ['stop, longest', since(state.enteredNs), l.stopTimeoutNs]];
    default: return [];
  }
}

function rows(id, entries) {
  $(id).replaceChildren(...entries.flatMap(([name, value]) => {
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = name; dd.textContent = value;
    return [dt, dd];
  }));
}

function show() {
  const { mode } = state, left = state.limits.recoveryBudget - state.recoveries;
  $('banner').dataset.mode = mode;
  $('shape-path').setAttribute('d', SHAPES[mode]);
  $('mode').textContent = mode;
  $('why').textContent = state.cause;
  $('incident-name').textContent = state.incident > 0 ? 'incident #' + state.incident : 'no incident yet';
  $('incident-why').textContent = isWriting(mode) ? 'this mode writes setpoints' : 'this mode writes nothing';
  $('clock').textContent = (nowNs / MS).toFixed(0) + ' ms';
  for (const rung of document.querySelectorAll('.rung')) if (rung.dataset.mode === mode) rung.setAttribute('aria-current', 'step'); else rung.removeAttribute('aria-current');
  $('reset-incident').textContent = '#' + state.incident;
  rows('state', [
    ['mode', mode], ['cause', state.cause], ['incident', state.incident], ['epoch', state.epoch],
    ['recoveries left', left + ' of ' + state.limits.recoveryBudget], ['e-stop held', state.estopHeld ? 'yes' : 'no'], ['boot checks', state.booted ? 'passed' : 'not passed'],
    ['worst verdict', (({ severity, cause }) => Object.keys(SEVERITY)[severity] + (cause ? ' · ' + cause : ''))(worst())],
  ]);
  $('timers').replaceChildren(...timers().map(([name, ns, limit]) => {
    const label = document.createElement('label'), bar = document.createElement('progress');
    bar.max = limit; bar.value = ns;
    label.append(name + ', ' + (ns / MS).toFixed(0) + ' of ' + limit / MS + ' ms', bar);
    return label;
  }));
  for (const id of ['risk', 'low', 'high']) $(id + '-value').textContent = level(id).toFixed(2);
}

function run(go) {
  running = go;
  $('run').setAttribute('aria-pressed', String(go));
  $('run').firstChild.textContent = go ? 'Pause' : 'Run';
  if (go) requestAnimationFrame(frame);
}
let lastMs = null, owedMs = 0;
function frame(ms) {
  if (!running) { lastMs = null; return; }
  // A page that was in the background does not catch up.
  owedMs += Math.min(ms - (lastMs ?? ms), 100) * Number($('speed').value);
  lastMs = ms;
  for (; owedMs >= 10; owedMs -= 10) tick();
  show();
  requestAnimationFrame(frame);
}

$('tick').addEventListener('click', () => { tick(); show(); });
$('ticks').addEventListener('click', () => { for (let i = 0; i < 10; i++) tick(); show(); });
$('run').addEventListener('click', () => run(!running));
$('boot').addEventListener('click', () => { take(reduce(state, { kind: 'boot_ok', nowNs })); show(); });
$('link').addEventListener('click', () => { take(reduce(state, { kind: 'link_changed', nowNs })); show(); });
$('restart').addEventListener('click', () => { state = initialLadder(state.limits, state.epoch + 1); nowNs = 0; $('answer').textContent = 'a new process: BOOT'; $('answer').dataset.state = ''; show(); });
$('low').addEventListener('input', () => {
  if (level('low') >= level('high')) $('low').value = level('high') - 0.01;
  state = { ...state, limits: { ...state.limits, riskLow: level('low') }, transition: null, answer: null };
});
$('high').addEventListener('input', () => { if (level('high') <= level('low')) $('high').value = level('low') + 0.01; });
for (const input of document.querySelectorAll('input')) input.addEventListener('input', show);
for (const button of document.querySelectorAll('button[data-kind]')) button.addEventListener('click', () => {
  const { kind, stale } = button.dataset;
  const request = kind === 'reset' ? { kind, incident: state.incident - (stale ? 1 : 0) } : { kind };
  ask(request, kind === 'reset' ? 'reset #' + request.incident : kind.replace('_', ' '));
});
show();
`;
