import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { commandLine } from '../../src/cli/command-line.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { ROBOT, RUN, runFolder, SAFETY } from '../core/config/fixture.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };

/** A command in this process, as `main.ts` runs it; the program as a user starts it is among the system tests. */
async function reflexarc(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const listened = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await commandLine(args), ...written };
  } finally {
    for (const spy of listened) spy.mockRestore();
  }
}

describe('the command line', () => {
  it('says its version and its help on stdout, with exit code 0', async () => {
    expect(await reflexarc('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await reflexarc('--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const command of ['demo', 'sim', 'run', 'check', 'init', 'train', 'schema'])
      expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  });

  it('without a command shows what there is, on stderr, with exit code 2', async () => {
    for (const args of [[], ['train']]) {
      const { code, stdout, stderr } = await reflexarc(...args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/^Usage: reflexarc/);
    }
  });

  it.each([
    [['dmo'], "unknown command 'dmo'; did you mean demo?"],
    [['demo', '--episods', '3'], "unknown option '--episods'; did you mean --episodes?"],
    [['demo', '--episodes', '0'], '--episodes 0'],
    [['demo', '--episodes'], "option '--episodes <n>' argument missing"],
    [['demo', '--speed', '2x'], '--speed 2x'],
    [['sim', '--port', '-1'], '--port -1'],
    [['check', 'a.yaml', 'b.yaml'], 'too many arguments'],
    [['check', '--set', 'speed'], '--set speed: no = in it'],
    [['schema', 'rn'], 'schema rn; did you mean run?'],
  ])('%j is bad usage: exit code 2, told on stderr', async (args, seen) => {
    const { code, stdout, stderr } = await reflexarc(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error RA_USAGE\n');
    expect(stderr).toContain(seen);
    expect(stderr).toMatch(/^ {2}allowed {2}\S/m);
    expect(stderr).toMatch(/^ {2}next {5}\S/m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('with --json puts the error as one object on the last line of stdout, and the words still on stderr', async () => {
    const { code, stdout, stderr } = await reflexarc('demo', '--speed', '2x', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'RA_USAGE', seen: '--speed 2x', allowed: '`real` or `max`' },
    });
    expect(stderr).toContain('error RA_USAGE');
  });
});

describe('check', () => {
  it('holds the observation against the message definitions, and says where and what was meant', async () => {
    const { run } = runFolder({
      'tasks/peg.yaml': 'name: free\nobservation:\n  base:\n    features:\n      - { from: /ee_pose.pose.positon }\n',
      'runs/run.yaml': `${RUN.slice(0, RUN.indexOf('policies:'))}policies:
  base: { type: zero, observation_size: 3, action_size: 4 }
  residual: { type: zero, observation_size: 3, action_size: 4 }
  critic: { type: zero, input_size: 13 }
`,
    });
    const { code, stderr } = await reflexarc('check', run);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /tasks\/peg\.yaml:5: task\.observation\.base\.features\[0\] \/ee_pose\.pose\.positon: has no field positon in geometry_msgs\/Pose; did you mean position\?/,
    );
  });
});

describe('a bad config ends every command with exit code 2 before anything starts', () => {
  const cases: [name: string, files: Record<string, string>, seen: RegExp][] = [
    [
      'a misspelt key',
      { 'robots/arm.yaml': ROBOT.replace('velocity', 'velocty') },
      /robots\/arm\.yaml:5: robot\.joints\[0\]\.velocty = 2\.6: no such key; did you mean `velocity`\?/,
    ],
    [
      'a NaN limit',
      { 'safety/arm.yaml': SAFETY.replace('force_limit: 30', 'force_limit: .nan') },
      /safety\/arm\.yaml:5: safety\.force_limit = \.nan: not a number/,
    ],
    [
      'a wrong unit suffix',
      { 'safety/arm.yaml': `${SAFETY}state_age_s: 0.05\n` },
      /safety\/arm\.yaml:7: safety\.state_age_s = 0\.05: wrong unit: .* did you mean `state_age_ms: 50`\?/,
    ],
    ['an empty file', { 'runs/run.yaml': '' }, /runs\/run\.yaml:1: the file is empty/],
    [
      'a missing section',
      { 'runs/run.yaml': RUN.replace('arm.yaml', 'arn.yaml') },
      /run\.yaml:2: robot = .*did you mean/,
    ],
  ];

  it.each(cases)('%s', async (_, files, seen) => {
    const { run } = runFolder(files);
    for (const command of ['check', 'demo', 'run']) {
      const { code, stdout, stderr } = await reflexarc(command, run);
      expect([command, code, stdout]).toEqual([command, 2, '']);
      expect(stderr).toMatch(/^error RA_CONFIG_(INVALID|PARSE|MISSING)\n/);
      expect(stderr).toMatch(seen);
    }
  });

  it('weights that are not there are told with the line that names them', async () => {
    const { run } = runFolder({ 'worlds/peg.xml': '<mujoco/>' });
    const { code, stderr } = await reflexarc('check', run);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /error RA_CONFIG_MISSING\n {2}seen {5}\S+run\.yaml:6: policies\.base\.path = \S+: no such file/,
    );
  });
});

describe('--print-config', () => {
  it('prints the resolved run as YAML, overrides in, paths absolute, and starts nothing', async () => {
    const { dir, run } = runFolder();
    const { code, stdout } = await reflexarc(
      'run',
      run,
      '--print-config',
      '--set',
      'safety.force_limit=25',
      '--set',
      'seed=7',
    );
    expect(code).toBe(0);
    const config = parse(stdout);
    expect(config.safety.force_limit).toBe(25);
    expect(config.seed).toBe(7);
    expect(config.task.world.model).toBe(join(dir, 'worlds/peg.xml'));
    expect(config.daemon.ros_port).toBe(9091);
  });

  it('shows what is doubtful on stderr', async () => {
    const { run } = runFolder();
    const { code, stderr } = await reflexarc('check', run, '--print-config', '--set', 'daemon.host=0.0.0.0');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning {2}--set daemon\.host=0\.0\.0\.0: daemon\.host 0\.0\.0\.0 is not loopback/);
  });
});

describe('schema', () => {
  it('prints one schema, or writes them all', async () => {
    expect(JSON.parse((await reflexarc('schema', 'robot')).stdout).title).toBe('Reflex Arc: a robot');
    const dir = mkdtempSync(join(tmpdir(), 'reflexarc-schema-'));
    try {
      expect((await reflexarc('schema', '--write', dir)).code).toBe(0);
      expect(readdirSync(dir).sort()).toEqual(readdirSync(join(packageRoot, 'configs/schema')).sort());
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('check on the shipped run', () => {
  it('says what would run and that it is ok', async () => {
    const { code, stdout, stderr } = await reflexarc('check');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^run +peg, seed 1\n/);
    expect(stdout).toMatch(/\nrules off +none\n/);
    expect(stdout).toMatch(/\nok\n$/);
  });

  it('with --json says so in one object on the last line', async () => {
    const { code, stdout } = await reflexarc('check', '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ok: true, name: 'peg', off: [], warnings: [] });
    for (const file of result.files) expect(existsSync(file)).toBe(true);
    expect(Object.keys(result.digests)).toEqual(['base', 'residual', 'critic']);
  });

  it('refuses a digest that is not that of the file, and shows both', async () => {
    const zeros = '0'.repeat(64);
    const { code, stderr } = await reflexarc('check', '--set', `policies.base.sha256="${zeros}"`);
    expect(code).toBe(2);
    expect(stderr).toContain('error RA_DIGEST_MISMATCH');
    expect(stderr).toContain(zeros);
    expect(stderr).toContain(JSON.parse((await reflexarc('check', '--json')).stdout).digests.base);
  });

  it('refuses weights of another network, with the sizes that were wanted', async () => {
    const { digests } = JSON.parse((await reflexarc('check', '--json')).stdout);
    const { code, stderr } = await reflexarc(
      ...['check', '--set', 'policies.critic.path=policies/trained/peg/base.safetensors'],
      ...['--set', `policies.critic.sha256="${digests.base}"`],
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/error RA_(CONFIG_INVALID|WEIGHTS_UNREADABLE)/);
  });
});

describe('train bc', () => {
  it('leaves weights and a manifest whose digest is that of the file, and says so in one object', async () => {
    const out = mkdtempSync(join(tmpdir(), 'reflexarc-train-'));
    try {
      const { code, stdout, stderr } = await reflexarc(
        'train',
        'bc',
        '--episodes',
        '4',
        '--epochs',
        '1',
        '--out',
        out,
        '--json',
      );
      expect([code, stderr.includes('training ')]).toEqual([0, true]);
      const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
      const file = readFileSync(join(out, 'base.safetensors'));
      expect(result).toMatchObject({ file: join(out, 'base.safetensors'), epochs: 1, seed: 1, complete: true });
      expect(result.sha256).toBe(createHash('sha256').update(file).digest('hex'));
      expect(JSON.parse(readFileSync(join(out, 'base.manifest.json'), 'utf8')).sha256).toBe(result.sha256);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});
