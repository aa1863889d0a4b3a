/** Style of the console. Modes differ by colour, text and shape; white on every mode's colour has a contrast above 4.5. */
export const style = `
:root { color-scheme: light dark; --bg: #eef0f3; --card: #fff; --ink: #14181d; --soft: #59636f; --line: #dfe3e8; --fill: #14181d14;
  --calm: #525c69; --hold: #1d5fcc; --go: #10743a; --warn: #9a5b00; --stop: #c42121; --fault: #8a1460; --accent: #c05a00; --target: #10743a; --set: #1d5fcc; --ground: #8c959f2e; }
@media (prefers-color-scheme: dark) { :root { --bg: #0e1116; --card: #171b21; --ink: #e9ecf0; --soft: #98a2ae; --line: #2a313a; --fill: #e9ecf01c;
  --warn: #d98e1f; --stop: #ef5350; --accent: #ffa04d; --target: #46c67c; --set: #6ea8ff; } }
* { box-sizing: border-box; }
body { display: flex; flex-direction: column; min-height: 100vh; margin: 0; background: var(--bg); color: var(--ink); font: 14px/1.35 system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-variant-numeric: tabular-nums; }
h1, h2, p, dl, dd, ol, figure { margin: 0; padding: 0; }
#top { position: sticky; top: 0; z-index: 5; background: var(--bg); box-shadow: 0 1px 0 var(--line); }
#banner { display: grid; grid-template-columns: auto minmax(15rem, 1.5fr) 1fr auto; gap: 0 1.1rem; align-items: center; min-height: 5.2rem; padding: .6rem 1.1rem; color: #fff; background: var(--mode, #525c69); }
[data-mode=HOLD] { --mode: #1d5fcc; } :is([data-mode=ENGAGING], [data-mode=ACTIVE]) { --mode: #10743a; } :is([data-mode=RECOVERY], [data-mode=STOPPING]) { --mode: #9a5b00; }
:is([data-mode=STOPPED], [data-mode=ESTOP]) { --mode: #b71c1c; } [data-mode=FAULT] { --mode: #8a1460; }
#banner[data-lost=true] { background: repeating-linear-gradient(135deg, #4a4f57 0 14px, #3c4148 14px 28px); }
#shape { width: 3.4rem; height: 3.4rem; } #shape path { fill: #fff; fill-rule: evenodd; }
#mode { font-size: 2.1rem; line-height: 1.1; letter-spacing: .02em; } #why { font-size: 1rem; }
.incident { border-left: 1px solid #ffffff59; padding-left: 1.1rem; font-size: .9rem; } .incident dd { font-weight: 600; }
.run { text-align: right; font-size: .82rem; } .run b { display: block; font-size: 1rem; } .run a { color: inherit; }
#lost { padding: .45rem 1.1rem; background: #b71c1c; color: #fff; font-weight: 600; }
#ladder { display: flex; flex-wrap: wrap; gap: .3rem; padding: .55rem 1.1rem 0; list-style: none; }
.rung { display: flex; align-items: center; padding: .1rem .65rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); color: var(--soft); font-size: .75rem; }
.rung[aria-current] { background: var(--mode, #525c69); border-color: var(--mode, #525c69); color: #fff; font-weight: 700; }
#buttons { display: flex; flex-wrap: wrap; gap: .5rem; align-items: stretch; padding: .55rem 1.1rem .65rem; }
button { display: flex; flex-direction: column; justify-content: center; min-height: 3.1rem; padding: .25rem 1rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--card); color: var(--ink); font: inherit; cursor: pointer; touch-action: manipulation; }
button b { font-size: 1rem; } button small { color: var(--soft); font-size: .7rem; }
button:disabled { border-color: var(--line); background: none; color: var(--soft); cursor: not-allowed; } button:disabled b { font-weight: 500; }
button:not(:disabled):hover { border-color: var(--ink); } button:focus-visible, #events:focus-visible { outline: 3px solid var(--set); outline-offset: 2px; }
button.stop { align-items: center; min-width: 11rem; margin-left: auto; background: #b71c1c; border-color: #b71c1c; color: #fff; } button.stop b { font-size: 1.5rem; line-height: 1.1; letter-spacing: .08em; } button.stop small { color: #fff; }
button.stop:not(:disabled):hover { background: #d32f2f; }
#answer { flex: 1 1 12rem; align-self: center; color: var(--soft); } #answer[data-state=refused] { color: var(--stop); font-weight: 600; } #answer[data-state=accepted] { color: var(--target); font-weight: 600; }
main { flex: 1; display: grid; gap: .7rem; padding: .7rem 1.1rem 1.1rem; grid-template-columns: 5fr 4.4fr 3.2fr; grid-template-areas: 'risk place score' 'force place health' 'joints events health'; grid-template-rows: minmax(11rem, 1fr) minmax(11rem, 1fr) 12.4rem; }
main.old { opacity: .45; }
main section { min-width: 0; padding: .55rem .8rem .65rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card); overflow: hidden; }
.risk { grid-area: risk; } .force { grid-area: force; } .place { grid-area: place; } .score { grid-area: score; } .health { grid-area: health; } .joints { grid-area: joints; } .events { grid-area: events; }
.risk, .force, .place, .events { display: flex; flex-direction: column; }
h2 { display: flex; justify-content: space-between; gap: .6rem; margin: 0 0 .3rem; font-size: .88rem; white-space: nowrap; } h2 output { color: var(--soft); font-weight: 400; font-size: .8rem; overflow: hidden; text-overflow: ellipsis; }
.plot { position: relative; flex: 1; min-height: 0; } .plot > .uplot { position: absolute; inset: 0; }
.views { flex: 1; display: flex; gap: .6rem; min-height: 0; } figure { flex: 1; display: flex; flex-direction: column; min-width: 0; } figure svg { flex: 1 1 0; min-height: 0; width: 100%; border-radius: .4rem; background: var(--bg); }
figcaption, .legend { color: var(--soft); font-size: .74rem; text-align: center; }
.grid { stroke: var(--line); stroke-width: .3; } .ground { fill: var(--ground); } .target { fill: none; stroke: var(--target); stroke-width: 1; } .box { fill: none; stroke: var(--set); stroke-width: .6; stroke-dasharray: 2 1.6; }
.pull { stroke: var(--set); stroke-width: .7; } .setpoint { fill: none; stroke: var(--set); stroke-width: 1.1; } .push { stroke: var(--stop); stroke-width: 1.5; stroke-linecap: round; }
.tool { fill: var(--accent); opacity: .35; } .tip { fill: var(--accent); } .bar { stroke: var(--soft); stroke-width: .9; } .scale, .unknown { fill: var(--soft); font-size: 4.5px; } .unknown { text-anchor: middle; }
.key { display: inline-block; width: .62rem; height: .62rem; margin: 0 .15rem 0 .5rem; vertical-align: -.05rem; } .key.tip { border-radius: 50%; background: var(--accent); } .key.setpoint { border: 2px solid var(--set); border-radius: 50%; } .key.box { border: 1px dashed var(--set); } .key.target { border: 2px solid var(--target); border-radius: 50%; } .key.push { height: .2rem; vertical-align: .15rem; background: var(--stop); }
section dl { display: grid; grid-template-columns: max-content 1fr; gap: .06rem .8rem; font-size: .84rem; } dt { color: var(--soft); } .incident dt { color: #fff; } dd { overflow-wrap: anywhere; } section dd { text-align: right; } dd.bad { color: var(--stop); font-weight: 700; }
.joint { display: grid; grid-template-columns: minmax(4.5rem, max-content) 1fr 3rem 3rem; gap: .6rem; align-items: center; font-size: .78rem; line-height: 1.5; } .value { text-align: right; }
.track { position: relative; height: .42rem; border-radius: .3rem; background: var(--line); } .track i { position: absolute; top: -.18rem; width: .36rem; height: .78rem; margin-left: -.18rem; border-radius: .12rem; background: var(--set); } .track.near i { background: var(--stop); }
#events { flex: 1 1 0; min-height: 6rem; overflow: auto; list-style: none; font-size: .8rem; } #events li { display: flex; gap: .6rem; padding: .16rem 0; border-bottom: 1px solid var(--line); } #events time { color: var(--soft); } #events b { flex: none; align-self: flex-start; padding: 0 .4rem; border-radius: .25rem; background: var(--mode, #525c69); color: #fff; font-size: .7rem; line-height: 1.5; }
@media (max-width: 1080px) { #banner { grid-template-columns: auto 1fr auto; row-gap: .35rem; } .incident { grid-area: 2 / 1 / 3 / 4; display: flex; gap: .8rem; padding: .3rem 0 0; border: 0; border-top: 1px solid #ffffff59; } button.stop { min-width: 9rem; } button { padding: .25rem .75rem; }
  main { grid-template-columns: 1fr 1fr; grid-template-rows: 12rem 23rem auto minmax(14rem, 1fr); grid-template-areas: 'risk force' 'place place' 'score health' 'joints events'; } }
`;
