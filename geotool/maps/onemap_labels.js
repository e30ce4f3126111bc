/* Labels: names on the map, none over another, the uppermost layer's first. */
OneMap.labels = (function () {
  "use strict";

  const { FONT, settings, inView, pointsInView } = OneMap.draw;
  const LABELS_MOST = 260; // more names of one layer tell nothing

  /** Boxes already written on; a label that would touch one is tried elsewhere. */
  class Places {
    constructor() {
      this.taken = [];
    }

    free(box) {
      return !this.taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
    }

    take(box) {
      this.taken.push(box);
    }
  }

  function labelText(layer, row) {
    const column = layer.columns.get(layer.style.title);
    const name = column ? column.text(row) : "";
    if (!name) return "";
    const short = name.length > 16 ? `${name.slice(0, 15)}…` : name;
    const note = layer.columns.get(layer.style.labelNote);
    const target = layer.classes.get(layer.style.labelNote);
    const entry = target && target.entries[target.codes[row]];
    const more = entry ? entry.zh : note ? note.text(row) : "";
    return more ? `${short}（${more}）` : short;
  }

  /** Whether a box lies in the part of the picture that is seen. */
  function isSeen([left, top, right, bottom], { padX, padY, width, height }) {
    return left >= padX && top >= padY && right <= width - padX && bottom <= height - padY;
  }

  function write(ctx, text, x, y, color, halo) {
    ctx.lineJoin = "round";
    ctx.lineWidth = halo;
    ctx.strokeStyle = "rgba(255,255,255,.92)";
    ctx.strokeText(text, x, y);
    ctx.fillStyle = color;
    ctx.fillText(text, x, y);
  }

  function labelPoints(ctx, layer, view, places) {
    const part = layer.points;
    if (!part || layer.cells.length) return;
    const { list } = pointsInView(layer, view);
    const ratio = view.ratio;
    const rank = layer.columns.get(layer.style.rank);
    const first = (i) => rank && rank.number(part.row[i]) <= 3;
    const wanted = list.filter((i) => view.zoom >= layer.style.labelZoom || first(i));
    if (wanted.length > LABELS_MOST) return;
    ctx.font = `${rank ? "700 " : ""}${12 * ratio}px ${FONT}`;
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    for (const i of wanted) {
      const text = labelText(layer, part.row[i]);
      if (!text) continue;
      const x = part.x[i] * view.scale - view.x;
      const y = part.y[i] * view.scale - view.y;
      const width = ctx.measureText(text).width;
      const gap = (layer.style.base.size + 5) * ratio;
      const half = 8 * ratio;
      const inSight = isSeen([x, y, x, y], view); // then a name the edge would cut is none
      const corners = [
        [x + gap, y],
        [x - gap - width, y],
        [x - width / 2, y - gap - half],
        [x - width / 2, y + gap + half],
      ];
      for (const [left, middle] of corners) {
        const box = [left - 2, middle - half, left + width + 2, middle + half];
        if (!places.free(box) || (inSight && !isSeen(box, view))) continue;
        places.take(box);
        write(ctx, text, left, middle, settings.ink, 3.5 * ratio);
        break;
      }
    }
  }

  /** Names along the lines, each at most once a stretch. */
  function labelLines(ctx, layer, view, places) {
    const part = layer.lines;
    if (!part || view.zoom < layer.style.labelZoom || !layer.style.labelZoom) return;
    const ratio = view.ratio;
    const written = [];
    ctx.font = `italic ${12 * ratio}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (let i = 0; i < part.count && written.length < LABELS_MOST; i++) {
      const row = part.row[i];
      if (!layer.kept[row] || !inView(part.box, i, view)) continue;
      const text = labelText(layer, row);
      if (!text) continue;
      const width = ctx.measureText(text).width;
      const far = ({ x, y }) => !written.some((other) => other.text === text && Math.hypot(other.x - x, other.y - y) < 380 * ratio);
      for (const spot of labelSpots(part, i, view, width)) {
        const halfX = (Math.abs(Math.cos(spot.angle)) * width) / 2 + 8 * ratio;
        const halfY = (Math.abs(Math.sin(spot.angle)) * width) / 2 + 8 * ratio;
        const box = [spot.x - halfX, spot.y - halfY, spot.x + halfX, spot.y + halfY];
        if (!far(spot) || !places.free(box)) continue;
        places.take(box);
        written.push({ ...spot, text });
        ctx.save();
        ctx.translate(spot.x, spot.y);
        ctx.rotate(spot.angle);
        write(ctx, text, 0, 0, "#1f5c99", 3.5 * ratio);
        ctx.restore();
        break;
      }
    }
  }

  /** Places along a line's visible part where a name might stand, and the way it runs there. */
  function labelSpots(part, i, view, width) {
    const visible = [];
    for (let j = part.start[i]; j < part.start[i + 1]; j++) {
      const x = part.x[j] * view.scale - view.x;
      const y = part.y[j] * view.scale - view.y;
      if (x > view.padX && y > view.padY && x < view.width - view.padX && y < view.height - view.padY) visible.push([x, y]);
    }
    if (visible.length < 2) return [];
    const [first, last] = [visible[0], visible[visible.length - 1]];
    if (Math.hypot(last[0] - first[0], last[1] - first[1]) < width * 0.8) return [];
    return [0.5, 0.35, 0.65, 0.2, 0.8].map((share) => {
      const middle = Math.max(1, Math.floor(visible.length * share));
      const [ax, ay] = visible[Math.max(0, middle - 2)];
      const [bx, by] = visible[Math.min(visible.length - 1, middle + 1)];
      let angle = Math.atan2(by - ay, bx - ax);
      if (angle > Math.PI / 2) angle -= Math.PI;
      if (angle < -Math.PI / 2) angle += Math.PI;
      return { x: (ax + bx) / 2, y: (ay + by) / 2, angle };
    });
  }

  function labelAreas(ctx, layer, view, places) {
    const part = layer.polygons;
    if (!part || view.zoom < layer.style.labelZoom || !layer.style.labelZoom) return;
    const ratio = view.ratio;
    ctx.font = `${13 * ratio}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (let i = 0; i < part.count; i++) {
      if (!layer.kept[part.row[i]] || !inView(part.box, i, view)) continue;
      const text = labelText(layer, part.row[i]);
      const width = ctx.measureText(text).width;
      const [x, y] = centre(part, i);
      const [left, middle] = [x * view.scale - view.x, y * view.scale - view.y];
      if (!text || (part.box[4 * i + 2] - part.box[4 * i]) * view.scale < width) continue;
      const box = [left - width / 2, middle - 9 * ratio, left + width / 2, middle + 9 * ratio];
      if (!places.free(box)) continue;
      places.take(box);
      write(ctx, text, left, middle, "#5f574d", 3 * ratio);
    }
  }

  /** Centre of gravity of the outer ring. */
  function centre(part, i) {
    const from = part.ring[part.start[i]];
    const to = part.ring[part.start[i] + 1];
    const { x, y } = part;
    let [area, sumX, sumY] = [0, 0, 0];
    for (let j = from; j < to - 1; j++) {
      // relative to the first vertex: world units are too small to be squared safely
      const [ax, ay, bx, by] = [x[j] - x[from], y[j] - y[from], x[j + 1] - x[from], y[j + 1] - y[from]];
      const cross = ax * by - bx * ay;
      area += cross;
      sumX += (ax + bx) * cross;
      sumY += (ay + by) * cross;
    }
    if (!area) return [x[from], y[from]];
    return [x[from] + sumX / (3 * area), y[from] + sumY / (3 * area)];
  }

  /** Names of all layers, the uppermost first. */
  function labelMap(ctx, view, sorted) {
    const places = new Places();
    const topFirst = [...sorted].reverse();
    for (const layer of topFirst) {
      if (layer.quiet < 1) continue; // the trace speaks
      keepClear(layer, view, places);
      labelPoints(ctx, layer, view, places);
    }
    for (const layer of topFirst) {
      labelLines(ctx, layer, view, places);
      labelAreas(ctx, layer, view, places);
    }
  }

  /** Symbols of a layer are not written over by it, nor by those below. */
  function keepClear(layer, view, places) {
    for (const box of layer.arrows) places.take(box);
    if (!layer.points) return;
    const { list } = pointsInView(layer, view);
    const half = layer.style.base.size * view.ratio;
    for (const i of list.slice(0, LABELS_MOST)) {
      const x = layer.points.x[i] * view.scale - view.x;
      const y = layer.points.y[i] * view.scale - view.y;
      places.take([x - half, y - half, x + half, y + half]);
    }
  }

  return { labelMap };
})();
