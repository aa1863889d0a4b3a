/** What the ladder's page adds to the style of the console. */
export const ladderStyle = `
#buttons button:not(.stop) { padding: .25rem .7rem; } #buttons button.stop { min-width: 8rem; } #answer { flex-basis: 9rem; }
main.toy { grid-template-columns: 1.15fr 1.05fr 1.4fr; grid-template-areas: 'flags state events' 'risk time events'; grid-template-rows: auto 1fr; }
.flags { grid-area: flags; } .state { grid-area: state; } .time { grid-area: time; }
.flag { display: grid; grid-template-columns: 2.6rem 1fr; gap: 0 .6rem; align-items: center; padding: .28rem 0; border-bottom: 1px solid var(--line); cursor: pointer; }
.flag:last-child { border: 0; } .flag small, .hint { color: var(--soft); font-size: .76rem; } .flag span { display: flex; justify-content: space-between; gap: .6rem; align-items: baseline; }
.flag input { appearance: none; position: relative; width: 2.4rem; height: 1.3rem; margin: 0; border-radius: 1rem; background: var(--soft); cursor: pointer; }
.flag input::after { content: ''; position: absolute; top: .15rem; left: .15rem; width: 1rem; height: 1rem; border-radius: 50%; background: #fff; transition: left .12s; }
.flag input:checked::after { left: 1.25rem; } .flag.harm input:checked { background: #b71c1c; } .flag.good input:checked { background: #10743a; }
:is(input, select, progress):focus-visible { outline: 3px solid var(--set); outline-offset: 2px; }
.level { display: grid; grid-template-columns: 7.5rem 1fr 2.6rem; gap: .6rem; align-items: center; padding: .2rem 0; } .level output { text-align: right; } .level input { width: 100%; accent-color: var(--set); } .level.high input { accent-color: var(--stop); } .level.low input { accent-color: var(--warn); }
.steps { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; } .steps button { min-height: 2.4rem; } .steps button[aria-pressed=true] { background: var(--set); border-color: var(--set); color: #fff; }
select { min-height: 2.4rem; padding: 0 .6rem; border: 1px solid var(--soft); border-radius: .5rem; background: var(--card); color: var(--ink); font: inherit; }
#timers { display: grid; gap: .4rem; margin-top: .6rem; min-height: 5rem; align-content: start; } #timers label { display: grid; gap: .15rem; font-size: .8rem; color: var(--soft); } progress { width: 100%; height: .5rem; accent-color: var(--set); }
.file { padding: 0 1.1rem .8rem; color: var(--soft); font-size: .76rem; overflow-wrap: anywhere; } #events time { flex: none; min-width: 4.2rem; text-align: right; }
@media (max-width: 1080px) { main.toy { grid-template-columns: 1fr 1fr; grid-template-areas: 'flags state' 'risk time' 'events events'; grid-template-rows: auto auto minmax(14rem, 1fr); } }
`;
