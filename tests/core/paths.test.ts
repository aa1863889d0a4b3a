import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, placed, portable } from '../../src/core/paths.ts';

describe('settings that name files of the package', () => {
  const data = { a: [join(packageRoot, 'configs/x.yaml'), '/elsewhere/y', 3, null], b: { c: packageRoot, d: true } };

  it('are the same in every checkout, and come back with the paths of this one', () => {
    const told = portable(data);
    expect(told).toEqual({
      a: ['<package>/configs/x.yaml', '/elsewhere/y', 3, null],
      b: { c: packageRoot, d: true },
    });
    expect(placed(told)).toEqual(data);
  });

  it('of a folder whose name only begins like ours stay as they are', () => {
    expect(portable(`${packageRoot}-other/x`)).toBe(`${packageRoot}-other/x`);
  });
});
