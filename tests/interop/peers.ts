/**
 * Peers that a machine may lack: a browser, packages from PyPI (ROS 2 among them), ROS 1's own Python packages. By hand, a test without its
 * peer says so and is skipped. `.ci/run` names in REFLEXARC_PEERS the kinds that it could install (.ci/peers.sh); a peer of such
 * a kind that is not there fails its test, so that no tick of the conformance tables is one of a test that was skipped.
 *
 * Tests skip by what is here and by nothing else: peers.test.ts looks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export type PeerKind = 'chromium' | 'pypi' | 'ros1' | 'ros2' | 'lerobot';

/** ROS 1 is packaged for the distribution's own Python. */
export const ROS1_PYTHON = '/usr/bin/python3';

/** Path of a Chromium; undefined where there is none. */
export const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
);
const NO_CHROMIUM = CHROMIUM === undefined ? 'no Chromium here (set CHROMIUM to its path)' : '';

/**
 * What a test without its peer is to say; empty when it has it.
 * @param why it is not there; empty when it is
 * @throws Error where REFLEXARC_PEERS names its kind
 */
export function absent(
  kind: PeerKind,
  peer: string,
  why: string,
  required = process.env.REFLEXARC_PEERS ?? '',
): string {
  if (why === '') return '';
  if (required.split(' ').includes(kind))
    throw new Error(`${peer} must be here, for REFLEXARC_PEERS (${required}) names ${kind}, and is not: ${why}`);
  return `NOT TESTED, ${peer} is not here: ${why}`;
}

/** Skips the test, with a line that says so, or fails it: see `absent`. */
export function needs(context: { skip(): void }, kind: PeerKind, peer: string, why: string): void {
  const says = absent(kind, peer, why);
  if (says === '') return;
  process.stderr.write(`${says}\n`);
  context.skip();
}

/** For `describe.skipIf`: empty, or what its title is to end with. @throws Error see `absent` */
export const noChromium = (): string => titled(absent('chromium', 'Chromium', NO_CHROMIUM));
export const noRos1 = (modules: readonly string[]): string => titled(absent('ros1', 'ROS 1', ros1Lacks(modules)));
const titled = (says: string) => (says === '' ? '' : `: ${says}`);

/** Empty, or why LeRobot is not there: with torch it is gigabytes, and nobody installs it for a test. */
export function lerobotLacks(python: string): string {
  if (python === '') return 'set LEROBOT_PYTHON to a Python that has `lerobot` 0.4 or newer';
  try {
    execFileSync(python, ['-c', 'import lerobot.datasets.lerobot_dataset'], { stdio: 'pipe', timeout: 120_000 });
    return '';
  } catch (error) {
    return `${python}: ${String((error as { stderr?: Buffer }).stderr ?? error).trim()}`;
  }
}

/** Empty, or which of these Python modules of ROS 1 cannot be imported, with what Python said of the last. */
export function ros1Lacks(modules: readonly string[]): string {
  let said = '';
  const lacking = modules.filter((name) => {
    try {
      execFileSync(ROS1_PYTHON, ['-c', `import ${name}`], { stdio: 'pipe' });
      return false;
    } catch (error) {
      said = String((error as { stderr?: Buffer }).stderr ?? error).trim();
      return true;
    }
  });
  return lacking.length === 0 ? '' : `no ${lacking.join(', ')} (Debian: ${lacking.map(packageOf).join(' ')}): ${said}`;
}

const packageOf = (module: string) => `python3-${module.split('.')[0]!.replaceAll('_', '-')}`;
