import { definitions } from '../messages/definitions.ts';

/** rosapi_msgs/msg/TypeDef. `fieldarraylen`: -1 for a single value, 0 for any length, n for a fixed one. */
export interface TypeDefinition {
  type: string;
  fieldnames: string[];
  fieldtypes: string[];
  fieldarraylen: number[];
  examples: string[];
  constnames: string[];
  constvalues: string[];
}

const FIELD = /^([\w/]+)(\[(\d*)\])? (\w+)/;

/** A type and all that it uses, as rosapi's `message_details` lists them; empty for a type that we do not know. */
export function typeDefinitions(type: string): TypeDefinition[] {
  const text = definitions.get(type);
  if (text === undefined) return [];
  return `MSG: ${type}\n${text}`.split(`${'='.repeat(80)}\n`).map((block) => {
    const [head = '', ...lines] = block.split('\n');
    const definition: TypeDefinition = {
      type: head.slice('MSG: '.length),
      fieldnames: [],
      fieldtypes: [],
      fieldarraylen: [],
      examples: [],
      constnames: [],
      constvalues: [],
    };
    for (const line of lines) {
      const [, fieldType, array, length, name] = FIELD.exec(line) ?? [];
      if (fieldType === undefined || name === undefined) continue;
      definition.fieldnames.push(name);
      definition.fieldtypes.push(fieldType);
      definition.fieldarraylen.push(array === undefined ? -1 : Number(length || 0));
      definition.examples.push(array === undefined ? example(fieldType) : '[]');
    }
    return definition;
  });
}

const example = (type: string) =>
  type === 'string'
    ? ''
    : type === 'bool'
      ? 'False'
      : type.includes('/')
        ? '{}'
        : type.startsWith('float')
          ? '0.0'
          : '0';
