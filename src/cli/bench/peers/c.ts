import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { end } from '../child.ts';
import type { Missing } from '../rows.ts';
import { C_SOURCE } from './c-source.ts';
import type { Contestant, Peer, Problem } from './peer.ts';

const FLAGS = ['-O3', '-march=native', '-std=gnu11'];
const NEXT = 'Install a C compiler (gcc or cc) to have this peer.';

/** The subjects in C: the plain loop is `c`, the one with sums in registers `c-tiled`. */
const VARIANTS = { c: 'plain', 'c-tiled': 'tiled' } as const;
export const C_SUBJECTS = Object.keys(VARIANTS) as (keyof typeof VARIANTS)[];

/** Compiles the peer into a temporary folder, for this machine. */
export function loadC(subject: keyof typeof VARIANTS): Peer | Missing {
  const compiler = ['gcc', 'cc'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (compiler === undefined) return { subject, why: 'there is neither gcc nor cc', next: NEXT };
  const dir = mkdtempSync(join(tmpdir(), 'reflexarc-bench-c-'));
  const close = () => rmSync(dir, { recursive: true, force: true });
  const source = join(dir, 'dense.c');
  const program = join(dir, 'dense');
  writeFileSync(source, C_SOURCE);
  const { status, stderr } = spawnSync(compiler, [...FLAGS, source, '-o', program], { encoding: 'utf8' });
  if (status !== 0) {
    close();
    return { subject, why: `${compiler} ${FLAGS.join(' ')} failed: ${stderr.split('\n')[0]}`, next: NEXT };
  }
  const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]!;
  return {
    subject,
    version: `${version} ${FLAGS.join(' ')}, ${VARIANTS[subject]}`,
    close,
    prepare(problem) {
      const file = join(dir, 'problem');
      writeFileSync(file, problemFile(problem));
      return talkTo(program, file, VARIANTS[subject]);
    },
  };
}

/** See c-source.ts. Little-endian as every machine that Node runs on today but s390x. */
function problemFile({ layers, rows, x }: Problem): Buffer {
  const head = [layers.length, rows, ...layers.flatMap((l) => [l.inputs, l.units, l.activation === 'relu' ? 1 : 0])];
  const floats = [...layers.flatMap((l) => [l.weight, l.bias]), x];
  return Buffer.concat(
    [Int32Array.from(head), ...floats].map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength)),
  );
}

function talkTo(program: string, file: string, variant: string): Contestant {
  const child = spawn(program, [file, variant], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`the C program ended with ${child.exitCode ?? child.signalCode}`);
    return value;
  };
  return {
    outputs: async () => (await ask('out')).split(' ').map(Number),
    sample: async (calls) => Number(await ask(String(calls))),
    close: () => end(child),
  };
}
