/**
 * Where a client comes from, by the `Origin` that a browser sends and a page cannot change. Any page open in a browser
 * could otherwise reach the robot through loopback.
 * - `known`: a program (it sends none), a page of this machine, or one that is listed;
 * - `file`: a page that was opened from a file, as the desktop applications of Foxglove and Lichtblick are; so would be a
 *   page that somebody downloaded;
 * - `foreign`: any other.
 *
 * NOTE some browsers send `null` for a page from a file, and all do for a frame that any page has put into a sandbox: it
 * is foreign, and when it is listed no more than a file.
 */
export type Origin = 'known' | 'file' | 'foreign';

/** `listed`: origins that are known too, e.g. `https://app.example`, or `file://`. */
export function originOf(origin: string | undefined, listed: readonly string[]): Origin {
  if (origin === 'null') return listed.includes(origin) ? 'file' : 'foreign';
  if (origin === undefined || listed.includes(origin) || isLocalPage(origin)) return 'known';
  return origin === 'file://' ? 'file' : 'foreign';
}

function isLocalPage(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname);
}
