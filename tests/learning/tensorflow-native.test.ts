import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { BC_DEFAULTS, trainBc } from '../../src/learning/behaviour-cloning.ts';
import { startTensorflow } from '../../src/learning/tensorflow.ts';

const backend = await startTensorflow();
/** An optional package, whose library is a download of its own that may not be here. */
const notNative = backend === 'tensorflow' ? '' : ' (NOT TESTED, tfjs-node: its native library does not load here)';

let out: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'reflexarc-native-'));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

describe('TensorFlow.js', () => {
  it('is native, or in WebAssembly where the native library does not load', async () => {
    expect(['tensorflow', 'wasm']).toContain(backend);
    // Who asks for WebAssembly gets it, and the choice of before stands for who does not.
    expect(await startTensorflow('wasm')).toBe('wasm');
    expect(await startTensorflow()).toBe(backend);
  });

  it.skipIf(notNative)(
    `natively gives the same weights twice for one seed, and the manifest says so${notNative}`,
    async () => {
      const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []);
      const small = { ...BC_DEFAULTS, episodes: 3, epochs: 2, hidden: 16, onProgress: () => {} };
      const made = async (name: string, seed: number) => {
        const folder = join(out, name);
        const { sha256 } = (await trainBc(config, { ...small, seed, out: folder }))!;
        const manifest = JSON.parse(readFileSync(join(folder, 'base.manifest.json'), 'utf8'));
        expect(manifest.backend).toBe('tensorflow');
        return sha256;
      };
      const first = await made('first', 1);
      expect(await made('again', 1)).toBe(first);
      expect(await made('other', 2)).not.toBe(first);
    },
  );
});
