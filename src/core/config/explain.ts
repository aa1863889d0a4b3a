import type { z } from 'zod';
import { allowedBy, type JsonSchema, schemaAt } from './json-schema.ts';
import { nearest } from './nearest.ts';
import { dotted, type Path, placeOf, type Source, where } from './source.ts';
import { wrongUnit } from './suffix.ts';

type Issue = z.core.$ZodIssue;

/** A value in one line, as the reader wrote it. */
function inline(value: unknown): string {
  if (typeof value === 'number') {
    // As YAML writes them, so that the reader finds the word in the file.
    if (Number.isNaN(value)) return '.nan';
    return Number.isFinite(value) ? String(value) : value > 0 ? '.inf' : '-.inf';
  }
  if (value === undefined) return '(missing)';
  const list = Array.isArray(value) ? `[${value.map(inline).join(', ')}]` : JSON.stringify(value);
  return list.length > 60 ? `${list.slice(0, 57)}…` : list;
}

function valueAt(root: unknown, path: Path): unknown {
  let at = root;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/**
 * zod's issues as lines for a person: `file:line: key = value: what was seen; allowed: what; did you mean …?`.
 * A required key that is missing only because it is misspelt is told once, at the misspelling.
 */
export function explainIssues(issues: readonly Issue[], source: Source, schema: JsonSchema): string[] {
  const lines: string[] = [];
  const meant = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const path = issue.path as Path;
    for (const key of issue.keys) lines.push(explainKey(key, path, source, schema, meant));
  }
  for (const issue of issues) {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys' || meant.has(dotted(path))) continue;
    lines.push(explainValue(issue, path, source, schema));
  }
  return lines;
}

function explainKey(key: string, path: Path, source: Source, schema: JsonSchema, meant: Set<string>): string {
  const full = [...path, key];
  const value = valueAt(source.value, full);
  const all = Object.keys(schemaAt(schema, path)?.properties ?? {});
  const given = valueAt(source.value, path) as Record<string, unknown>;
  const free = all.filter((name) => !(name in given));
  const head = `${where(placeOf(source, full))}: ${dotted(full)} = ${inline(value)}: `;
  const unit = wrongUnit(key, value, all);
  if (unit) {
    meant.add(dotted([...path, unit.key]));
    const right = unit.value === undefined ? unit.key : `${unit.key}: ${unit.value}`;
    const told = unit.unit === 'SI' ? 'is in SI units and carries no suffix' : `is in ${unit.unit}`;
    return `${head}wrong unit: \`${unit.key}\` ${told}; did you mean \`${right}\`?`;
  }
  const guess = nearest(key, free) ?? nearest(key, all);
  if (guess) {
    meant.add(dotted([...path, guess]));
    return `${head}no such key; did you mean \`${guess}\`?`;
  }
  const elsewhere = sectionOf(key, schema);
  if (elsewhere) return `${head}no such key here; \`${elsewhere}\` takes it`;
  return `${head}no such key; allowed here: ${all.join(', ')}`;
}

/** The full path of a key that exists, spelt just so, in another section. */
function sectionOf(key: string, schema: JsonSchema, path: readonly string[] = []): string | undefined {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (name === key) return dotted([...path, name]);
    const found = sectionOf(key, child, [...path, name]);
    if (found) return found;
  }
  return undefined;
}

function explainValue(issue: Issue, path: Path, source: Source, schema: JsonSchema): string {
  const value = valueAt(source.value, path);
  const node = schemaAt(schema, path);
  const head = `${where(placeOf(source, path))}: ${dotted(path) || 'run'} = ${inline(value)}`;
  const allowed = node ? `; allowed: ${allowedBy(node)}` : '';
  if (value === undefined) return `${head}: this key is required${allowed}`;
  if (value === null) return `${head}: the value is empty${allowed}`;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return `${head}: ${Number.isNaN(value) ? 'not a number' : 'infinite'}, and a limit must be finite${allowed}`;
  }
  if (issue.code === 'custom' || issue.code === 'invalid_format') return `${head}: ${sentence(issue)}${allowed}`;
  if (typeof value === 'string' && node && (node.type === 'number' || node.type === 'integer')) {
    const number = Number.parseFloat(value);
    const hint = Number.isFinite(number) ? `; write the number alone: \`${number}\`` : '';
    return `${head}: text where a number belongs${allowed}${hint}`;
  }
  if ((typeof value === 'number' || typeof value === 'boolean') && node?.type === 'string') {
    return `${head}: YAML reads a ${typeof value} where text belongs${allowed}; put it in quotes`;
  }
  if (typeof value === 'string' && node?.enum) {
    const guess = nearest(value, node.enum.map(String));
    return `${head}: not one of the choices${allowed}${guess ? `; did you mean \`${guess}\`?` : ''}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const many = Array.isArray(value)
      ? `${value.length} of them`
      : `too ${issue.code === 'too_small' ? 'small' : 'large'}`;
    return `${head}: ${many}${allowed}`;
  }
  return `${head}: ${typeName(value)} does not fit here${allowed}`;
}

/** zod's own words for a failed `refine` or `regex`; for a pattern they say what is allowed. */
const sentence = (issue: Issue): string =>
  issue.code === 'invalid_format' ? `must be ${issue.message}` : issue.message;

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section';
  if (typeof value === 'number') return Number.isInteger(value) ? 'this number' : 'a fraction';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
