/**
 * What a process reaches when it runs: type-only imports are gone by then (tsPreCompilationDeps: false), everything
 * else counts, however far away. `npm run arch` runs this after the import rules of .dependency-cruiser.cjs.
 */
const { options } = require('../.dependency-cruiser.cjs');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'reflex-is-small',
      comment: 'No learning, no physics, no page, no recorder, no config parser in the process that must not fail.',
      severity: 'error',
      from: { path: '^src/daemon/reflex\\.ts$' },
      to: {
        path:
          'node_modules/(@tensorflow|@mujoco|@mcap|yaml|typescript)/|' +
          '^src/(learning|console|cli|core/config)/|^bridges/(mujoco|mcap|rosserver|foxglove|serving)/',
        reachable: true,
      },
    },
    {
      name: 'sentinel-is-smallest',
      comment: 'The last hand on the brake: no gate, no policy, no bridge, no ROS client library, no schema.',
      severity: 'error',
      from: { path: '^src/daemon/sentinel\\.ts$' },
      to: {
        path: '^(controllers|policies|bridges)/|^src/(learning|console|cli|pipeline)/|node_modules/(roslib|rxjs|zod|yaml|@(tensorflow|mujoco|mcap|foxglove))',
        reachable: true,
      },
    },
  ],
  // What is only fetched when a config asks for it is not there otherwise; tests/architecture.test.ts names all of that.
  options: { ...options, tsPreCompilationDeps: false, exclude: { dynamic: true } },
};
