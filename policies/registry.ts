import { ReflexArcError } from '../src/core/errors.ts';
import type { Plugin } from '../src/core/plugin.ts';

/** Finds the backend that the config names and creates it from its own options. */
export function fromRegistry<Made>(
  kind: string,
  backends: readonly Plugin<'policy', never, void, Made>[] | readonly { name: string }[],
  options: { type: string },
): Made {
  const backend = (backends as readonly Plugin<'policy', unknown, void, Made>[]).find((b) => b.name === options.type);
  if (backend === undefined)
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `policies.${kind}.type = ${options.type}`,
      allowed: backends.map((b) => b.name).join(', '),
    });
  return backend.create(backend.options.parse(options), undefined);
}
