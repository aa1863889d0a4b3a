import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { end } from './child.ts';

/** Turns of a few ms, so that the end of stdin is seen; a word on stdout at the first. */
const TURNS = (work: string) => `process.stdin.on('end', () => process.exit(0)).resume();
let said = false;
const turn = () => {
  const until = performance.now() + 5;
  while (performance.now() < until) { ${work} }
  if (!said) process.stdout.write('on');
  said = true;
  setImmediate(turn);
};
turn();`;

/** What else the machine does while a bench measures: programs for `node -e`; an empty one is nothing. */
export const LOADS = {
  idle: '',
  'GC churn': `const kept = new Array(5000); let n = 0; ${TURNS('kept[n++ % kept.length] = { a: new Array(20).fill(n), b: String(n) };')}`,
  'CPU hog': `let x = 0; ${TURNS('x = Math.sin(x + 1);')}`,
} as const;
export type Load = keyof typeof LOADS;

/** Runs `body` while the machine has that load besides. */
export async function under<T>(load: Load, body: () => Promise<T>): Promise<T> {
  if (LOADS[load] === '') return body();
  const child: ChildProcess = spawn(process.execPath, ['-e', LOADS[load]], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout!, 'data');
    return await body();
  } finally {
    await end(child);
  }
}
