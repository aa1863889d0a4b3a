/** The two views of the tip at its target: plain browser JavaScript, no build. All drawn in millimetres around the target. */
export const viewScript = `
/** Half widths of a view, mm: the smallest that shows tip and setpoint is taken. */
const ZOOMS = [15, 30, 60, 120, 250, 500, 1000];

function svg(name, attributes, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  return e;
}

function viewOf(id, a, b, side) {
  const root = document.getElementById(id);
  let zoom = 0;
  return (t) => {
    const known = (v, n) => Array.isArray(v) && v.length >= n && v.slice(0, 3).every(Number.isFinite);
    if (!known(t.pose, 7)) { root.replaceChildren(svg('text', { x: 0, y: 0, class: 'unknown' }, 'no pose')); return; }
    const centre = known(t.target.estimate, 3) ? t.target.estimate : t.pose;
    // Screen y grows downwards; z and y of the robot upwards.
    const at = (v) => [(v[a] - centre[a]) * 1000, -(v[b] - centre[b]) * 1000];
    const tip = at(t.pose);
    const setpoint = known(t.setpoint, 7) ? at(t.setpoint) : null;
    const delta = t.target.referenceLimit * 1000;
    const reach = Math.max(Math.abs(tip[0]), Math.abs(tip[1])) + delta;
    // Zooms in only when there is a good margin, so that it does not flicker between two.
    let want = ZOOMS.findIndex((z) => z >= reach);
    if (want < 0) want = ZOOMS.length - 1;
    if (want > zoom || (want < zoom && ZOOMS[zoom - 1] > reach * 1.2)) zoom = want;
    const k = 50 / ZOOMS[zoom], parts = [];
    const line = (x1, y1, x2, y2, c) => parts.push(svg('line', { x1: x1 * k, y1: y1 * k, x2: x2 * k, y2: y2 * k, class: c }));
    // Far beyond the square of 100 by 100, because the picture's own shape may be longer either way.
    for (let p = -250; p <= 250; p += 12.5) parts.push(svg('path', { d: 'M' + p + ' -250V250M-250 ' + p + 'H250', class: 'grid' }));
    if (known(t.target.estimate, 3)) {
      if (side) parts.push(svg('rect', { x: -250, y: 0, width: 500, height: 250, class: 'ground' }));
      parts.push(svg('circle', { cx: 0, cy: 0, r: 3.2, class: 'target' }));
      line(-6 / k, 0, 6 / k, 0, 'target'); line(0, -6 / k, 0, 6 / k, 'target');
    }
    parts.push(svg('rect', { x: (tip[0] - delta) * k, y: (tip[1] - delta) * k, width: 2 * delta * k, height: 2 * delta * k, class: 'box' }));
    if (setpoint) {
      line(tip[0], tip[1], setpoint[0], setpoint[1], 'pull');
      parts.push(svg('circle', { cx: setpoint[0] * k, cy: setpoint[1] * k, r: 2.6, class: 'setpoint' }));
    }
    const f = t.wrench;
    if (known(f, 6) && t.forceLimit > 0) {
      const s = 30 / t.forceLimit / k;
      line(tip[0], tip[1], tip[0] + f[a] * s, tip[1] - f[b] * s, 'push');
    }
    if (side) parts.push(svg('rect', { x: tip[0] * k - 1.2, y: tip[1] * k - 300, width: 2.4, height: 300, class: 'tool' }));
    parts.push(svg('circle', { cx: tip[0] * k, cy: tip[1] * k, r: 2.4, class: 'tip' }));
    const bar = ZOOMS[zoom] / (ZOOMS[zoom] % 3 ? 2.5 : 3);
    parts.push(svg('path', { d: 'M-46 46h' + (bar * k).toFixed(2), class: 'bar' }), svg('text', { x: -46, y: 43.5, class: 'scale' }, bar.toFixed(0) + ' mm'));
    root.replaceChildren(...parts);
  };
}
`;
