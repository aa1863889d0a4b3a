import { explainAt, explanationRows } from '../logs/explain.ts';
import { table } from './output.ts';

export interface ExplainOptions {
  at: number;
  json?: boolean;
}

/** `reflexarc explain`: the chain of one command, from the sensors to the bytes. Returns the exit code. */
export async function explain(logs: readonly string[], { at, json }: ExplainOptions): Promise<number> {
  const explanation = await explainAt(logs, at);
  const stream = json ? process.stderr : process.stdout;
  stream.write(`${table(explanationRows(explanation))}\n`);
  if (json) {
    const plain = (_key: string, v: unknown) =>
      typeof v === 'bigint' ? Number(v) : ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v;
    const { limits: _limits, ...rest } = explanation;
    process.stdout.write(`${JSON.stringify(rest, plain)}\n`);
  }
  return 0;
}
