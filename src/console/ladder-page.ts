import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/paths.ts';
import { ladderScript } from './ladder-script.ts';
import { ladderStyle } from './ladder-style.ts';
import { rungs, sha256 } from './page.ts';
import { shapeScript } from './page-shapes.ts';
import { style } from './page-style.ts';

/** The ladder that the reflex runs, as it was built. */
export const LADDER_FILE = join(packageRoot, 'dist/controllers/safety/ladder.js');

/** Ends the text of the ladder in the page: what stands before it is the file, byte for byte. */
export const END_OF_LADDER = '// ---- end of ladder.js ----';

export interface LadderPage {
  readonly html: string;
  readonly policy: string;
  /** SHA-256 of the ladder in it, hex. */
  readonly digest: string;
}

const button = (kind: string, label: string, note: string, more = '') =>
  `<button type="button" data-kind="${kind}"${more}><b>${label}</b><small>${note}</small></button>`;

const flag = (kind: 'harm' | 'good', name: string, label: string, note: string) =>
  `<label class="flag ${kind}"><input type="checkbox" role="switch" id="flag-${name}"${kind === 'good' ? ' checked' : ''}>` +
  `<span><b>${label}</b><small>${note}</small></span></label>`;

const level = (id: string, label: string, value: number) =>
  `<label class="level ${id}"><span>${label}</span><input type="range" id="${id}" min="0" max="1" step="0.01" value="${value}">` +
  `<output id="${id}-value"></output></label>`;

const body = (digest: string) => `<div id="top">
<header id="banner" data-mode="BOOT">
  <svg id="shape" viewBox="0 0 24 24" aria-hidden="true"><path id="shape-path" d=""></path></svg>
  <div class="mode" role="status" aria-live="polite"><h1 id="mode">BOOT</h1><p id="why"></p></div>
  <dl class="incident"><dt id="incident-name">no incident yet</dt><dd id="incident-why"></dd></dl>
  <p class="run"><b>The ladder, to play with</b><span id="clock"></span> · no robot is moved by this page</p>
</header>
<ol id="ladder" aria-label="Ladder of modes">${rungs}</ol>
<section id="buttons" aria-label="Operator">
  ${button('arm', 'Arm', 'from DISARMED')}
  ${button('engage', 'Engage', 'from HOLD')}
  ${button('disengage', 'Disengage', 'while engaged')}
  ${button('disarm', 'Disarm', 'from HOLD')}
  ${button('reset', 'Reset <span id="reset-incident"></span>', 'the present incident')}
  ${button('reset', 'Reset old', 'a stale incident', ' data-stale="1"')}
  ${button('estop', 'E-stop', 'pressed')}
  ${button('estop_release', 'Release', 'e-stop')}
  <output id="answer" aria-live="polite">Press anything in any mode: a refusal says why.</output>
  ${button('stop', 'STOP', 'never refused', ' class="stop"')}
</section>
</div>
<main id="main" class="toy">
  <section class="flags"><h2>Flags <output>what the gate sees in a tick</output></h2>
    ${flag('harm', 'stale', 'state stale', 'stop, latched')}
    ${flag('harm', 'bad', 'bad action', 'stop, latched; while engaged')}
    ${flag('harm', 'hold', 'a rule says hold', 'hold; in RECOVERY stop')}
    ${flag('harm', 'fault', 'internal fault', 'FAULT, ends with the process')}
    ${flag('good', 'rest', 'robot at rest', 'ends STOPPING')}
    ${flag('good', 'ready', 'decision ready', 'ends the wait of ENGAGING')}
  </section>
  <section class="risk"><h2>Risk <output>above high: recovery; at or below low: its end</output></h2>
    ${level('risk', 'risk', 0.1)}${level('high', 'threshold high', 0.6)}${level('low', 'threshold low', 0.35)}
    <p class="hint">Recoveries are counted from arming on; when the budget is used up, high risk is a stop.</p>
  </section>
  <section class="state"><h2>State <output>all of it is plain data</output></h2><dl id="state"></dl></section>
  <section class="time"><h2>Time <output>nothing happens between ticks</output></h2>
    <div class="steps">
      <button type="button" id="tick"><b>Tick 10 ms</b></button>
      <button type="button" id="ticks"><b>100 ms</b></button>
      <button type="button" id="run" aria-pressed="false"><b>Run</b></button>
      <select id="speed" aria-label="Speed"><option value="1">real time</option><option value="0.1" selected>a tenth of it</option></select>
      <button type="button" id="boot"><b>Boot checks pass</b></button>
      <button type="button" id="link"><b>Link changed</b></button>
      <button type="button" id="restart"><b>New process</b></button>
    </div>
    <div id="timers"></div>
  </section>
  <section class="events"><h2>Transitions <output id="log-now"></output></h2><ol id="events" tabindex="0" aria-label="Transitions, newest first"></ol></section>
</main>
<p class="file">This page runs controllers/safety/ladder.js as the reflex does: sha256 <span id="digest">${digest}</span></p>`;

/**
 * The ladder as a toy, one self-contained HTML document: the reducer's own file, its text unchanged, and a page that
 * feeds it flags and shows what comes out.
 * @param text the compiled ladder.js
 * @throws Error when the text cannot stand in a page: it imports, or it would end the script
 */
export function ladderPage(text: string): LadderPage {
  if (/<\/script|<!--/i.test(text) || /^\s*import\b|\bimport\(/m.test(text))
    throw new Error('ladder.js cannot stand in a page as it is: it imports something or holds a tag');
  const digest = createHash('sha256').update(text).digest('hex');
  // One module: the block keeps the page's names apart from the ladder's.
  const script = `${text}\n${END_OF_LADDER}\n{\n${shapeScript}${ladderScript}}\n`;
  const styles = `${style}${ladderStyle}`;
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(script)}`,
    `style-src ${sha256(styles)}`,
    "base-uri 'none'",
  ];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The ladder · Reflex Arc</title>
<style>${styles}</style>
</head>
<body>
${body(digest)}
<script type="module">${script}</script>
</body>
</html>`;
  return { html, policy: [...policy, "form-action 'none'", "frame-ancestors 'none'"].join('; '), digest };
}

/** @throws Error when the ladder was not built, or is not fit for a page */
export const readLadderPage = (): LadderPage => ladderPage(readFileSync(LADDER_FILE, 'utf8'));
