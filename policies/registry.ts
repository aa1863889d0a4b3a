import { ReflexArcError } from '../src/core/errors.ts';
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
  const parsed = backend.options.safeParse(options);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `policies.${kind}.${issue?.path.join('.')}: ${issue?.message}`,
      allowed: `what type ${options.type} takes (${backend.summary})`,
    });
  }
  return backend.create(parsed.data, undefined);
}
