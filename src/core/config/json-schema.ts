import { z } from 'zod';
import { policiesSchema, robotSchema, runSchema, safetySchema, taskSchema } from '../config-schema.ts';

/** The part of JSON Schema 2020-12 that zod emits for our configs. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Of a record: what stands under a name of the user's own. */
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | false;
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** `file`: a relative path starts from the folder of the file that holds it. */
  readonly 'x-relative-to'?: string;
}

const emit = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

/** What a composed run may hold, section files already put in. */
export const runJsonSchema: JsonSchema = emit(runSchema);

const orFile = <T extends z.ZodType>(schema: T) =>
  z.union([z.string().describe('a YAML file, relative to this file'), schema]);

const runFileSchema = runSchema.extend({
  robot: orFile(robotSchema),
  task: orFile(taskSchema),
  safety: orFile(safetySchema),
  policies: orFile(policiesSchema),
});

/** Schemas for editors, by file name, as they stand in `configs/schema/`. */
export function editorSchemas(): ReadonlyMap<string, string> {
  const text = (title: string, schema: z.ZodType) => {
    const { $schema, ...rest } = emit(schema) as JsonSchema & { $schema?: string };
    return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
  };
  return new Map([
    ['run.schema.json', text('Reflex Arc: a run', runFileSchema)],
    ['robot.schema.json', text('Reflex Arc: a robot', robotSchema)],
    ['task.schema.json', text('Reflex Arc: a task', taskSchema)],
    ['safety.schema.json', text('Reflex Arc: the limits of a run', safetySchema)],
  ]);
}

/** The schema of the value at `path`, or undefined where nothing is allowed. */
export function schemaAt(root: JsonSchema, path: readonly (string | number)[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = root;
  for (const part of path) {
    if (at === undefined) return undefined;
    if (typeof part === 'number') at = at.prefixItems?.[part] ?? (at.items || undefined);
    else at = at.properties?.[part] ?? anyName(at);
  }
  return at;
}

const anyName = ({ additionalProperties: any }: JsonSchema): JsonSchema | undefined =>
  typeof any === 'object' ? any : undefined;

/** What is allowed, in words: `a number above 0 (rad/s)`. */
export function allowedBy(schema: JsonSchema): string {
  const about = schema.description === undefined ? '' : ` (${schema.description})`;
  return `${kindOf(schema)}${about}`;
}

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.map((v) => JSON.stringify(v)).join(', ')}`;
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(' or ');
  switch (schema.type) {
    case 'number':
    case 'integer':
      return `${schema.type === 'integer' ? 'a whole number' : 'a finite number'}${rangeOf(schema)}`;
    case 'array': {
      const item = schema.prefixItems?.[0] ?? (schema.items || undefined);
      const items = item?.type === 'object' ? 'sections' : item?.type === 'string' ? 'names' : 'finite numbers';
      const count = schema.minItems === schema.maxItems && schema.minItems !== undefined ? `${schema.minItems} ` : '';
      return `a list of ${count}${items}`;
    }
    case 'object':
      return `a section with ${Object.keys(schema.properties ?? {}).join(', ')}`;
    case 'boolean':
      return 'true or false';
    default:
      return 'text';
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `from ${minimum}` : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : undefined;
  const parts = [
    exclusiveMinimum === undefined ? low : `above ${exclusiveMinimum}`,
    exclusiveMaximum === undefined ? high : `below ${exclusiveMaximum}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` ${parts.join(' ')}`;
}
