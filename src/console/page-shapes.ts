/** What a mode looks like, on every page: plain browser JavaScript, no build. */
export const shapeScript = `
/** Every mode has a shape of its own, so that colour is never alone. */
const SHAPES = {
  BOOT: 'M12 3a9 9 0 0 1 9 9h-3a6 6 0 0 0-6-6zM3 12a9 9 0 0 0 9 9v-3a6 6 0 0 1-6-6z',
  DISARMED: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zm0 3a6 6 0 1 1 0 12a6 6 0 0 1 0-12z',
  HOLD: 'M6 4h4v16H6zM14 4h4v16h-4z',
  ENGAGING: 'M6 3l14 9l-14 9zm3 5.5v7l5.500-3.500z',
  ACTIVE: 'M6 3l14 9l-14 9z',
  RECOVERY: 'M10 4v4c6 0 10 3 11 11c-2-4-5-6-11-6v4l-8-6.500z',
  STOPPING: 'M4 4h16l-8 8zM4 12h16l-8 9z',
  STOPPED: 'M4 4h16v16H4z',
  ESTOP: 'M8 2h8l6 6v8l-6 6H8l-6-6V8zM7 10.500v3h10v-3z',
  FAULT: 'M5 2l7 7l7-7l3 3l-7 7l7 7l-3 3l-7-7l-7 7l-3-3l7-7l-7-7z',
};
`;
