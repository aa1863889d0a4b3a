import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { script } from './page-script.ts';
import { style } from './page-style.ts';

/** uPlot as it stands in its package: the page needs nothing from elsewhere. */
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
const read = (file: string) => readFileSync(join(uplot, 'dist', file), 'utf8');

const LADDER = ['DISARMED', 'HOLD', 'ENGAGING', 'ACTIVE', 'RECOVERY', 'STOPPING', 'STOPPED', 'ESTOP', 'FAULT'];

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The console as one self-contained HTML document. */
export function consolePage(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Reflex Arc</title>
<style>${read('uPlot.min.css')}
${style}</style>
</head>
<body>
<header id="banner" data-mode="BOOT" role="status" aria-live="polite">
  <div class="mode"><span id="shape" aria-hidden="true">■</span> <strong id="mode">BOOT</strong></div>
  <div class="why"><span id="cause">waiting for the daemon</span><small id="detail"></small></div>
  <div class="run"><span>${escapeHtml(title)}</span><small id="clock"></small></div>
</header>
<p id="lost" role="alert" hidden></p>
<nav aria-label="ladder of modes">${LADDER.map((m) => `<span class="rung" data-rung="${m}">${m}</span>`).join('')}</nav>
<section id="buttons" aria-label="operator">
  <button data-kind="arm">Arm</button>
  <button data-kind="engage">Engage</button>
  <button data-kind="disengage">Disengage</button>
  <button data-kind="reset">Reset <span id="incident"></span></button>
  <button data-kind="stop" class="stop" title="Space or Escape">STOP</button>
  <output id="answer" aria-live="polite"></output>
</section>
<main>
  <section class="wide"><h2>Force <small id="force-now"></small></h2><div id="force-plot"></div></section>
  <section class="wide"><h2>Risk <small id="risk-now"></small></h2><div id="risk-plot"></div></section>
  <section><h2>Tip and hole</h2><div class="views">
    <figure><svg id="side" viewBox="-40 -60 80 90" role="img" aria-label="side view"></svg><figcaption>x–z, mm</figcaption></figure>
    <figure><svg id="top" viewBox="-40 -40 80 80" role="img" aria-label="top view"></svg><figcaption>x–y, mm</figcaption></figure>
  </div></section>
  <section><h2>Joints</h2><div id="joints"></div></section>
  <section><h2>Episode</h2><dl id="episode"></dl></section>
  <section><h2>Health</h2><dl id="health"></dl></section>
  <section class="wide"><h2>Events</h2><ol id="events"></ol></section>
</main>
<script>${read('uPlot.iife.min.js')}</script>
<script>${script}</script>
</body>
</html>`;
}
