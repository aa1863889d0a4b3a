import type { RunConfig } from '../../core/config-schema.ts';
import { benchClient } from './bridge/client.ts';
import { benchDecode } from './bridge/decode.ts';
import { benchImages } from './bridge/images.ts';
import { benchLoop } from './bridge/loop.ts';
import { benchServer } from './bridge/server.ts';
import { benchTakeover } from './bridge/takeover.ts';
import { benchViewer } from './bridge/viewer.ts';
import type { BenchOptions, Outcome } from './rows.ts';

/** The ROS bridge, part after part, each beside its peers. */
const PARTS: readonly ((config: RunConfig, options: BenchOptions) => Promise<Outcome>)[] = [
  benchClient,
  benchServer,
  benchLoop,
  benchDecode,
  benchImages,
  benchViewer,
  benchTakeover,
];

export async function benchBridge(config: RunConfig, options: BenchOptions): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const part of PARTS) outcomes.push(await part(config, options));
  return {
    results: outcomes.flatMap((o) => o.results),
    missing: outcomes.flatMap((o) => o.missing ?? []),
    peers: Object.assign({}, ...outcomes.map((o) => o.peers ?? {})),
    notes: outcomes.flatMap((o) => o.notes ?? []),
    failed: outcomes.some((o) => o.failed),
  };
}
