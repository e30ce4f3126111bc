/* Drawing: layers onto a canvas, for the screen and, larger, for the printed sheet.
 *
 * A view says where the canvas lies: `scale` (pixels per world), `x`, `y` (pixel of its
 * corner in the world), `width`, `height`, `ratio` (canvas pixels per page pixel) and
 * `zoom`. Nothing here knows of Leaflet or of the page.
 */
OneMap.draw = (function () {
  "use strict";

  const FONT =
    '"Microsoft YaHei","PingFang SC","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",sans-serif';
  const TURN = Math.PI * 2;
  const CLUSTER_FROM = 500; // points in view; fewer can be told apart

  const settings = { ink: "#1b2a38", other: { color: "#8a8f94" }, selected: "#ffd400" };

  // ------------------------------------------------------------ symbols
  const SHAPES = {
    circle(path, r) {
      path.arc(0, 0, r, 0, TURN);
    },
    square(path, r) {
      path.rect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r);
    },
    triangle(path, r) {
      polygon(path, [[0, -1.2 * r], [1.15 * r, 0.85 * r], [-1.15 * r, 0.85 * r]]);
    },
    diamond(path, r) {
      polygon(path, [[0, -1.2 * r], [1.2 * r, 0], [0, 1.2 * r], [-1.2 * r, 0]]);
    },
    drop(path, r) {
      path.moveTo(0, -1.4 * r);
      path.bezierCurveTo(0.5 * r, -0.7 * r, r, -0.1 * r, r, 0.4 * r);
      path.arc(0, 0.4 * r, r, 0, Math.PI);
      path.bezierCurveTo(-r, -0.1 * r, -0.5 * r, -0.7 * r, 0, -1.4 * r);
      path.closePath();
    },
    flag(path, r) {
      polygon(path, [[-0.7 * r, 1.2 * r], [-0.7 * r, -1.2 * r], [r, -0.6 * r], [-0.4 * r, 0.1 * r], [-0.4 * r, 1.2 * r]]);
    },
    pin(path, r) {
      path.arc(0, -0.3 * r, 0.85 * r, Math.PI * 0.8, Math.PI * 0.2);
      path.lineTo(0, 1.25 * r);
      path.closePath();
    },
  };

  function polygon(path, corners) {
    corners.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }

  /** Dark ink on light colours, white on dark ones. */
  function inkOn(color) {
    const channel = (i) => (parseInt(color.slice(i, i + 2), 16) / 255) ** 2.2;
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.3 ? settings.ink : "#ffffff";
  }

  /** Draw one symbol around the origin; `ratio` is set by the caller's transform. */
  function drawSymbol(ctx, { shape, color, size, mark = "", ring, selected = false }) {
    if (ring && ring.halo) stroke(ctx, "circle", size + 5, ring.color + "59", 5);
    if (selected) stroke(ctx, "circle", size + 5, settings.ink, 5);
    if (selected) stroke(ctx, "circle", size + 5, settings.selected, 3);
    ctx.beginPath();
    SHAPES[shape](ctx, size);
    ctx.fillStyle = color;
    ctx.fill();
    ctx.lineJoin = "round";
    if (ring) {
      ctx.lineWidth = ring.halo ? 3 : 2;
      ctx.strokeStyle = ring.color;
    } else {
      ctx.lineWidth = 1;
      ctx.strokeStyle = inkOn(color) === "#ffffff" ? "rgba(255,255,255,.95)" : settings.ink;
    }
    ctx.stroke();
    if (!mark) return;
    ctx.fillStyle = inkOn(color);
    ctx.font = `700 ${size * (mark.length > 2 ? 0.85 : 1.15)}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(mark, 0, size * 0.08);
  }

  function stroke(ctx, shape, size, color, width) {
    ctx.beginPath();
    SHAPES[shape](ctx, size);
    ctx.lineWidth = width;
    ctx.strokeStyle = color;
    ctx.stroke();
  }

  /** What the symbol of a row is; `keys` of classes are looked up once a layer. */
  function symbolOf(layer, row) {
    const { base, by } = layer.style;
    const tint = layer.entry(layer.colorKey, row);
    const shape = layer.entry(by.shape, row);
    const mark = layer.entry(by.mark, row);
    const unknown = layer.colorKey && !tint;
    const rank = layer.columns.get(layer.style.rank);
    return {
      shape: (shape && shape.shape) || base.shape,
      color: (tint && tint.color) || (unknown && layer.colorKey === "outfall_class" ? settings.other.color : base.color),
      ring: layer.entry(by.ring, row),
      ...(rank ? rankSymbol(rank.number(row)) : { size: base.size, mark: (mark && mark.mark) || base.mark || "" }),
    };
  }

  /** The first few stand out; what has no rank, or a late one, is a dot. */
  function rankSymbol(rank) {
    if (!(rank > 0 && rank < 100)) return { size: 5, mark: "" };
    return { size: rank <= 3 ? 12 : rank <= 20 ? 9.5 : 7.5, mark: String(rank) };
  }

  // Symbols are drawn once and then copied; a county has thousands of a few kinds.
  const sprites = new Map();

  function sprite(symbol, ratio) {
    const ring = symbol.ring ? symbol.ring.color : "";
    const key = [symbol.shape, symbol.color, symbol.size, symbol.mark, ring, symbol.selected, ratio].join("|");
    let found = sprites.get(key);
    if (!found) {
      const half = Math.ceil((symbol.size * 1.5 + 9) * ratio);
      found = document.createElement("canvas");
      found.width = found.height = 2 * half;
      const ctx = found.getContext("2d");
      ctx.translate(half, half);
      ctx.scale(ratio, ratio);
      drawSymbol(ctx, symbol);
      sprites.set(key, found);
    }
    return found;
  }

  function stamp(ctx, symbol, x, y, ratio) {
    const picture = sprite(symbol, ratio);
    ctx.drawImage(picture, Math.round(x - picture.width / 2), Math.round(y - picture.height / 2));
  }

  // ------------------------------------------------------------ areas and lines
  function inView(box, i, view) {
    const margin = 20 * view.ratio;
    return (
      box[4 * i] * view.scale - view.x < view.width + margin &&
      box[4 * i + 2] * view.scale - view.x > -margin &&
      box[4 * i + 1] * view.scale - view.y < view.height + margin &&
      box[4 * i + 3] * view.scale - view.y > -margin
    );
  }

  /** Add vertices to a path, leaving out those that fall on the pixel before. */
  function trail(ctx, part, from, to, view) {
    const { x, y } = part;
    let lastX = x[from] * view.scale - view.x;
    let lastY = y[from] * view.scale - view.y;
    ctx.moveTo(lastX, lastY);
    for (let j = from + 1; j < to; j++) {
      const nextX = x[j] * view.scale - view.x;
      const nextY = y[j] * view.scale - view.y;
      if (j < to - 1 && Math.abs(nextX - lastX) + Math.abs(nextY - lastY) < 1.5) continue;
      ctx.lineTo(nextX, nextY);
      lastX = nextX;
      lastY = nextY;
    }
  }

  function drawAreas(ctx, layer, view) {
    const part = layer.polygons;
    const { base, by } = layer.style;
    ctx.lineJoin = "round";
    for (let i = 0; part && i < part.count; i++) {
      const row = part.row[i];
      if (!layer.kept[row] || !inView(part.box, i, view)) continue;
      const tint = layer.entry(layer.colorKey, row) || base;
      const dash = layer.entry(by.dash, row);
      ctx.beginPath();
      for (let ring = part.start[i]; ring < part.start[i + 1]; ring++) {
        trail(ctx, part, part.ring[ring], part.ring[ring + 1], view);
        ctx.closePath();
      }
      const opacity = ctx.globalAlpha;
      ctx.globalAlpha = opacity * (tint.fill ?? base.fill);
      ctx.fillStyle = tint.color;
      ctx.fill("evenodd");
      ctx.globalAlpha = opacity;
      ctx.strokeStyle = tint.color;
      setStroke(ctx, base.width, (dash && dash.dash) || base.dash, view.ratio);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  }

  function setStroke(ctx, width, dash, ratio) {
    ctx.lineWidth = width * ratio;
    ctx.setLineDash((dash || []).map((length) => length * width * ratio));
  }

  /** Lines of one look are stroked in one go. */
  function groupLines(layer, view) {
    const part = layer.lines;
    const { by } = layer.style;
    const groups = new Map();
    for (let i = 0; i < part.count; i++) {
      const row = part.row[i];
      if (!layer.kept[row] || !inView(part.box, i, view)) continue;
      const code = (key) => (layer.classes.has(key) ? layer.classes.get(key).codes[row] : -1);
      const key = (code(layer.colorKey) * 64 + code(by.width)) * 64 + code(by.dash);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(i);
    }
    return [...groups.values()];
  }

  function drawLines(ctx, layer, view) {
    const part = layer.lines;
    if (!part) return;
    const thin = layer.style.casing ? 1 : Math.min(1.25, Math.max(0.5, (view.zoom - 6) / 6));
    const groups = groupLines(layer, view).map((group) => {
      const row = part.row[group[0]];
      const { base, by } = layer.style;
      const width = ((layer.entry(by.width, row) || base).width ?? base.width) * thin;
      const dash = (layer.entry(by.dash, row) || base).dash;
      return { group, width, dash, color: (layer.entry(layer.colorKey, row) || base).color };
    });
    ctx.lineJoin = ctx.lineCap = "round";
    const strokeAll = (color, extra, dashed) => {
      for (const { group, width, dash, color: own } of groups) {
        ctx.beginPath();
        for (const i of group) trail(ctx, part, part.start[i], part.start[i + 1], view);
        ctx.strokeStyle = color || own;
        setStroke(ctx, width + extra, dashed ? dash : undefined, view.ratio);
        if (dashed && dash) ctx.setLineDash(dash.map((length) => length * width * view.ratio));
        ctx.stroke();
      }
    };
    if (layer.style.casing) strokeAll("#ffffff", 4, false);
    strokeAll("", 0, true);
    ctx.setLineDash([]);
    if (layer.style.by.arrow) OneMap.arrows.drawArrows(ctx, layer, view);
  }

  // ------------------------------------------------------------ points
  /** Points in view: `list` on the canvas, `inner` of them on the page. */
  function pointsInView(layer, view) {
    const part = layer.points;
    const margin = 24 * view.ratio;
    const list = [];
    let inner = 0;
    for (let i = 0; i < part.count; i++) {
      if (!layer.kept[part.row[i]]) continue;
      const x = part.x[i] * view.scale - view.x;
      const y = part.y[i] * view.scale - view.y;
      if (x < -margin || y < -margin || x > view.width + margin || y > view.height + margin) continue;
      list.push(i);
      if (x > view.padX && y > view.padY && x < view.width - view.padX && y < view.height - view.padY) inner++;
    }
    return { list, inner };
  }

  function sizeAt(zoom) {
    return zoom >= 12 ? 1 : zoom >= 10 ? 0.85 : 0.72;
  }

  function drawPoints(ctx, layer, view) {
    const part = layer.points;
    layer.cells = [];
    if (!part) return;
    const { list, inner } = pointsInView(layer, view);
    if (layer.style.rank) return drawRanked(ctx, layer, list, view);
    let single = list;
    if (layer.style.cluster && inner > CLUSTER_FROM) single = OneMap.clusters.drawClusters(ctx, layer, list, view);
    for (const i of single) drawPoint(ctx, layer, i, view);
    OneMap.clusters.drawStacks(ctx, layer, single, view);
  }

  function drawPoint(ctx, layer, i, view, change = {}) {
    const part = layer.points;
    const symbol = { ...symbolOf(layer, part.row[i]), ...change };
    if (!layer.style.rank) symbol.size *= sizeAt(view.zoom);
    stamp(ctx, symbol, part.x[i] * view.scale - view.x, part.y[i] * view.scale - view.y, view.ratio);
  }

  /** Ranked points carry their number; the first lies on top. */
  function drawRanked(ctx, layer, list, view) {
    const rank = layer.columns.get(layer.style.rank);
    const at = (i) => rank.number(layer.points.row[i]) || Infinity;
    const sorted = [...list].sort((a, b) => at(b) - at(a));
    for (const i of sorted) drawPoint(ctx, layer, i, view);
  }

  // ------------------------------------------------------------ the whole
  /** Draw layers in their order; `selected` is a {layer, row} to stand out, or null. */
  function drawMap(ctx, view, layers, selected) {
    const sorted = [...layers].sort((a, b) => a.style.order - b.style.order);
    const traced = sorted.some((layer) => layer.style.casing && layer.keptCount);
    const asked = sorted.some((layer) => layer.asked);
    for (const layer of sorted) {
      // what was just asked stands out, also from a trace that the file brought along
      layer.quiet = asked && !layer.asked && layer.style.group === "trace" ? 0.3 : traced ? layer.style.fade : 1;
      ctx.globalAlpha = layer.quiet;
      drawAreas(ctx, layer, view);
      drawLines(ctx, layer, view);
      drawPoints(ctx, layer, view);
    }
    ctx.globalAlpha = 1;
    if (selected) drawSelected(ctx, selected, view);
    OneMap.labels.labelMap(ctx, view, sorted);
  }

  function drawSelected(ctx, { layer, row }, view) {
    const { points, lines } = layer;
    for (let i = 0; points && i < points.count; i++) {
      if (points.row[i] === row) drawPoint(ctx, layer, i, view, { selected: true });
    }
    for (let i = 0; lines && i < lines.count; i++) {
      if (lines.row[i] !== row) continue;
      for (const [width, color] of [[9, settings.ink], [6, settings.selected]]) {
        ctx.beginPath();
        trail(ctx, lines, lines.start[i], lines.start[i + 1], view);
        ctx.strokeStyle = color;
        ctx.lineWidth = width * view.ratio;
        ctx.stroke();
      }
    }
  }

  return { FONT, settings, drawMap, drawSymbol, polygon, symbolOf, inView, pointsInView };
})();
