import { readFileSync, statSync } from 'node:fs';
import type { FoxgloveServerOptions } from '../../bridges/foxglove/options.ts';
import type { RosServerOptions } from '../../bridges/rosserver/server.ts';
import type { RunConfig } from '../core/config-schema.ts';
import { ReflexArcError } from '../core/errors.ts';

/**
 * What `daemon.ros_*` says of the daemon's own ROS server, with the files read.
 * @throws ReflexArcError RA_CONFIG_INVALID for a file that cannot be used, and for a secret that is none
 */
export function serverOptions(daemon: RunConfig['daemon']): Omit<RosServerOptions, 'clock' | 'logger'> {
  const { ros_publish_allow: publish, ros_subscribe_allow: subscribe, ros_call_allow: call } = daemon;
  return { ...admission(daemon), port: daemon.ros_port, allow: { publish, subscribe, call } };
}

/**
 * The same for the live view: who may come, look and call is one thing for both servers.
 * @returns null where there shall be none
 * @throws ReflexArcError RA_CONFIG_INVALID
 */
export function viewOptions(daemon: RunConfig['daemon']): Omit<FoxgloveServerOptions, 'name' | 'logger'> | null {
  const { foxglove_port: port, foxglove_publish_allow: publish } = daemon;
  if (port === null || port === 0) return null;
  const { ros_subscribe_allow: subscribe, ros_call_allow: call } = daemon;
  return {
    ...admission(daemon),
    port,
    allow: { publish, subscribe, call },
    simulatedTime: daemon.time === 'stepped',
  };
}

function admission(daemon: RunConfig['daemon']) {
  const { ros_token_file, ros_tls_cert, ros_tls_key } = daemon;
  if ((ros_tls_cert === undefined) !== (ros_tls_key === undefined))
    throw unusable('daemon.ros_tls_cert and daemon.ros_tls_key: one without the other', 'both, or neither');
  return {
    host: daemon.host,
    origins: daemon.ros_origins,
    token: ros_token_file === undefined ? null : secretIn(ros_token_file, 'daemon.ros_token_file'),
    tls:
      ros_tls_cert === undefined
        ? null
        : { cert: read('daemon.ros_tls_cert', ros_tls_cert), key: read('daemon.ros_tls_key', ros_tls_key!) },
  };
}

/** The secret in a file. `named`: how the user calls it. @throws ReflexArcError RA_CONFIG_INVALID */
export function secretIn(file: string, named: string): string {
  const token = read(named, file).trim();
  if (token.length < 16) throw unusable(`${named}: ${token.length} characters`, '16 or more');
  if ((statSync(file).mode & 0o077) !== 0)
    throw unusable(`${named}: ${file} can be read by others`, 'a file of its owner alone (chmod 600)');
  return token;
}

function read(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unusable(`${key}: ${(cause as Error).message}`, 'a file that can be read', cause);
  }
}

const unusable = (seen: string, allowed: string, cause?: unknown) =>
  new ReflexArcError('RA_CONFIG_INVALID', { seen, allowed, cause });
