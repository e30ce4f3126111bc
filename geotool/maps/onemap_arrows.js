/* Arrows: the way of the water, on lines whose class knows it. */
OneMap.arrows = (function () {
  "use strict";

  const { inView, polygon } = OneMap.draw;
  const ARROW_EVERY = 130; // page pixels
  const ARROW_ROOM = 26; // a line shorter than this carries none

  /** Show the way of the water on lines whose class knows it: "one" as drawn, "both". */
  function drawArrows(ctx, layer, view) {
    const part = layer.lines;
    const room = ARROW_ROOM * view.ratio;
    const reach = 12 * view.ratio;
    layer.arrows = []; // boxes of two-way arrows: names keep off them
    for (let i = 0; i < part.count; i++) {
      const row = part.row[i];
      const entry = layer.entry(layer.style.by.arrow, row);
      if (!entry || !entry.arrow || !layer.kept[row] || !inView(part.box, i, view)) continue;
      const wide = (part.box[4 * i + 2] - part.box[4 * i]) * view.scale;
      const high = (part.box[4 * i + 3] - part.box[4 * i + 1]) * view.scale;
      if (wide + high < room) continue;
      ctx.fillStyle = (layer.entry(layer.colorKey, row) || layer.style.base).color;
      for (const { x, y, angle } of arrowSpots(part, i, view)) {
        drawArrow(ctx, x, y, angle, entry.arrow === "both", view.ratio);
        if (entry.arrow === "both") layer.arrows.push([x - reach, y - reach, x + reach, y + reach]);
      }
    }
  }

  /** Places along a line for its arrows, evenly, and the way it runs there. */
  function arrowSpots(part, i, view) {
    const [from, to] = [part.start[i], part.start[i + 1]];
    const along = [0];
    for (let j = from + 1; j < to; j++) {
      const step = Math.hypot(part.x[j] - part.x[j - 1], part.y[j] - part.y[j - 1]);
      along.push(along[along.length - 1] + step * view.scale);
    }
    const length = along[along.length - 1];
    const half = 6 * view.ratio;
    if (length < ARROW_ROOM * view.ratio) return [];
    const count = Math.max(1, Math.floor(length / (ARROW_EVERY * view.ratio)));
    const spots = [];
    let j = 1;
    const place = (metre) => {
      while (j > 1 && along[j - 1] > metre) j--;
      while (j < along.length - 1 && along[j] < metre) j++;
      const share = (metre - along[j - 1]) / (along[j] - along[j - 1] || 1);
      const [a, b] = [from + j - 1, from + j];
      return [
        (part.x[a] + share * (part.x[b] - part.x[a])) * view.scale - view.x,
        (part.y[a] + share * (part.y[b] - part.y[a])) * view.scale - view.y,
      ];
    };
    for (let k = 0; k < count; k++) {
      const middle = ((k + 0.5) * length) / count;
      const [x, y] = place(middle);
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const [ax, ay] = place(Math.max(0, middle - half)); // not the way of a tiny piece
      const [bx, by] = place(Math.min(length, middle + half));
      spots.push({ x, y, angle: Math.atan2(by - ay, bx - ax) });
    }
    return spots;
  }

  /** One arrow head, or two back to back, in the colour that is set. */
  function drawArrow(ctx, x, y, angle, both, ratio) {
    ctx.save();
    ctx.translate(x, y);
    ctx.rotate(angle);
    ctx.scale(ratio, ratio);
    ctx.lineWidth = 1.2;
    ctx.strokeStyle = "#ffffff";
    ctx.lineJoin = "miter";
    for (const way of both ? [1, -1] : [1]) {
      const tail = both ? 1.2 : -5.5;
      ctx.beginPath();
      polygon(ctx, [[way * (tail + 11), 0], [way * tail, 4.2], [way * (tail + 1.8), 0], [way * tail, -4.2]]);
      ctx.stroke();
      ctx.fill();
    }
    ctx.restore();
  }

  return { drawArrow, drawArrows };
})();
