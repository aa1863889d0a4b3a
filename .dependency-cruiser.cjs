/**
 * The import rules of the house: imports go down, and the data has one way. `npm run arch` and
 * tests/architecture.test.ts check them. Type-only imports count like others, except where a rule says otherwise; what a
 * process reaches when it runs is judged without them, in .ci/closures.cjs.
 */
const outside = (...rooms) => ({ path: '^(src|bridges|controllers|policies|tests)/', pathNot: rooms });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-stands-alone',
      comment: 'src/core imports nothing of ours.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: outside('^src/core/'),
    },
    {
      name: 'bridges-import-down',
      comment:
        'A bridge knows src/core, the contract, the messages, what servers share, and its own folder: never another bridge.',
      severity: 'error',
      from: { path: '^bridges/([^/]+)/' },
      to: outside('^src/core/', '^bridges/bridge\\.ts$', '^bridges/messages/', '^bridges/serving/', '^bridges/$1/'),
    },
    {
      name: 'bridge-contract-imports-core',
      severity: 'error',
      from: { path: '^bridges/[^/]+\\.ts$' },
      to: outside('^src/core/', '^bridges/[^/]+\\.ts$'),
    },
    {
      name: 'controllers-import-down',
      comment: 'Controllers know src/core and each other. What a policy is, they know as a type only (see below).',
      severity: 'error',
      from: { path: '^controllers/' },
      to: outside('^src/core/', '^controllers/', '^policies/policy\\.ts$'),
    },
    {
      name: 'controllers-know-policies-as-types',
      severity: 'error',
      from: { path: '^controllers/' },
      to: { path: '^policies/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'policies-import-down',
      severity: 'error',
      from: { path: '^policies/' },
      to: outside('^src/core/', '^policies/'),
    },
    {
      name: 'spine-does-not-import-cli',
      comment: 'Only src/cli sees everything, and nobody sees src/cli.',
      severity: 'error',
      from: { pathNot: '^(src/cli|tests)/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'pipeline-composes-stages',
      comment: 'The pipeline joins the stages and a bridge; it knows no process, no learning and no page.',
      severity: 'error',
      from: { path: '^src/pipeline/' },
      to: { path: '^src/', pathNot: '^src/(core|pipeline)/' },
    },
    {
      name: 'daemon-does-not-learn',
      severity: 'error',
      from: { path: '^src/daemon/' },
      to: { path: '^src/learning/' },
    },
    {
      name: 'learning-and-logs-know-no-process',
      severity: 'error',
      from: { path: '^src/(learning|logs)/' },
      to: { path: '^src/(daemon|console)/' },
    },
    {
      name: 'console-imports-core',
      comment:
        'The page is a client like any other: it knows types and the ladder of the core, nothing behind the wire.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: outside('^src/core/', '^src/console/'),
    },
    {
      name: 'tfjs-only-in-learning',
      severity: 'error',
      from: { pathNot: '^(src/learning|tests)/' },
      to: { path: '@tensorflow/' },
    },
    {
      name: 'mujoco-only-in-its-bridge',
      severity: 'error',
      from: { pathNot: '^(bridges/mujoco|tests)/' },
      to: { path: '@mujoco/' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/|node_modules/(vitest|fast-check|playwright-core)/' },
    },
    {
      name: 'everything-resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'A package that is not in package.json works until somebody else stops needing it.',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
