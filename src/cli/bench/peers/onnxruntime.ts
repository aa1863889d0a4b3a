import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Missing } from '../rows.ts';
import { onnxModel } from './onnx-model.ts';
import type { Peer } from './peer.ts';

const PACKAGE = 'onnxruntime-node';
const VERSION = '1.30.0';
const subject = PACKAGE;

/** What we need of it: it is no dependency of ours, since it has 291 MB. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<{ y: { data: Float32Array } }> }>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: number[]) => object;
}

/** Loads the package from a cache of its own; the first time, installs it there with npm. */
export function loadOnnxRuntime(): Peer | Missing {
  try {
    const ort = createRequire(join(installed(), 'package.json'))(PACKAGE) as OnnxRuntime;
    return { subject, version: VERSION, close: () => {}, prepare: (problem) => session(ort, problem) };
  } catch (error) {
    const why = (error as Error).message.trim().split('\n').at(-1)!;
    return { subject, why, next: `Run it once where npm reaches its registry; ${PACKAGE} is kept in ${cache()}.` };
  }
}

function cache(): string {
  const own = process.env.XDG_CACHE_HOME;
  return own ? join(own, 'reflexarc', 'peers') : join(tmpdir(), `reflexarc-peers-${userInfo().uid}`);
}

/** The cache folder, with the package in it. @throws Error when it is not ours, or npm fails */
function installed(): string {
  const dir = cache();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // A folder in a temporary directory could be anybody's, and what is in it is executed.
  const { uid } = userInfo();
  if (uid >= 0 && lstatSync(dir).uid !== uid) throw new Error(`${dir} belongs to another user`);
  if (existsSync(join(dir, 'node_modules', PACKAGE, 'package.json'))) return dir;
  process.stderr.write(`installing ${PACKAGE}@${VERSION} (291 MB, once) into ${dir}\n`);
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', dir];
  const npm = spawnSync('npm', ['install', ...options, `${PACKAGE}@${VERSION}`], {
    cwd: dir,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (npm.status === 0) return dir;
  const reason = npm.error?.message ?? npm.stderr.split('\n').find((line) => line.includes('code')) ?? npm.status;
  throw new Error(`npm install ${PACKAGE}@${VERSION} failed: ${reason}`);
}

async function session(ort: OnnxRuntime, { layers, rows, x }: Parameters<Peer['prepare']>[0]) {
  const run = await ort.InferenceSession.create(onnxModel(layers, rows), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    // One thread: the networks are far too small to be split.
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const shape = [rows, layers[0]!.inputs];
  const once = async () => (await run.run({ x: new ort.Tensor('float32', x, shape) })).y.data;
  return {
    outputs: once,
    sample: async (calls: number) => {
      const at = performance.now();
      for (let n = 0; n < calls; n++) await once();
      return ((performance.now() - at) * 1000) / calls;
    },
    close: () => {},
  };
}
