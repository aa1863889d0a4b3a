/**
 * The .msg text of every type that we speak, ours and the standard ones, joined with the texts of what it uses, as an MCAP
 * schema of encoding `ros2msg` wants it.
 */
import { ReflexArcError } from '../../src/core/errors.ts';
import { OURS } from './reflexarc-msgs.ts';
import { STANDARD } from './standard-msgs.ts';

const TEXTS: Readonly<Record<string, string>> = { ...STANDARD, ...OURS };

/** Types used by the fields of a text, in order of appearance, long spelling. */
function used(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(\w+)\/(\w+)(\[\d*\])? /.exec(line);
    return found === null ? [] : [`${found[1]}/msg/${found[2]}`];
  });
}

/** Everything that `type` uses, directly or not, each once, in order of first use. */
function dependencies(type: string, found: Set<string> = new Set()): Set<string> {
  for (const name of used(TEXTS[type]!)) {
    if (found.has(name)) continue;
    found.add(name);
    dependencies(name, found);
  }
  return found;
}

const short = (type: string) => type.replace(/\/(msg|srv)\//, '/');

/** By type, in long spelling (`pkg/msg/Type`): its text, then each type that it uses below 80 `=` and `MSG: pkg/Type`. */
export const definitions: ReadonlyMap<string, string> = new Map(
  Object.keys(TEXTS).map((type) => [
    type,
    [
      TEXTS[type]!.trim(),
      ...[...dependencies(type)].map((name) => `${'='.repeat(80)}\nMSG: ${short(name)}\n${TEXTS[name]!.trim()}`),
    ].join('\n'),
  ]),
);

/**
 * The definition of a type, as text for an MCAP schema of encoding `ros2msg`.
 * @throws ReflexArcError RA_INTERNAL for a type that is not here
 */
export function definitionOf(type: string): string {
  const text = definitions.get(type);
  if (text === undefined)
    throw new ReflexArcError('RA_INTERNAL', {
      seen: `no definition of ${type}`,
      allowed: [...definitions.keys()].join(', '),
    });
  return text;
}
