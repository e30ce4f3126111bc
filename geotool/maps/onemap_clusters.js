/* Clusters: points too many to be told apart, gathered into discs with class rings. */
OneMap.clusters = (function () {
  "use strict";

  const { FONT, settings } = OneMap.draw;
  const { growBox } = OneMap.data;
  const TURN = Math.PI * 2;
  const CLUSTER_SMALLEST = 4; // fewer in a cell are drawn one by one
  const CELL = 76; // page pixels

  /** Gather points into cells of a grid that is fixed to the ground. */
  function drawClusters(ctx, layer, list, view) {
    const { x, y, row } = layer.points;
    const cell = CELL * view.ratio;
    const found = new Map();
    for (const i of list) {
      const column = Math.floor((x[i] * view.scale) / cell);
      const line = Math.floor((y[i] * view.scale) / cell);
      const key = column * 4194304 + line;
      const members = found.get(key);
      if (members) members.push(i);
      else found.set(key, [i]);
    }
    const single = [];
    const clusters = [];
    layer.inCell = new Uint8Array(layer.points.count);
    const entries = layer.colorKey ? layer.classes.get(layer.colorKey) : { entries: [], codes: null };
    for (const members of found.values()) {
      if (members.length < CLUSTER_SMALLEST) {
        single.push(...members);
        continue;
      }
      const shares = new Int32Array(entries.entries.length + 1); // the last: no class
      let sumX = 0;
      let sumY = 0;
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (const i of members) {
        sumX += x[i];
        sumY += y[i];
        growBox(box, x[i], y[i]);
        const code = entries.codes ? entries.codes[row[i]] : -1;
        shares[code < 0 ? shares.length - 1 : code]++;
        layer.inCell[i] = 1;
      }
      clusters.push({ at: [sumX / members.length, sumY / members.length], count: members.length, shares, box });
    }
    layer.cells = mergeClusters(clusters, view.scale / view.ratio);
    for (const cluster of layer.cells) drawCluster(ctx, layer, cluster, view);
    return single;
  }

  /** A cluster that would lie over a larger one joins it; `scale` is page pixels a world. */
  function mergeClusters(clusters, scale) {
    const radius = (count) => 12 + 4.4 * Math.log10(count);
    const merged = [];
    for (const cluster of clusters.sort((a, b) => b.count - a.count)) {
      const near = merged.find(({ at, count }) => {
        const away = Math.hypot(at[0] - cluster.at[0], at[1] - cluster.at[1]) * scale;
        return away < radius(count) + radius(cluster.count);
      });
      if (!near) {
        merged.push(cluster);
        continue;
      }
      const share = cluster.count / (near.count + cluster.count);
      near.at = near.at.map((value, i) => value + (cluster.at[i] - value) * share);
      near.count += cluster.count;
      growBox(near.box, cluster.box[0], cluster.box[1]);
      growBox(near.box, cluster.box[2], cluster.box[3]);
      cluster.shares.forEach((one, code) => (near.shares[code] += one));
    }
    return merged.map((cluster) => ({ ...cluster, radius: radius(cluster.count) }));
  }

  /** A disc with the number, and a ring that shows the shares of the classes. */
  function drawCluster(ctx, layer, { at, radius, shares, count }, view) {
    const { entries } = layer.classes.get(layer.colorKey) || { entries: [] };
    const rest = entries.length ? settings.other.color : layer.style.base.color;
    ctx.save();
    ctx.translate(at[0] * view.scale - view.x, at[1] * view.scale - view.y);
    ctx.scale(view.ratio, view.ratio);
    ctx.beginPath();
    ctx.arc(0, 0, radius + 1.5, 0, TURN);
    ctx.fillStyle = "#ffffff";
    ctx.fill();
    ctx.lineCap = "butt";
    ctx.lineWidth = 4.5;
    let angle = -TURN / 4;
    shares.forEach((share, code) => {
      if (!share) return;
      const next = angle + (share / count) * TURN;
      ctx.beginPath();
      ctx.arc(0, 0, radius - 2, angle, next);
      ctx.strokeStyle = code < entries.length ? entries[code].color : rest;
      ctx.stroke();
      angle = next;
    });
    ctx.fillStyle = settings.ink;
    ctx.font = `600 ${count > 9999 ? 10.5 : 12}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(count > 9999 ? `${(count / 10000).toFixed(1)}万` : String(count), 0, 0.5);
    ctx.restore();
  }

  /** How many lie on the very same spot, beside it: however near one looks, they never part. */
  function drawStacks(ctx, layer, list, view) {
    const { x, y } = layer.points;
    const found = new Map();
    for (const i of list) {
      const key = `${x[i]} ${y[i]}`;
      const stack = found.get(key);
      if (stack) stack.count++;
      else found.set(key, { i, count: 1 });
    }
    const away = (layer.style.base.size + 3) * view.ratio;
    ctx.font = `700 ${11 * view.ratio}px ${FONT}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.lineJoin = "round";
    for (const { i, count } of found.values()) {
      if (count < 2) continue;
      const at = [`×${count}`, x[i] * view.scale - view.x + 0.6 * away, y[i] * view.scale - view.y - 0.4 * away];
      ctx.lineWidth = 3.5 * view.ratio;
      ctx.strokeStyle = "#ffffff";
      ctx.strokeText(...at);
      ctx.fillStyle = settings.ink;
      ctx.fillText(...at);
    }
  }

  return { drawClusters, drawStacks };
})();
