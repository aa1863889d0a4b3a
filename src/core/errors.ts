/**
 * The error catalogue. Every error a user can meet has a code, says what was seen, what was allowed, and what to do
 * next. Codes are an interface: scripts match on them, so they are added, never renamed.
 */
export const ERRORS = {
  RA_CONFIG_PARSE: { exit: 2, next: 'Mend the YAML at the place named and run `reflexarc check` again.' },
  RA_CONFIG_INVALID: { exit: 2, next: 'Mend the keys named and run `reflexarc check` again.' },
  RA_CONFIG_MISSING: { exit: 2, next: 'Check the path; `configs/runs/peg.yaml` is the shipped run.' },
  RA_URDF: { exit: 2, next: 'Mend the robot description, or give what it lacks in `--joint-limits FILE`.' },
  RA_FILE_EXISTS: { exit: 2, next: 'Choose another `--out FILE`, or `--force` to write over it.' },
  RA_IMAGE_SUPPORT: {
    exit: 2,
    next: 'Install it where Reflex Arc is (`npm install sharp`: prebuilt binaries), or take the images out of the task.',
  },
  RA_USAGE: { exit: 2, next: 'See `reflexarc --help`.' },
  RA_DIGEST_MISMATCH: {
    exit: 2,
    next: 'Restore the pinned weights, or pin the new digest in the config if you mean to change the policy.',
  },
  RA_WEIGHTS_UNREADABLE: { exit: 2, next: 'Train again or restore the file from your checkout.' },
  RA_PORT_IN_USE: { exit: 1, next: 'Stop the program that has the port, or choose another port.' },
  RA_BRIDGE_UNREACHABLE: {
    exit: 1,
    next: 'Start the ROS bridge (or `reflexarc sim`) or correct `bridge.url`; the daemon keeps trying.',
  },
  RA_BRIDGE_LOST: {
    exit: 1,
    next: 'It is being made anew. Where it is lost again and again, look at the ROS bridge and the network between.',
  },
  RA_MESSAGE_MALFORMED: { exit: 1, next: 'Find the publisher of this topic; the message was dropped.' },
  RA_BRIDGE_UNEXPECTED: {
    exit: 1,
    next: 'It was counted and dropped. A status is the server speaking; a late answer asks for a longer timeout.',
  },
  RA_TOPIC_TYPE: {
    exit: 1,
    next: 'Correct the name or the type in the config: the ROS bridge itself says nothing and sends nothing.',
  },
  RA_TOPIC_SILENT: { exit: 1, next: 'Start what should be on the other end, or correct the name of the topic.' },
  RA_JOINT_NAMES: { exit: 1, next: 'Make `robot.joints` name the joints that the robot publishes.' },
  RA_LOG_DISK_FULL: { exit: 1, next: 'Free disk space or point `log.dir` elsewhere; control goes on unlogged.' },
  RA_LOG_WRITE: { exit: 1, next: 'Check that `log.dir` is a writable folder.' },
  RA_LOG_DAMAGED: { exit: 1, next: 'What could be read was read; record again if you need the rest.' },
  RA_WORLD: { exit: 1, next: 'This is a fault in the simulated world; please report it with the config.' },
  RA_SERVICE_FAILED: { exit: 1, next: 'See the message of the service.' },
  RA_SERVICE_TIMEOUT: { exit: 1, next: 'Check that the service is advertised and the robot is responsive.' },
  RA_LINK_PROTOCOL: { exit: 1, next: 'All processes of the daemon must come from one installation.' },
  RA_PROCESS_DIED: { exit: 1, next: 'See the log of the process; the robot was stopped.' },
  RA_SAFETY_STOP: { exit: 3, next: 'Read the cause, make the cell safe, then reset this incident.' },
  RA_INTERNAL: { exit: 1, next: 'This is a bug in Reflex Arc; please report it with the log.' },
} as const satisfies Record<string, { exit: 1 | 2 | 3; next: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error of the catalogue. `message` is the one line for the operator. */
export class ReflexArcError extends Error {
  readonly code: ErrorCode;
  /** What was seen. */
  readonly seen: string;
  /** What was allowed. */
  readonly allowed: string;
  /** What to do next. */
  readonly next: string;
  /** Process exit code: 1 failed, 2 usage or config, 3 safety stop. */
  readonly exitCode: 1 | 2 | 3;

  constructor(code: ErrorCode, what: { seen: string; allowed: string; next?: string; cause?: unknown }) {
    const next = what.next ?? ERRORS[code].next;
    super(`${code}: ${what.seen}; allowed: ${what.allowed}. ${next}`, { cause: what.cause });
    this.name = 'ReflexArcError';
    this.code = code;
    this.seen = what.seen;
    this.allowed = what.allowed;
    this.next = next;
    this.exitCode = ERRORS[code].exit;
  }
}
