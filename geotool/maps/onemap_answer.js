/* Answer: what a search along the water found, as layers in the style of a trace.
 * Methods of the one who asks (onemap_follow.js). */
OneMap.answer = (function () {
  "use strict";

  const { LayerData, worldX, worldY } = OneMap.data;
  const WORDS = ["确定", "情景", "可能"];
  const STATES = { closed: "关闭", one_way: "单向，不往这边过水" };
  const REACHES = "reaches";
  const ROUND = { distance_m: 0, travel_time_min_h: 1, travel_time_max_h: 1 }; // places in a popup
  const IDS = { outfalls: "outfall_id", sources: "source_id", sections: "section_id", water_sources: "water_source_id", reaches: "reach_id" };
  // what a reader looks for first, against the water and with it
  const ORDER = { true: ["outfalls", "sources", "sections", "water_sources"], false: ["water_sources", "sections", "outfalls", "sources"] };

  // ------------------------------------------------------------ lines of the answer
  /** First part of each row of a layer of lines. */
  function partOf(lines) {
    const part = new Map();
    for (let i = lines.count - 1; i >= 0; i--) part.set(lines.row[i], i);
    return part;
  }

  /** Lengths along a line, in world units, from its first vertex. */
  function along(lines, i) {
    const found = [0];
    for (let j = lines.start[i] + 1; j < lines.start[i + 1]; j++) {
      found.push(found[found.length - 1] + Math.hypot(lines.x[j] - lines.x[j - 1], lines.y[j] - lines.y[j - 1]));
    }
    return found;
  }

  /** Vertices of a line between two shares of its length. */
  function cut(lines, i, from, to) {
    const marks = along(lines, i);
    const base = lines.start[i];
    const total = marks[marks.length - 1];
    const at = (share) => {
      let j = 1;
      while (j < marks.length - 1 && marks[j] < share * total) j++;
      const part = (share * total - marks[j - 1]) / (marks[j] - marks[j - 1] || 1);
      return [lines.x[base + j - 1] + part * (lines.x[base + j] - lines.x[base + j - 1]), lines.y[base + j - 1] + part * (lines.y[base + j] - lines.y[base + j - 1])];
    };
    const inner = marks.map((mark, j) => [mark, j]).filter(([mark]) => mark > from * total && mark < to * total);
    return [at(from), ...inner.map(([, j]) => [lines.x[base + j], lines.y[base + j]]), at(to)];
  }

  /** Share of a line's length at the place on it nearest to a point. */
  function shareAt(lines, i, x, y) {
    const marks = along(lines, i);
    let best = [Infinity, 0];
    for (let k = 1; k < marks.length; k++) {
      const j = lines.start[i] + k;
      const [ax, ay, dx, dy] = [lines.x[j - 1], lines.y[j - 1], lines.x[j] - lines.x[j - 1], lines.y[j] - lines.y[j - 1]];
      const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      const away = Math.hypot(ax + t * dx - x, ay + t * dy - y);
      if (away < best[0]) best = [away, marks[k - 1] + t * (marks[k] - marks[k - 1])];
    }
    return best[1] / (marks[marks.length - 1] || 1);
  }

  // ------------------------------------------------------------ layers of the answer
  const methods = {
    /** A layer in the style of a trace, made of arrays. */
    layer(look, label, facts) {
      const { style, classes, labels } = this.network.looks[look];
      const relation = classes.relation && { ...classes.relation, codes: Int8Array.from(facts.levels || []) };
      const columns = {};
      for (const [key, values] of Object.entries(facts.columns)) {
        const numbers = values instanceof Float64Array;
        columns[key] = { label: labels[key] || key, as: numbers ? "double" : "text", values, ...(key in ROUND && { round: ROUND[key] }) };
      }
      return LayerData.make({
        name: `asked_${look}`,
        label,
        rows: facts.rows,
        style: { ...style, rank: facts.columns.rank ? style.rank : "", facets: [], hide: ["rank"], search: [] },
        classes: new Map(relation ? [["relation", relation]] : []),
        columns,
        points: facts.points,
        lines: facts.lines,
      });
    },

    /** How things were met, how far and how long. */
    wayColumns(list) {
      return {
        relation: list.map(({ level }) => WORDS[level]),
        distance_m: Float64Array.from(list, ({ distance }) => distance / 1000),
        travel_time_min_h: Float64Array.from(list, ({ fast }) => fast / 3600),
        travel_time_max_h: Float64Array.from(list, ({ slow }) => slow / 3600),
      };
    },

    waterLayer() {
      const { reaches } = this.answer;
      const { lines } = this.reaches;
      const [x, y, start, row] = [[], [], [0], []];
      reaches.forEach(({ reach, low, high }, at) => {
        const i = this.part.get(reach);
        if (i === undefined) return;
        const length = this.network.length[reach];
        for (const [px, py] of cut(lines, i, low / length, high / length)) {
          x.push(px);
          y.push(py);
        }
        start.push(x.length);
        row.push(at);
      });
      const told = (key) => reaches.map(({ reach }) => this.reaches.columns.get(key)?.text(reach) || "");
      return this.layer("trace_reaches", this.answer.upstream ? "上游河段" : "下游河段", {
        rows: reaches.length,
        levels: reaches.map(({ level }) => level),
        columns: { name: told("name"), reach_id: told("reach_id"), ...this.wayColumns(reaches) },
        lines: { x: Float64Array.from(x), y: Float64Array.from(y), start: Int32Array.from(start), count: row.length, row: Int32Array.from(row) },
      });
    },

    /** All points met, by layer and distance: {layer, row, level, distance, rank}. */
    met() {
      const { points, upstream } = this.answer;
      const numbered = ORDER[upstream].find((name) => points.get(name)?.length);
      return ORDER[upstream].flatMap((name) => {
        const layer = this.panel.data.find((one) => one.name === name);
        return (points.get(name) || []).map((one, i) => ({ ...one, layer, rank: name === numbered ? i + 1 : 0 }));
      });
    },

    pointLayer(met) {
      // the last drawn lies on top: the nearest
      const list = met.map((one) => ({ ...one, at: one.layer.anchor(one.row) })).reverse();
      const seen = list.map((one, i) => ({ at: one.at, i })).filter(({ at }) => at);
      const code = (layer, row) => layer.columns.get(IDS[layer.name])?.text(row) || "";
      return this.layer("trace_points", this.answer.upstream ? "上游点位" : "下游点位", {
        rows: list.length,
        levels: list.map(({ level }) => level),
        columns: {
          name: list.map(({ layer, row }) => layer.title(row)),
          编号: list.map(({ layer, row }) => code(layer, row)),
          图层: list.map(({ layer }) => layer.label),
          ...this.wayColumns(list),
          time_basis: list.map(({ basis }) => this.network.bases[basis]),
          上河定位: list.map(({ ambiguous }) => (ambiguous ? "两河难分" : "")),
          rank: Float64Array.from(list, ({ rank }) => rank),
        },
        points: { x: Float64Array.from(seen, ({ at }) => at[0]), y: Float64Array.from(seen, ({ at }) => at[1]), count: seen.length, row: Int32Array.from(seen, ({ i }) => i) },
      });
    },

    startLayer() {
      const { layer, row, place } = this.answer;
      const at = place && layer.name === REACHES ? [worldX(place.lng), worldY(place.lat)] : layer.anchor(row);
      return this.spots("trace_start", "查找起点", [{ at, name: layer.title(row) }]);
    },

    endLayer() {
      const ends = this.answer.gates.map(({ gate }) => ({ at: [worldX(gate.at[0]), worldY(gate.at[1])], name: this.gateText(gate) }));
      return this.spots("trace_ends", "止于", ends);
    },

    spots(look, label, list) {
      return this.layer(look, label, {
        rows: list.length,
        columns: { name: list.map(({ name }) => name) },
        points: { x: Float64Array.from(list, ({ at }) => at[0]), y: Float64Array.from(list, ({ at }) => at[1]), count: list.length, row: Int32Array.from(list, (_, i) => i) },
      });
    },
  };

  return { REACHES, STATES, WORDS, ORDER, IDS, partOf, shareAt, methods };
})();
