/** Style of the console. Modes differ by colour, text and shape. */
export const style = `
:root { color-scheme: light dark; --bg: #f5f6f8; --card: #fff; --ink: #16191d; --soft: #667; --line: #d8dbe0;
  --calm: #5b6472; --hold: #1f6feb; --go: #13803c; --warn: #b26a00; --stop: #c62828; }
@media (prefers-color-scheme: dark) { :root { --bg: #101317; --card: #191d23; --ink: #e8eaed; --soft: #9aa3af; --line: #2b323b;
  --calm: #4a5462; --hold: #2f6fd6; --go: #1c8a48; --warn: #b97712; --stop: #cf3b3b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.4 system-ui, sans-serif; }
header { display: flex; gap: 1.5rem; align-items: center; padding: .7rem 1.2rem; color: #fff; background: var(--calm); transition: background .15s; }
header[data-mode=HOLD] { background: var(--hold); } header[data-mode=ENGAGING], header[data-mode=ACTIVE] { background: var(--go); }
header[data-mode=RECOVERY], header[data-mode=STOPPING] { background: var(--warn); }
header[data-mode=STOPPED], header[data-mode=ESTOP], header[data-mode=FAULT] { background: var(--stop); }
.mode { font-size: 2rem; min-width: 13rem; } .why { flex: 1; font-size: 1.1rem; } header small { display: block; opacity: .9; font-size: .85rem; }
.run { text-align: right; }
#lost { margin: 0; padding: .5rem 1.2rem; background: var(--stop); color: #fff; font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .3rem; padding: .6rem 1.2rem 0; }
.rung { padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--soft); font-size: .8rem; background: var(--card); }
.rung.now { color: #fff; background: var(--ink); color: var(--bg); font-weight: 700; border-color: var(--ink); }
#buttons { display: flex; gap: .6rem; align-items: center; padding: .6rem 1.2rem; }
button { font: inherit; font-weight: 600; padding: .6rem 1.2rem; border-radius: .5rem; border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer; }
button:disabled { opacity: .4; cursor: not-allowed; } button:focus-visible { outline: 3px solid var(--hold); outline-offset: 2px; }
button.stop { background: var(--stop); color: #fff; border-color: var(--stop); font-size: 1.2rem; padding: .6rem 2.4rem; }
#answer { color: var(--soft); }
main { display: grid; grid-template-columns: repeat(4, 1fr); gap: .8rem; padding: 0 1.2rem 1.2rem; }
main section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem; min-width: 0; }
.wide { grid-column: span 2; }
h2 { margin: 0 0 .4rem; font-size: .95rem; } h2 small { color: var(--soft); font-weight: 400; margin-left: .5rem; }
.views { display: flex; gap: .5rem; } figure { margin: 0; flex: 1; } svg { width: 100%; height: 10.5rem; background: var(--bg); border-radius: .4rem; }
figcaption { color: var(--soft); font-size: .75rem; text-align: center; }
.joint { display: grid; grid-template-columns: 5.2rem 1fr 3.2rem; gap: .5rem; align-items: center; font-size: .8rem; margin: .22rem 0; }
.track { position: relative; height: .55rem; background: var(--bg); border-radius: .3rem; } .track i { position: absolute; top: -.1rem; width: .3rem; height: .75rem; background: var(--hold); border-radius: .1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .8rem; margin: 0; font-size: .88rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
dd.bad { color: var(--stop); font-weight: 700; }
#events { list-style: none; margin: 0; padding: 0; max-height: 11rem; overflow: auto; font-size: .85rem; font-variant-numeric: tabular-nums; }
#events li { padding: .12rem 0; border-bottom: 1px solid var(--line); } #events time { color: var(--soft); margin-right: .6rem; }
@media (max-width: 1100px) { main { grid-template-columns: repeat(2, 1fr); } }
`;
