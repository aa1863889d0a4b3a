import type { Header } from '../../bridges/messages/messages.ts';
import type { RunConfig } from '../core/config-schema.ts';

/**
 * What viewers draw in space, as ROS messages: frames as transforms, and walls and contact force as markers. A pose is
 * `[x y z qx qy qz qw]` in the robot's base frame; one that is not known yet is NaN, and is left out.
 */
export const TRANSFORMS = { topic: '/tf', type: 'tf2_msgs/msg/TFMessage' } as const;
export const SCENE = { topic: '/reflexarc/scene', type: 'visualization_msgs/msg/MarkerArray' } as const;

type Vector = ArrayLike<number>;
type Point = { x: number; y: number; z: number };
type Colour = { r: number; g: number; b: number; a: number };

export interface Frame {
  readonly name: string;
  readonly pose: Vector;
}

/** tf2_msgs/msg/TFMessage: the frames that are known, each in the frame of the header. */
export function transforms(header: Header, frames: readonly Frame[]): object {
  const known = frames.filter(({ pose }) => isFinite7(pose));
  return {
    transforms: known.map(({ name, pose: p }) => ({
      header,
      child_frame_id: name,
      transform: {
        translation: { x: p[0], y: p[1], z: p[2] },
        rotation: { x: p[3], y: p[4], z: p[5], w: p[6] },
      },
    })),
  };
}

/** Constants of visualization_msgs/msg/Marker. */
const ARROW = 0;
const LINE_LIST = 5;
const LINE_WIDTH = 0.001;
/** Of the force arrow. */
const METRES_PER_NEWTON = 0.01;
/** An arrow that is not drawn anew goes. */
const LIFETIME = { sec: 0, nanosec: 500_000_000 };
const GREY: Colour = { r: 0.6, g: 0.6, b: 0.6, a: 0.8 };
const BLUE: Colour = { r: 0.2, g: 0.5, b: 1, a: 0.8 };
const GREEN: Colour = { r: 0.2, g: 0.8, b: 0.2, a: 1 };
const AMBER: Colour = { r: 1, g: 0.6, b: 0, a: 1 };
const RED: Colour = { r: 1, g: 0.1, b: 0.1, a: 1 };

/**
 * visualization_msgs/msg/MarkerArray: the edges of the workspace and of the box around the target, and an arrow of 1 cm
 * a newton for the force on the tip: amber above the soft limit, red above the limit.
 */
export function scene(
  header: Header,
  { safety }: Pick<RunConfig, 'safety'>,
  tip: Vector,
  target: Vector,
  wrench: Vector,
): { markers: object[] } {
  const markers: object[] = [];
  const add = (ns: string, more: object) => markers.push({ header, ns, id: 0, action: 0, pose: IDENTITY, ...more });
  const box = (ns: string, { min, max }: { min: number[]; max: number[] }, color: Colour, from: Vector = ORIGIN) =>
    add(ns, { type: LINE_LIST, scale: { x: LINE_WIDTH, y: 0, z: 0 }, color, points: edges(min, max, from) });
  if (safety.pose_box !== undefined) box('workspace', safety.pose_box, GREY);
  if (safety.target_box !== undefined && isFinite7(target)) box('target', safety.target_box, BLUE, target);
  const [fx = Number.NaN, fy = Number.NaN, fz = Number.NaN] = Array.from(wrench);
  const force = Math.hypot(fx, fy, fz);
  if (isFinite7(tip) && force > 0) {
    const from = { x: tip[0]!, y: tip[1]!, z: tip[2]! };
    const to = {
      x: from.x + fx * METRES_PER_NEWTON,
      y: from.y + fy * METRES_PER_NEWTON,
      z: from.z + fz * METRES_PER_NEWTON,
    };
    const color = force > safety.force_limit ? RED : force > safety.force_soft ? AMBER : GREEN;
    // Of an arrow between two points: width of its shaft and of its head, and the head's length.
    add('force', {
      type: ARROW,
      scale: { x: 0.004, y: 0.01, z: 0.015 },
      color,
      points: [from, to],
      lifetime: LIFETIME,
    });
  }
  return { markers };
}

const ORIGIN = [0, 0, 0];
const IDENTITY = { position: { x: 0, y: 0, z: 0 }, orientation: { x: 0, y: 0, z: 0, w: 1 } };

function isFinite7(pose: Vector): boolean {
  for (let i = 0; i < 7; i++) if (!Number.isFinite(pose[i])) return false;
  return true;
}

/** The twelve edges of a box, as pairs of points. */
function edges(min: Vector, max: Vector, from: Vector): Point[] {
  const corner = (bits: number): Point => ({
    x: from[0]! + (bits & 1 ? max : min)[0]!,
    y: from[1]! + (bits & 2 ? max : min)[1]!,
    z: from[2]! + (bits & 4 ? max : min)[2]!,
  });
  const points: Point[] = [];
  for (let bits = 0; bits < 8; bits++)
    for (const axis of [1, 2, 4]) if ((bits & axis) === 0) points.push(corner(bits), corner(bits | axis));
  return points;
}
