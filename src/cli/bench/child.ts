import type { ChildProcess } from 'node:child_process';

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Closes a child's stdin, which all our children take for the end; kills what has not ended after 3 s. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  const killer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(killer);
}
