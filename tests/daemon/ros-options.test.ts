import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSchema } from '../../src/core/config-schema.ts';
import { serverOptions, viewOptions } from '../../src/daemon/ros-options.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reflexarc-ros-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const daemon = (more: object = {}) => runSchema.shape.daemon.parse(more);
function secret(text: string, mode = 0o600): string {
  const file = join(dir, 'token');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

describe("the daemon's own ROS server", () => {
  it('is on loopback, open to programs of this machine, and to no page of another', () => {
    expect(serverOptions(daemon())).toEqual({
      host: '127.0.0.1',
      port: 9091,
      origins: [],
      allow: { publish: ['*'], subscribe: ['*'], call: ['*'] },
      token: null,
      tls: null,
    });
  });

  it('reads its token and its certificate from files', () => {
    const cert = join(dir, 'cert.pem');
    writeFileSync(cert, 'PEM');
    const options = serverOptions(
      daemon({
        ros_token_file: secret('0123456789abcdef\n'),
        ros_tls_cert: cert,
        ros_tls_key: cert,
        ros_call_allow: [],
      }),
    );
    expect(options.token).toBe('0123456789abcdef');
    expect(options.tls).toEqual({ cert: 'PEM', key: 'PEM' });
    expect(options.allow).toMatchObject({ call: [] });
  });

  it.each([
    ['a short secret', () => ({ ros_token_file: secret('short') }), '5 characters'],
    ['a secret that others can read', () => ({ ros_token_file: secret('0123456789abcdef', 0o644) }), 'read by others'],
    ['a secret that is not there', () => ({ ros_token_file: join(dir, 'none') }), 'ENOENT'],
    ['a certificate without its key', () => ({ ros_tls_cert: join(dir, 'cert.pem') }), 'one without the other'],
  ])('does not start with %s', (_what, options, seen) => {
    expect(() => serverOptions(daemon(options()))).toThrow(
      expect.objectContaining({ code: 'RA_CONFIG_INVALID', seen: expect.stringContaining(seen) }),
    );
  });
});

describe('the live view', () => {
  it('is on loopback, with the rules of the ROS server, and nobody publishes through it', () => {
    expect(viewOptions(daemon({ ros_call_allow: ['/reflexarc/stop'], ros_origins: ['https://app.example'] }))).toEqual({
      host: '127.0.0.1',
      port: 8765,
      origins: ['https://app.example'],
      allow: { publish: [], subscribe: ['*'], call: ['/reflexarc/stop'] },
      token: null,
      tls: null,
      simulatedTime: false,
    });
    expect(viewOptions(daemon({ time: 'stepped' }))?.simulatedTime).toBe(true);
  });

  it.each([0, null])('is none with port %s', (foxglove_port) => {
    expect(viewOptions(daemon({ foxglove_port }))).toBeNull();
  });

  it('wants the same token', () => {
    expect(viewOptions(daemon({ ros_token_file: secret('0123456789abcdef') }))?.token).toBe('0123456789abcdef');
  });
});
