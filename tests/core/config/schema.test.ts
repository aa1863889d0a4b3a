import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  allowedBy,
  editorSchemas,
  type JsonSchema,
  runJsonSchema,
  schemaAt,
} from '../../../src/core/config/json-schema.ts';
import { packageRoot } from '../../../src/core/paths.ts';

const folder = join(packageRoot, 'configs/schema');

describe('the JSON Schemas for editors', () => {
  it('are committed as they are emitted (`npm run schema` writes them anew)', () => {
    const committed = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
    expect(committed).toEqual(new Map(editorSchemas()));
  });

  it('let a section be a file name or stand inline, and refuse an unknown key', () => {
    const run = JSON.parse(editorSchemas().get('run.schema.json')!) as JsonSchema & { additionalProperties: boolean };
    expect(run.additionalProperties).toBe(false);
    expect(run.properties?.robot?.anyOf?.map((s) => s.type)).toEqual(['string', 'object']);
  });

  it('are named by the first line of every shipped config that has one, by a path that exists', () => {
    for (const name of readdirSync(join(packageRoot, 'configs/runs'))) {
      const file = join(packageRoot, 'configs/runs', name);
      const [, path] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8')) ?? [];
      expect(path, `${name} names its schema`).toBeDefined();
      expect(resolve(dirname(file), path!)).toBe(join(folder, 'run.schema.json'));
    }
  });
});

describe('what is allowed, in words', () => {
  it.each([
    [['safety', 'force_limit'], 'a finite number above 0 (N on the filtered norm: above, controlled stop)'],
    [['safety', 'risk', 'high'], 'a finite number from 0 to 1 (above it a candidate of the policy is not admitted)'],
    [['robot', 'joints', 3, 'position'], 'a list of 2 finite numbers (rad)'],
    [
      ['bridge', 'ros_version'],
      '1 or 2 or "auto" (auto: asked of rosapi at the start; without an answer the link stays down)',
    ],
    [['daemon', 'time'], 'one of "real", "stepped" (stepped: follow the simulator, for --speed max)'],
    [['log', 'enabled'], 'true or false'],
    [['seed'], 'a whole number from 0'],
  ])('%j: %s', (path, words) => {
    expect(allowedBy(schemaAt(runJsonSchema, path)!)).toBe(words);
  });

  it('nothing is allowed where nothing is', () => {
    expect(schemaAt(runJsonSchema, ['robot', 'colour', 'red'])).toBeUndefined();
  });
});
