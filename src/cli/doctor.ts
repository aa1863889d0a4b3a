import { loadRun } from '../core/config/load.ts';
import type { Check } from './doctor/check.ts';
import { hostChecks, thisHost } from './doctor/host.ts';
import { robotChecks } from './doctor/robot.ts';
import { table } from './output.ts';

export interface DoctorOptions {
  json?: boolean;
  set: string[];
}

/** `reflexarc doctor`: looks at the host, the bridge and the topics, and changes nothing. 1 when a check failed. */
export async function doctor(file: string, options: DoctorOptions): Promise<number> {
  const { config } = loadRun(file, options.set);
  const checks = [...hostChecks(thisHost(), config), ...(await robotChecks(config))];
  const failed = checks.some(({ status }) => status === 'fail');
  const say = (text: string) => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  say(table(checks.map(row)));
  say(failed ? 'not fit to run' : 'fit to run');
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: !failed, checks })}\n`);
  return failed ? 1 : 0;
}

const row = ({ name, status, seen, next }: Check): [string, string] => [
  `${status.padEnd(4)}  ${name}`,
  next === '' ? seen : `${seen}\n→ ${next}`,
];
