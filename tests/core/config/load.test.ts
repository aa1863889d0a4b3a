import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatRun, loadRun, missingFiles } from '../../../src/core/config/load.ts';
import { worldOf } from '../../../src/core/task-world.ts';
import { errorOf, ROBOT, RUN, runFolder, SAFETY, TASK } from './fixture.ts';

const withSafety = (from: string | RegExp, to: string) => runFolder({ 'safety/arm.yaml': SAFETY.replace(from, to) });

describe('a run that is well formed', () => {
  it('is put together from its section files, with the defaults filled in', () => {
    const { dir, run } = runFolder();
    const { config, files, warnings } = loadRun(run);
    expect(config.robot.joints.map((j) => j.name)).toEqual(['j1', 'j2']);
    expect(config.safety.force_limit).toBe(30);
    expect(config.safety.state_age_ms).toBe(50);
    expect(config.bridge.url).toBe('ws://127.0.0.1:9090');
    expect(files).toEqual(
      ['runs/run.yaml', 'robots/arm.yaml', 'tasks/peg.yaml', 'safety/arm.yaml'].map((f) => join(dir, f)),
    );
    expect(warnings).toEqual([]);
  });

  it('takes a section inline as well as from a file', () => {
    const indented = SAFETY.replaceAll(/^/gm, '  ');
    const { run } = runFolder({ 'runs/run.yaml': RUN.replace('safety: ../safety/arm.yaml', `safety:\n${indented}`) });
    expect(loadRun(run).config.safety.pose_box!.max).toEqual([0.7, 0.3, 0.5]);
  });

  it('resolves a path from the folder of the file that holds it', () => {
    const { dir, run } = runFolder({
      'runs/run.yaml': RUN.replace('../tasks/peg.yaml', '../deep/er/peg.yaml'),
      'deep/er/peg.yaml': TASK,
    });
    const { config } = loadRun(run);
    expect(config.task.world?.model).toBe(join(dir, 'deep/worlds/peg.xml'));
    expect(config.policies.base.path).toBe(join(dir, 'weights/base.safetensors'));
  });

  it('takes a task without a simulated world, and policies without weights, and misses no file of theirs', () => {
    const { run } = runFolder({
      'runs/run.yaml': RUN.slice(0, RUN.indexOf('policies:')).concat(`policies:
  base: { type: zero, observation_size: 3, action_size: 4 }
  residual: { type: zero }
  critic: { type: zero, input_size: 13 }
`),
      'tasks/peg.yaml': 'name: free\n',
    });
    const loaded = loadRun(run);
    expect(missingFiles(loaded)).toEqual([]);
    const error = errorOf(() => worldOf(loaded.config.task));
    expect([error.code, error.seen]).toEqual(['RA_CONFIG_INVALID', 'task.world: task free has no simulated world']);
  });

  it('resolves a statistics file in a list of features from the folder of the task file', () => {
    const { dir, run } = runFolder({
      'tasks/peg.yaml': `${TASK}observation:
  base: { features: [{ from: /ee_pose.pose, normalise: { statistics: stats.json } }] }
`,
    });
    expect(loadRun(run).config.task.observation?.base.features[0]?.normalise?.statistics).toBe(
      join(dir, 'tasks/stats.json'),
    );
  });

  it('prints as YAML that loads to the same run from anywhere', () => {
    const { dir, run } = runFolder();
    const { config } = loadRun(run, ['safety.speed=0.07']);
    writeFileSync(join(dir, 'printed.yaml'), formatRun(config));
    expect(loadRun(join(dir, 'printed.yaml')).config).toEqual(config);
    expect(config.safety.speed).toBe(0.07);
  });

  it('names the files that are not there, each with the line that wants it', () => {
    const { run } = runFolder();
    const missing = missingFiles(loadRun(run));
    expect(missing).toHaveLength(4);
    expect(missing[0]).toMatch(/tasks\/peg\.yaml:3: task\.world\.model = .*worlds\/peg\.xml: no such file$/);
    expect(missing[2]).toMatch(/runs\/run\.yaml:9: policies\.residual\.path = /);
  });
});

describe('overrides', () => {
  it('are typed as YAML, reach into lists, and the last one wins', () => {
    const { run } = runFolder();
    const { config } = loadRun(run, [
      'safety.force_limit=25',
      'safety.force_limit=26',
      'robot.joints[1].position=[-1, 1]',
      'robot.joints.0.velocity=1.5',
      'log.enabled=false',
      'daemon.console_port=0',
    ]);
    expect(config.safety.force_limit).toBe(26);
    expect(config.robot.joints[1]?.position).toEqual([-1, 1]);
    expect(config.robot.joints[0]?.velocity).toBe(1.5);
    expect(config.log.enabled).toBe(false);
    expect(config.daemon.console_port).toBe(0);
  });

  it('may name another section file, also when the old one is missing, and reach into it', () => {
    const { dir, run } = runFolder({
      'runs/run.yaml': RUN.replace('../robots/arm.yaml', '../robots/gone.yaml'),
      'robots/other.yaml': ROBOT.replace('name: arm', 'name: other'),
    });
    const { config } = loadRun(run, ['robot.base_frame=table', `robot=${join(dir, 'robots/other.yaml')}`]);
    expect(config.robot.name).toBe('other');
    expect(config.robot.base_frame).toBe('table');
  });

  it('refuse a key that does not exist, and suggest the one that was meant', () => {
    const { run } = runFolder();
    const error = errorOf(() => loadRun(run, ['safety.force_limt=25', 'saftey.speed=1']));
    expect(error.code).toBe('RA_CONFIG_INVALID');
    expect(error.seen).toContain(
      '--set safety.force_limt=25: safety.force_limt = 25: no such key; did you mean `force_limit`?',
    );
    expect(error.seen).toContain('--set saftey.speed=1: saftey = {"speed":1}: no such key; did you mean `safety`?');
  });

  it('refuse an index beyond the list and a key below a number', () => {
    const { run } = runFolder();
    const error = errorOf(() => loadRun(run, ['robot.joints[2].velocity=1', 'safety.force_limit.x=1']));
    expect(error.seen).toContain('robot.joints is a list of 2: allowed after it are [0] to [1]');
    expect(error.seen).toContain('safety.force_limit is 30, not a section');
  });

  it.each([['safety.speed'], ['=3'], ['a..b=1'], ['a=[1'], ['__proto__.x=1'], ['a=*b']])(
    'refuse %s as bad usage',
    (set) => {
      const { run } = runFolder();
      const error = errorOf(() => loadRun(run, [set]));
      expect([error.code, error.exitCode]).toEqual(['RA_USAGE', 2]);
    },
  );

  it('cannot reach the prototype of all objects', () => {
    const { run } = runFolder();
    errorOf(() => loadRun(run, ['constructor.prototype.polluted=1']));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('a slip is told with file, line, key, value and what was meant', () => {
  it('a misspelt key, once, and not again as a missing one', () => {
    const { run } = runFolder({ 'robots/arm.yaml': ROBOT.replace('velocity', 'velocty') });
    const { seen, code, exitCode } = errorOf(() => loadRun(run));
    expect([code, exitCode]).toEqual(['RA_CONFIG_INVALID', 2]);
    expect(seen).toMatch(
      /robots\/arm\.yaml:5: robot\.joints\[0\]\.velocty = 2\.6: no such key; did you mean `velocity`\?$/,
    );
    expect(seen).not.toContain('required');
  });

  it('letters swapped, a key of another section, and a key that is like nothing', () => {
    const { run } = withSafety(/$/, 'epxected: 1\nconsole_port: 1\nspede: 0.1\nqqqqqq: 1\n');
    const { seen } = errorOf(() => loadRun(run));
    expect(seen).toContain('safety.spede = 0.1: no such key; did you mean `speed`?');
    expect(seen).toContain('safety.console_port = 1: no such key here; `daemon.console_port` takes it');
    expect(seen).toContain('safety.qqqqqq = 1: no such key; allowed here: control_hz, pose_box');
  });

  it.each([
    ['state_age_s: 0.05', 'wrong unit: `state_age_ms` is in ms; did you mean `state_age_ms: 50`?'],
    ['force_filter_khz: 0.03', 'wrong unit: `force_filter_hz` is in hz; did you mean `force_filter_hz: 30`?'],
    ['speed_mm: 100', 'wrong unit: `speed` is in SI units and carries no suffix; did you mean `speed: 0.1`?'],
    ['lease: 100', 'wrong unit: `lease_ms` is in ms; did you mean `lease_ms`?'],
  ])('%s is a wrong unit suffix', (line, told) => {
    const { run } = withSafety(/$/, `${line}\n`);
    expect(errorOf(() => loadRun(run)).seen).toContain(told);
  });

  it.each([
    ['force_limit: .nan', 'force_limit = .nan: not a number, and a limit must be finite'],
    ['force_limit: .inf', 'force_limit = .inf: infinite, and a limit must be finite'],
    ['force_limit: 1e999', 'force_limit = .inf: infinite, and a limit must be finite'],
    ['force_limit: -30', 'force_limit = -30: too small; allowed: a finite number above 0 (N on'],
    ['force_limit: 30 N', 'force_limit = "30 N": text where a number belongs; allowed: a finite number above 0'],
    ['force_limit:', 'force_limit = null: the value is empty'],
    ['force_limit: [30]', 'force_limit = [30]: a list does not fit here'],
  ])('%s is refused', (line, told) => {
    const { run } = withSafety('force_limit: 30', line);
    const { seen } = errorOf(() => loadRun(run));
    expect(seen).toMatch(/safety\/arm\.yaml:5: safety\./);
    expect(seen).toContain(told);
  });

  it('a NaN inside a list stands with the line of its element', () => {
    const { run } = withSafety('min: [0.3, -0.3, 0.0]', 'min:\n    - 0.3\n    - .nan\n    - 0.0');
    expect(errorOf(() => loadRun(run)).seen).toMatch(/arm\.yaml:4: safety\.pose_box\.min\[1\] = \.nan: not a number/);
  });

  it('a bound that crosses the other, a short list, a bad digest, a bad address, a fraction for a port', () => {
    const { run } = runFolder({
      'robots/arm.yaml': ROBOT.replace('[-2.7, 2.7]', '[2.7, -2.7]'),
      'safety/arm.yaml': SAFETY.replace('[0.7, 0.3, 0.5]', '[0.7, 0.3]'),
      'runs/run.yaml': `${RUN.replace('a'.repeat(64), 'abc')}bridge: { url: "http://robot" }\ndaemon: { console_port: 87.5 }\n`,
    });
    const { seen } = errorOf(() => loadRun(run));
    expect(seen).toContain('5 problems');
    expect(seen).toContain('robot.joints[0].position = [2.7, -2.7]: lower bound above upper bound');
    expect(seen).toContain('safety.pose_box.max = [0.7, 0.3]: 2 of them; allowed: a list of 3 finite numbers');
    expect(seen).toContain('policies.base.sha256 = "abc": must be a SHA-256 in lower-case hex');
    expect(seen).toContain('bridge.url = "http://robot": must be a ws:// or wss:// address');
    expect(seen).toContain(
      'daemon.console_port = 87.5: a fraction does not fit here; allowed: a whole number from 0 to 65535',
    );
  });

  it('text that YAML takes for a number or a choice that is misspelt', () => {
    const { run } = runFolder({
      'runs/run.yaml': `${RUN.replace('name: test', 'name: 007')}daemon: { time: steped }\n`,
    });
    const { seen } = errorOf(() => loadRun(run));
    expect(seen).toContain(
      'run.yaml:1: name = 7: YAML reads a number where text belongs; allowed: text; put it in quotes',
    );
    expect(seen).toContain('daemon.time = "steped": not one of the choices; allowed: one of "real", "stepped"');
    expect(seen).toMatch(/did you mean `stepped`\?$/);
  });

  it('a section that is missing altogether', () => {
    const { run } = runFolder({ 'runs/run.yaml': RUN.replace('safety: ../safety/arm.yaml\n', '') });
    expect(errorOf(() => loadRun(run)).seen).toMatch(/run\.yaml:1: safety = \(missing\): this key is required/);
  });
});

describe('files that are no config', () => {
  it('a missing run file, with the name of the one that is near', () => {
    const { dir } = runFolder();
    const error = errorOf(() => loadRun(join(dir, 'runs/runn.yaml')));
    expect([error.code, error.exitCode]).toEqual(['RA_CONFIG_MISSING', 2]);
    expect(error.seen).toMatch(/runn\.yaml: no such file; did you mean .*runs\/run\.yaml\?$/);
  });

  it('a missing section file, with the line that names it', () => {
    const { run } = runFolder({ 'runs/run.yaml': RUN.replace('../robots/arm.yaml', '../robots/amr.yaml') });
    const error = errorOf(() => loadRun(run));
    expect(error.code).toBe('RA_CONFIG_MISSING');
    expect(error.seen).toMatch(
      /run\.yaml:2: robot = \.\.\/robots\/amr\.yaml: .*no such file; did you mean .*robots\/arm\.yaml\?$/,
    );
  });

  it.each([
    ['', /arm\.yaml:1: the file is empty/],
    ['# nothing\n', /arm\.yaml:1: the file is empty/],
    ['- 1\n', /arm\.yaml:1: the file holds a list/],
    ['just words\n', /arm\.yaml:1: the file holds a single value/],
    ['name: a\nname: b\n', /arm\.yaml:2: this key stands here twice/],
    ['pose_box:\n\tmin: [0, 0, 0]\n', /arm\.yaml:2: Tabs are not allowed as indentation/],
    ['a: {b: 1\n', /arm\.yaml:2: Flow map/],
    ['a: 1\n---\nb: 2\n', /arm\.yaml:2: Source contains multiple documents/],
    ['a: &x [*x]\n', /nested or repeated without end/],
    ['a: !!js/function "x"\n', /arm\.yaml:1: Unresolved tag/],
    ['__proto__: { x: 1 }\n', /arm\.yaml:1: __proto__ is no key/],
  ])('%j', (text, told) => {
    const { run } = runFolder({ 'safety/arm.yaml': text });
    const error = errorOf(() => loadRun(run));
    expect(error.exitCode).toBe(2);
    expect(error.seen).toMatch(told);
  });

  it('bytes that are no UTF-8', () => {
    const { dir, run } = runFolder();
    writeFileSync(join(dir, 'safety/arm.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe]));
    expect(errorOf(() => loadRun(run)).seen).toMatch(/arm\.yaml: not UTF-8 text/);
  });

  it('a folder, and a file too large to be a config', () => {
    const { dir, run } = runFolder({ 'safety/arm.yaml': `# ${'x'.repeat(1_000_001)}` });
    expect(errorOf(() => loadRun(run)).seen).toMatch(/arm\.yaml: 1000003 bytes, at most 1000000 are read/);
    expect(errorOf(() => loadRun(join(dir, 'runs'))).code).toBe('RA_CONFIG_MISSING');
  });

  it('a bomb of aliases ends at once', () => {
    const levels = ['a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]'];
    for (let i = 1; i < 12; i++)
      levels.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const { run } = runFolder({ 'safety/arm.yaml': `${levels.join('\n')}\n` });
    expect(errorOf(() => loadRun(run)).seen).toContain('nested or repeated without end');
  });

  it('a run that names itself as a section, also by another name', () => {
    const { run } = runFolder({ 'runs/run.yaml': RUN.replace('../robots/arm.yaml', 'run.yaml') });
    expect(errorOf(() => loadRun(run)).seen).toMatch(/run\.yaml:2: robot = run\.yaml: names the run file itself/);
    const linked = runFolder({ 'runs/run.yaml': RUN.replace('../robots/arm.yaml', 'link.yaml') });
    symlinkSync('run.yaml', join(linked.dir, 'runs/link.yaml'));
    expect(errorOf(() => loadRun(linked.run)).seen).toMatch(
      /run\.yaml:2: robot = link\.yaml: names the run file itself/,
    );
  });
});
