import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { editorSchemas } from '../core/config/json-schema.ts';
import { nearest } from '../core/config/nearest.ts';
import { ReflexArcError } from '../core/errors.ts';

export interface SchemaOptions {
  /** Folder that all schemas are written to; without it the one asked for goes to stdout. */
  write?: string;
}

/** `reflexarc schema`: the JSON Schemas of our config files, for editors. Returns the exit code. */
export function schema(name: string, options: SchemaOptions): number {
  const schemas = editorSchemas();
  if (options.write !== undefined) {
    mkdirSync(options.write, { recursive: true });
    for (const [file, text] of schemas) writeFileSync(join(options.write, file), text);
    process.stdout.write(`${schemas.size} schemas written to ${options.write}\n`);
    return 0;
  }
  const text = schemas.get(`${name}.schema.json`);
  if (text === undefined) {
    const names = [...schemas.keys()].map((file) => file.replace('.schema.json', ''));
    const guess = nearest(name, names);
    throw new ReflexArcError('RA_USAGE', {
      seen: `schema ${name}${guess ? `; did you mean ${guess}?` : ''}`,
      allowed: names.join(', '),
    });
  }
  process.stdout.write(text);
  return 0;
}
