/* Ranked: the list of a trace that the file brought along. Methods of the panel. */
OneMap.ranked = (function () {
  "use strict";

  const { make, button, thousands, swatch } = OneMap.legend;
  const RANKED = 10; // sources shown of a trace

  const methods = {
    buildTrace() {
      const layer = this.data.find((one) => one.style.rank);
      if (!layer) return null;
      const rank = layer.columns.get(layer.style.rank);
      const rows = Array.from({ length: layer.rows }, (_, row) => row)
        .filter((row) => rank.number(row) > 0)
        .sort((a, b) => rank.number(a) - rank.number(b));
      if (!rows.length) return null;
      // without probabilities the numbers are an order of distance and must say so
      const weighed = rows.some((row) => layer.columns.get("probability")?.shown(row));
      const fact = (key, row, word) => {
        const text = layer.columns.get(key)?.shown(row);
        return text ? `${word}${text}` : "";
      };
      const hours = (row) => {
        const [fast, slow] = ["travel_time_min_h", "travel_time_max_h"].map((key) => 3600 * layer.columns.get(key)?.number(row));
        return Number.isFinite(fast + slow) ? `${OneMap.follow.hoursText({ fast, slow })}${fact("time_basis", row, " ")}` : "";
      };
      const item = (row) => {
        const metres = layer.columns.get("distance_m")?.number(row);
        const notes = [
          layer.entry("relation", row)?.zh,
          Number.isFinite(metres) ? `沿河 ${metres >= 1000 ? `${(metres / 1000).toFixed(1)} km` : `${Math.round(metres)} m`}` : "",
          hours(row),
          fact("probability", row, "概率 "),
        ];
        return make("li", {}, button(
          [swatch((ctx) => this.paintRow(ctx, layer, row)), make("span", {}, layer.title(row), make("small", {}, notes.filter(Boolean).join(" · ")))],
          () => this.goTo(layer, row),
          { class: "om-hit" },
        ));
      };
      return make(
        "section",
        { class: "om-trace" },
        make("h2", {}, weighed ? "溯源排序" : "溯源清单（由近到远）"),
        weighed ? null : make("p", { class: "om-count" }, "按沿河距离排列，不代表责任大小"),
        make("ol", {}, rows.slice(0, RANKED).map(item)),
        make("p", { class: "om-count" }, rows.length > RANKED ? `共 ${thousands(rows.length)} 个，列出前 ${RANKED} 个` : `共 ${rows.length} 个`),
        button("导出溯源清单", () => OneMap.sheet.saveTable(this.facts.title, layer)),
      );
    },
  };

  return { methods };
})();
