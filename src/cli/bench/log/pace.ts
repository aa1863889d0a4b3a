import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Compression } from '../../../../bridges/mcap/compression.ts';
import type { RunConfig } from '../../../core/config-schema.ts';
import { type Row, rounded } from '../rows.ts';
import { Traffic } from './traffic.ts';
import { benchRecorder, PERIOD_NS } from './writing.ts';

/**
 * Delay of the event loop while 500 states a second are recorded, or only made (`null`): what the observer's ROS server and
 * console wait for the log, since all of it is one thread.
 */
export async function paced(
  folder: string,
  config: RunConfig,
  compression: Compression | null,
  seconds: number,
): Promise<Row> {
  const traffic = new Traffic(config);
  const recorder =
    compression === null
      ? null
      : await benchRecorder(join(folder, `paced-${compression}.mcap`), {
          ...{ compression, chunkSpanNs: 1e9 },
          blackBox: { beforeNs: 10e9, afterNs: 5e9, maxBytes: 32e6, maxFiles: 1 },
        });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const began = performance.now();
  for (let n = 0; n * PERIOD_NS < seconds * 1e9; ) {
    // What is due by now; a timer that is late has more than one period to give.
    for (; n * PERIOD_NS <= (performance.now() - began) * 1e6; n++)
      for (const { topic, type, message } of traffic.period(n * PERIOD_NS))
        recorder?.record(topic, type, message, n * PERIOD_NS, n * PERIOD_NS);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  delay.disable();
  await recorder?.close();
  const ms = (ns: number) => rounded(ns / 1e6);
  return {
    ...{
      case: 'event_loop_delay',
      subject: compression === null ? 'nothing recorded' : `ours, ${compression}`,
      unit: 'ms',
    },
    ...{ p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), p99_9: ms(delay.percentile(99.9)) },
    ...{ max: ms(delay.max), samples: delay.count },
  };
}
