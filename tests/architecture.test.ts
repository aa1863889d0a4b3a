import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ERRORS } from '../src/core/errors.ts';
import { packageRoot } from '../src/core/paths.ts';

const PRODUCT = ['src', 'controllers', 'policies', 'bridges'];
const texts = new Map<string, string>();
/** A file of the package, from the disk once. */
function read(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(packageRoot, file), 'utf8');
  texts.set(file, text);
  return text;
}

function sources(...rooms: string[]): string[] {
  return rooms.flatMap((room) =>
    readdirSync(join(packageRoot, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|cjs|mjs)$/.test(entry.name))
      .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name))),
  );
}

const codes = new Map<string, string>();
/** The code of a file: comments are blanked, line numbers kept. */
function code(file: string): string {
  const known = codes.get(file);
  if (known !== undefined) return known;
  const blanked = read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '))
    .replaceAll(/(^|[^:'"`])\/\/.*$/gm, '$1');
  codes.set(file, blanked);
  return blanked;
}

/** `file:line` of every match in the code of `files`. */
function matches(pattern: RegExp, files: readonly string[]): string[] {
  return files
    .filter((file) => pattern.test(code(file)))
    .flatMap((file) =>
      code(file)
        .split('\n')
        .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
}

function depcruise(config: string, ...from: string[]): string {
  const bin = join(packageRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  try {
    return execFileSync(process.execPath, [bin, '--config', config, ...from], { cwd: packageRoot, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe('imports', () => {
  it('go down, in no circle, and each room imports only what it may', () => {
    expect(depcruise('.dependency-cruiser.cjs', ...PRODUCT)).toMatch(/no dependency violations found/);
  });

  it('bring no learning, physics or page into the reflex, and no gate into the sentinel', () => {
    const said = depcruise('.ci/closures.cjs', 'src/daemon/reflex.ts', 'src/daemon/sentinel.ts');
    expect(said).toMatch(/no dependency violations found/);
  });
});

describe('what is fetched while it runs', () => {
  // The closures are judged without it: so here is all of it.
  it('is the guard, where a config asks for it, message types, decoders of images and chunks, readers of trajectories, and what command line and learning fetch', () => {
    const fetched = matches(/\bimport\(/, sources('bridges', 'controllers', 'policies', 'src')).filter(
      (at) => !/^src\/(cli|learning)\//.test(at),
    );
    expect(fetched.map((at) => at.replace(/:\d+:.*\bimport\('?(.*?)'?\).*/, ' $1')).sort()).toEqual([
      'bridges/mcap/compression.ts @foxglove/wasm-zstd',
      'bridges/mcap/compression.ts lz4-wasm-nodejs',
      'bridges/messages/types.ts @foxglove/rosmsg-msgs-common',
      'src/daemon/reflex.ts ../pipeline/guard.ts',
      'src/logs/trajectories/formats.ts ./csv.ts',
      'src/logs/trajectories/formats.ts ./hdf5.ts',
      'src/logs/trajectories/formats.ts ./lerobot.ts',
      'src/logs/trajectories/formats.ts ./log.ts',
      'src/logs/trajectories/formats.ts ./rosbag1.ts',
      'src/logs/trajectories/formats.ts ./rosbag2.ts',
      'src/logs/trajectories/hdf5.ts h5wasm/node',
      'src/logs/trajectories/parquet.ts hyparquet',
      'src/logs/trajectories/parquet.ts hyparquet-compressors',
      'src/logs/trajectories/parquet.ts hyparquet-writer',
      'src/logs/trajectories/rosbag1.ts @foxglove/wasm-bz2',
      'src/logs/trajectories/rosbag2.ts node-sqlite3-wasm',
      'src/pipeline/observation/images/sharp.ts name',
    ]);
    expect(code('src/daemon/reflex.ts')).toMatch(/config\.safety\.guard && \(await \(await import\(/);
  });
});

describe('the source', () => {
  it('has no file over 400 lines without a reason in its first lines', () => {
    const long = sources(...PRODUCT, 'tests', '.ci').filter((file) => {
      const lines = read(file).split('\n');
      return lines.length > 401 && !lines.slice(0, 5).some((line) => /^\s*(\/\/|\*|\/\*\*?) ?long: \S/.test(line));
    });
    expect(long).toEqual([]);
  });

  it('makes a SafeAction in the gate and nowhere else', () => {
    const makers = matches(/\bas\s+(unknown\s+as\s+)?SafeAction\b|(?<!\w)<SafeAction>/, sources(...PRODUCT));
    expect(makers.map((at) => at.split(':')[0])).toEqual(['controllers/safety/gate.ts']);
  });

  it('asks neither clock nor dice where time and chance are injected', () => {
    const files = sources('controllers', 'policies', 'src/core', 'src/pipeline').filter(
      (file) => file !== 'src/core/clock.ts',
    );
    const asked =
      /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.hrtime|setInterval|setTimeout|setImmediate|crypto\.random)\b/;
    expect(matches(asked, files)).toEqual([]);
  });

  it('uses no dice but the seeded ones anywhere', () => {
    expect(matches(/\bMath\.random\b/, sources(...PRODUCT))).toEqual([]);
  });

  it('leaves nothing for later', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X\\b'].join(''));
    expect(sources(...PRODUCT, 'tests').filter((file) => marks.test(read(file)))).toEqual([]);
  });
});

describe('the house', () => {
  it('has only its known rooms and papers at the top', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: packageRoot, encoding: 'utf8' }).split('\0');
    const top = new Set(tracked.filter(Boolean).map((file) => file.split('/')[0]!));
    const allowed = [
      ...['bridges', 'configs', 'controllers', 'policies', 'src', 'tests', '.ci'],
      ...['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json', 'package-lock.json', '.npmrc', '.gitignore'],
      ...['tsconfig.json', 'vitest.config.ts', 'biome.json', '.dependency-cruiser.cjs'],
    ];
    expect([...top].filter((entry) => !allowed.includes(entry))).toEqual([]);
  });

  it('tells of every error code and every exit code in the README', () => {
    const readme = read('README.md');
    expect(Object.keys(ERRORS).filter((errorCode) => !readme.includes(`\`${errorCode}\``))).toEqual([]);
    for (const [errorCode, { exit }] of Object.entries(ERRORS)) {
      expect(readme, errorCode).toMatch(new RegExp(`\\| \`${errorCode}\` +\\| ${exit} +\\|`));
    }
  });

  it('pins its packages without naming the host that they came from', () => {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    const hosts = Object.entries(lock.packages).filter(
      ([, { resolved }]) => resolved !== undefined && /^\w+:\/\//.test(resolved),
    );
    expect(hosts.map(([name]) => name)).toEqual([]);
  });

  it('has every optional package of every platform in its lock, or `npm ci` would refuse it', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(lock.packages).flatMap(([holder, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter(
          (name) => !(`node_modules/${name}` in lock.packages || `${holder}/node_modules/${name}` in lock.packages),
        )
        .map((name) => `${name} of ${holder}`),
    );
    expect(missing).toEqual([]);
  });

  it('requires nothing that compiles or downloads at install', () => {
    const lock = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { hasInstallScript?: boolean; optional?: boolean; dev?: boolean }>;
    };
    const required = Object.entries(lock.packages).filter(
      ([name, p]) => name !== '' && p.hasInstallScript && !p.optional,
    );
    expect(required.map(([name]) => name)).toEqual([]);
  });

  it('has a changelog entry for its version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## \\[(${version.replaceAll('.', '\\.')}|Unreleased)\\]`, 'm'));
  });
});
