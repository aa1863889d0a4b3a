import { textOf } from '../messages/types.ts';

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
const CONSTANT = /^[\w/]+ ([A-Z][A-Z0-9_]*) ?= ?(.*)$/;

/** A type and all that it uses, as rosapi's `message_details` lists them; empty for a type that we do not know. */
export function typeDefinitions(type: string): TypeDefinition[] {
  const text = textOf(type);
  return text === '' ? [] : `MSG: ${type}\n${text}`.split(/^=+\n/m).map(definitionIn);
}

/** The same for the request or the response of a service, empty ones of a known service included. */
export function serviceDefinitions(type: string, half: 'Request' | 'Response'): TypeDefinition[] {
  const found = typeDefinitions(`${type}_${half}`);
  if (found.length > 0) return found;
  const known = textOf(`${type}_Request`) !== '' || textOf(`${type}_Response`) !== '';
  return known ? [definitionIn(`MSG: ${type}_${half}\n`)] : [];
}

function definitionIn(block: string): TypeDefinition {
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
    const [, constant, value] = CONSTANT.exec(line) ?? [];
    if (constant !== undefined && value !== undefined) {
      definition.constnames.push(constant);
      definition.constvalues.push(value);
      continue;
    }
    const [, fieldType, array, length, name] = FIELD.exec(line) ?? [];
    if (fieldType === undefined || name === undefined) continue;
    definition.fieldnames.push(name);
    definition.fieldtypes.push(fieldType);
    definition.fieldarraylen.push(array === undefined ? -1 : Number(length || 0));
    definition.examples.push(array === undefined ? example(fieldType) : '[]');
  }
  return definition;
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
