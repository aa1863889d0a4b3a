import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MODES } from '../core/signals.ts';
import { chartScript } from './page-charts.ts';
import { script } from './page-script.ts';
import { shapeScript } from './page-shapes.ts';
import { style } from './page-style.ts';
import { viewScript } from './page-views.ts';

/** uPlot as it stands in its package: the page needs nothing from elsewhere. */
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
const read = (file: string) => readFileSync(join(uplot, 'dist', file), 'utf8');

export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
export const sha256 = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Modes in the order of a good day, then those that end it. */
export const rungs = MODES.map((mode) => `<li class="rung" data-mode="${mode}">${mode}</li>`).join('');

const button = (kind: string, label: string, needs: string) =>
  `<button type="button" data-kind="${kind}" aria-describedby="needs-${kind}"><b>${label}</b><small id="needs-${kind}">${needs}</small></button>`;

const view = (id: string, label: string) =>
  `<figure><svg id="${id}" viewBox="-50 -50 100 100" role="img" aria-label="${label}"></svg><figcaption>${label}</figcaption></figure>`;

function body(title: string): string {
  return `<div id="top">
<header id="banner" data-mode="BOOT" data-lost="false">
  <svg id="shape" viewBox="0 0 24 24" aria-hidden="true"><path id="shape-path" d=""></path></svg>
  <div class="mode" role="status" aria-live="assertive"><h1 id="mode">BOOT</h1><p id="why">waiting for the daemon</p></div>
  <dl class="incident"><dt id="incident-name">no incident yet</dt><dd id="incident-why"></dd></dl>
  <p class="run"><b>${escapeHtml(title)}</b><span id="clock"></span> · <a href="/ladder">play with the ladder</a></p>
</header>
<p id="lost" role="alert" hidden></p>
<ol id="ladder" aria-label="Ladder of modes">${rungs}</ol>
<section id="buttons" aria-label="Operator">
  ${button('arm', 'Arm', 'from DISARMED')}
  ${button('engage', 'Engage', 'from HOLD')}
  ${button('disengage', 'Disengage', 'while engaged')}
  ${button('disarm', 'Disarm', 'from HOLD')}
  ${button('reset', 'Reset <span id="reset-incident"></span>', 'from STOPPED, ESTOP')}
  ${button('estop_release', 'Release e-stop', 'in ESTOP')}
  <output id="answer" aria-live="polite">Space or Esc stops, anywhere on this page.</output>
  <button type="button" data-kind="stop" class="stop" aria-keyshortcuts="Space Escape"><b>STOP</b><small>Space · Esc</small></button>
</section>
</div>
<main id="main">
  <section class="risk"><h2>Risk <output id="risk-now"></output></h2><div id="risk-plot" class="plot" role="img" aria-label="Risk over time with its two thresholds"></div></section>
  <section class="force"><h2>Force <output id="force-now"></output></h2><div id="force-plot" class="plot" role="img" aria-label="Force over time with its two limits"></div></section>
  <section class="place"><h2>Tip and target <output id="place-now"></output></h2>
    <div class="views">${view('side', 'from the side: x, z')}${view('above', 'from above: x, y')}</div>
    <p class="legend"><i class="key tip"></i>tip <i class="key setpoint"></i>setpoint <i class="key box"></i>Δ box <i class="key target"></i>target estimate <i class="key push"></i>force</p></section>
  <section class="score"><h2>Episode <output id="episode-now"></output></h2><dl id="episode"></dl></section>
  <section class="health"><h2>Health</h2><dl id="health"></dl></section>
  <section class="joints"><h2>Joints</h2><div id="joints"></div></section>
  <section class="events"><h2>Events</h2><ol id="events" tabindex="0" aria-label="Events, newest first"></ol></section>
</main>`;
}

/** The console as one self-contained HTML document, and the policy that lets it run nothing else. */
export function consolePage(title: string): { html: string; policy: string } {
  const styles = `${read('uPlot.min.css')}\n${style}`;
  const scripts = [
    read('uPlot.iife.min.js'),
    `'use strict';\n${chartScript}\n${viewScript}\n${shapeScript}\n${script}`,
  ];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Reflex Arc</title>
<style>${styles}</style>
</head>
<body>
${body(title)}
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>`;
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sha256).join(' ')}`,
    `style-src ${sha256(styles)}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}
