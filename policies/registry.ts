import { named, type Plugin } from '../src/core/plugin.ts';

/** Finds the backend that the config names and creates it from its own options. */
export function fromRegistry<Made>(
  kind: string,
  backends: readonly Plugin<'policy', never, void, Made>[] | readonly { name: string }[],
  options: { type: string },
): Made {
  const backend = named(
    `policies.${kind}.type`,
    backends as readonly Plugin<'policy', unknown, void, Made>[],
    options.type,
  );
  return backend.create(backend.options.parse(options), undefined);
}
