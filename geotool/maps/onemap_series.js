/* Series: the readings of a section or an outfall as a small chart in its popup, for eye,
 * pointer, keys and screen reader, and as a table. Only where the file brought readings.
 *
 * Whatever comes from data enters the page by textContent, never as markup.
 */
OneMap.series = (function () {
  "use strict";

  const { make, thousands } = OneMap.legend;
  const [WIDTH, HEIGHT] = [300, 128];
  const [LEFT, RIGHT, TOP, BOTTOM] = [32, 6, 12, 18]; // around the chart; at the left at least
  const DIGIT = 6; // width of one on the axis
  const GAP = 4; // times the usual step: nothing is drawn across; as quality figures do
  const DOTS = 60; // readings that are all marked; of more only those that tell something
  const LISTED = 200; // rows of the table
  const PAGE = 10; // readings that Page Up and Page Down pass

  // ------------------------------------------------------------ words
  function numberText(value) {
    return String(Number(value.toPrecision(6)));
  }

  /** A number on the axis: bacteria come by the hundred thousand. */
  function axisText(value) {
    return Math.abs(value) < 1e5 ? numberText(value) : `${numberText(value / 1e4)}万`;
  }

  function twoDigits(number) {
    return String(number).padStart(2, "0");
  }

  /** Minutes since 1970, in the time the readings were written in. */
  function timeText(minutes, withDay = true, withHour = true) {
    const time = new Date(minutes * 60000);
    const day = `${time.getUTCFullYear()}-${twoDigits(time.getUTCMonth() + 1)}-${twoDigits(time.getUTCDate())}`;
    const hour = `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}`;
    return [withDay && day, withHour && hour].filter(Boolean).join(" ");
  }

  // ------------------------------------------------------------ one series
  class Series {
    constructor({ name, unit, time, value, detected, low, high, word, score }) {
      Object.assign(this, { name, unit, time, value, detected, low, high, word, score });
      this.count = time.length;
      this.hourly = time.some((one) => one % 1440); // else days are enough
    }

    measured(value) {
      return [numberText(value), this.unit].filter(Boolean).join(" ");
    }

    exceeds(i) {
      return this.value[i] > this.high || this.value[i] < this.low; // NaN: no limit
    }

    when(i) {
      return timeText(this.time[i], true, this.hourly);
    }

    /** "Ⅲ类限值 1 mg/L", "" where there is none. */
    limitText() {
      const ends = [this.low, this.high].filter(Number.isFinite).map(numberText);
      if (!ends.length) return "";
      const sign = ends.length > 1 ? "" : Number.isFinite(this.low) ? "不低于 " : "";
      return `${this.word} ${sign}${[ends.join(" 至 "), this.unit].filter(Boolean).join(" ")}`;
    }

    /** What a reading says; below detection the value is half of the detection limit. */
    text(i) {
      const found = this.detected(i) ? this.measured(this.value[i]) : `未检出（按检出限一半 ${this.measured(this.value[i])}）`;
      return `${this.when(i)}　${found}${this.exceeds(i) ? `　超过${this.word}` : ""}`;
    }

    summary() {
      let [over, below] = [0, 0];
      for (let i = 0; i < this.count; i++) {
        if (this.exceeds(i)) over++;
        if (!this.detected(i)) below++;
      }
      const limit = this.limitText();
      const parts = [`${thousands(this.count)} 次读数`, limit ? `${thousands(over)} 次超过${limit}` : "没有限值可比"];
      return [...parts, below && `${thousands(below)} 次未检出`].filter(Boolean).join("，");
    }

    /** Runs of readings that may be joined: [first, behind the last]. */
    runs() {
      const steps = Float64Array.from({ length: this.count - 1 }, (_, i) => this.time[i + 1] - this.time[i]);
      const sorted = steps.slice().sort();
      const middle = sorted.length >> 1;
      const usual = sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
      const cuts = this.count < 3 ? [] : [...steps.keys()].filter((i) => steps[i] > GAP * usual).map((i) => i + 1);
      const bounds = [0, ...cuts, this.count];
      return bounds.slice(1).map((end, i) => [bounds[i], end]);
    }
  }

  // ------------------------------------------------------------ drawing
  function shape(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  }

  /** Round steps for an axis: three to five of them. */
  function ticks(low, high) {
    const power = 10 ** Math.floor(Math.log10((high - low) / 3));
    const step = [5, 2, 1].map((one) => one * power).find((one) => (high - low) / one >= 3) || power;
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  }

  /** Places of times and values on the chart. */
  function scales(series) {
    const { time, value, low, high } = series;
    const ends = [low, high].filter(Number.isFinite);
    let [least, most] = [Math.min(...ends, value[0]), Math.max(...ends, value[0])];
    for (const one of value) [least, most] = [Math.min(least, one), Math.max(most, one)];
    // of a range (pH) the bottom is not nothing
    const bottom = ends.length > 1 ? least - 0.5 : Math.min(0, least);
    const top = ends.length > 1 ? most + 0.5 : bottom + (most - bottom) * 1.12 || bottom + 1;
    const span = time[time.length - 1] - time[0];
    const marks = ticks(bottom, top).map((one) => [one, axisText(one)]);
    const left = Math.max(LEFT, 8 + DIGIT * Math.max(...marks.map(([, text]) => text.length)));
    const x = (minutes) => left + (span ? (minutes - time[0]) / span : 0.5) * (WIDTH - left - RIGHT);
    const y = (one) => HEIGHT - BOTTOM - ((one - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM);
    return { x, y, left, marks };
  }

  function drawAxes(series, { x, y, left, marks }) {
    const parts = marks.flatMap(([one, text]) => [
      shape("path", { d: `M${left} ${y(one)}H${WIDTH - RIGHT}`, class: "om-grid" }),
      shape("text", { x: left - 4, y: y(one) + 3.5, "text-anchor": "end" }, text),
    ]);
    const last = series.count - 1;
    const within = series.time[last] - series.time[0] < 2 * 1440;
    const label = (i, anchor) => shape("text", { x: x(series.time[i]), y: HEIGHT - 5, "text-anchor": anchor }, within ? series.when(i) : timeText(series.time[i], true, false));
    return [...parts, ...(last && series.time[last] > series.time[0] ? [label(0, "start"), label(last, "end")] : [label(0, "middle")])];
  }

  function drawLimits(series, { y, left }) {
    const ends = [series.low, series.high].filter(Number.isFinite);
    const lines = ends.map((one) => shape("path", { d: `M${left} ${y(one)}H${WIDTH - RIGHT}`, class: "om-limit" }));
    if (!ends.length) return lines;
    const at = y(ends[ends.length - 1]) - 3; // above its line, where the chart leaves room
    return [...lines, shape("text", { x: WIDTH - RIGHT, y: Math.max(9, at), "text-anchor": "end", class: "om-limit-word" }, series.limitText())];
  }

  function drawReadings(series, { x, y }) {
    const { time, value } = series;
    const runs = series.runs();
    const alone = new Set(runs.filter(([from, to]) => to - from === 1).map(([from]) => from));
    const path = runs.map(([from, to]) => Array.from({ length: to - from }, (_, k) => `${k ? "L" : "M"}${x(time[from + k]).toFixed(1)} ${y(value[from + k]).toFixed(1)}`).join("")).join("");
    const marks = [];
    for (let i = 0; i < series.count; i++) {
      const kind = !series.detected(i) ? "om-below" : series.exceeds(i) ? "om-exceeds" : series.count <= DOTS || alone.has(i) ? "om-dot" : "";
      if (kind) marks.push(shape("circle", { cx: x(time[i]).toFixed(1), cy: y(value[i]).toFixed(1), r: series.count <= 4 * DOTS ? 2.4 : 1.5, class: kind }));
    }
    return [shape("path", { d: path, class: "om-line" }), ...marks];
  }

  // ------------------------------------------------------------ the chart and its table
  /** The drawing, one stop of the keyboard: arrows pass from reading to reading. */
  function chartOf(series) {
    const scale = scales(series);
    const marker = shape("circle", { r: 4.2, class: "om-marker" });
    const drawing = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
    drawing.append(...drawAxes(series, scale), ...drawReadings(series, scale), ...drawLimits(series, scale), marker);
    const word = make("p", { class: "om-reading" });
    const last = series.count - 1;
    const plot = make(
      "div",
      {
        class: "om-plot",
        tabindex: "0",
        role: "slider",
        "aria-label": `${series.name}读数，${series.when(0)} 至 ${series.when(last)}：${series.summary()}`,
        "aria-valuemin": "0",
        "aria-valuemax": String(last),
      },
      drawing,
    );
    let at = last;
    const show = (i) => {
      at = Math.max(0, Math.min(last, i));
      marker.setAttribute("cx", scale.x(series.time[at]));
      marker.setAttribute("cy", scale.y(series.value[at]));
      plot.setAttribute("aria-valuenow", String(at));
      plot.setAttribute("aria-valuetext", series.text(at));
      word.textContent = series.text(at);
    };
    const point = ({ clientX }) => {
      const box = drawing.getBoundingClientRect();
      const x = ((clientX - box.left) / box.width) * WIDTH;
      let best = 0;
      for (let i = 1; i <= last; i++) if (Math.abs(scale.x(series.time[i]) - x) < Math.abs(scale.x(series.time[best]) - x)) best = i;
      show(best);
    };
    plot.addEventListener("pointermove", point);
    plot.addEventListener("pointerdown", point);
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -PAGE, PageUp: PAGE, Home: -Infinity, End: Infinity };
    plot.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      event.stopPropagation(); // the arrow keys are the chart's here, not the map's
      show(at + steps[event.key]);
    });
    show(last);
    return [plot, word];
  }

  /** The same as text, written when it is opened: the latest first. */
  function tableOf(series) {
    const block = make("details", { class: "om-table" }, make("summary", {}, "读数表"));
    block.addEventListener("toggle", () => {
      if (!block.open || block.querySelector("table")) return;
      const rows = Array.from({ length: Math.min(series.count, LISTED) }, (_, i) => series.count - 1 - i);
      const cells = (i) => [series.when(i), `${series.detected(i) ? "" : "未检出，按 "}${numberText(series.value[i])}`, series.exceeds(i) ? "超过" : ""];
      block.append(make(
        "div",
        { tabindex: "0", role: "group", "aria-label": "读数表" },
        series.count > LISTED && make("p", { class: "om-count" }, `列出最近 ${LISTED} 次`),
        make(
          "table",
          {},
          make("thead", {}, make("tr", {}, ["时间", [series.name, series.unit].filter(Boolean).join(" "), series.word || "限值"].map((text) => make("th", { scope: "col" }, text)))),
          make("tbody", {}, rows.map((i) => make("tr", {}, cells(i).map((text) => make("td", {}, text))))),
        ),
      ));
    });
    return block;
  }

  // ------------------------------------------------------------ all readings of the file
  class Readings {
    constructor(panel, id) {
      this.pack = new OneMap.data.Pack(id);
      this.panel = panel;
      this.chosen = ""; // item that the reader asked for, kept from popup to popup
      panel.series = this;
      const { unused, elsewhere } = this.pack.header;
      const notes = [unused && `${thousands(unused)} 条不能用`, elsewhere && `${thousands(elsewhere)} 条的断面或排污口不在图上（或编号重复）`].filter(Boolean);
      if (notes.length) panel.element.querySelector(".om-foot").prepend(make("p", {}, `监测读数：${notes.join("，")}。`));
    }

    /** Items of a layer, their lists of rows unpacked once; values when they are shown. */
    items(layer) {
      const found = this.pack.header.layers[layer.name] || [];
      const { pack } = this;
      for (const one of found.filter(({ starts }) => !starts)) {
        const counts = pack.steps(one.counts);
        one.starts = [0];
        for (const count of counts) one.starts.push(one.starts[one.starts.length - 1] + count);
        one.rows = pack.steps(one.rows);
        for (const key of ["low", "high", "score"]) one[key] = pack.numbers(one[key], Float64Array);
        one.words = pack.numbers(one.words, Uint8Array);
      }
      return found;
    }

    /** Items that a row has readings of, the one that fails worst first. */
    itemsOf(layer, row) {
      const found = this.items(layer).map((item) => ({ item, at: item.rows.indexOf(row) })).filter(({ at }) => at >= 0);
      return found.sort((a, b) => b.item.score[b.at] - a.item.score[a.at]);
    }

    series({ item, at }) {
      const { pack } = this;
      if (!item.times) {
        item.times = pack.steps(item.time);
        item.column = new OneMap.data.Column(pack, item.value);
        item.seen = item.detected && pack.numbers(item.detected, Uint8Array);
      }
      const [from, to] = [item.starts[at], item.starts[at + 1]];
      return new Series({
        name: item.name,
        unit: item.unit,
        time: item.times.subarray(from, to),
        value: Float64Array.from({ length: to - from }, (_, i) => item.column.number(from + i)),
        detected: (i) => !item.seen || item.seen[from + i] === 1,
        low: item.low[at],
        high: item.high[at],
        word: pack.header.words[item.words[at]],
        score: item.score[at],
      });
    }

    /** What the popup of a row shows; null where nothing was measured. */
    chart(layer, row) {
      const items = this.itemsOf(layer, row);
      if (!items.length) return null;
      const body = make("div");
      const show = (key) => {
        const series = this.series(items.find(({ item }) => item.item === key));
        body.replaceChildren(...chartOf(series), make("small", {}, series.summary()), tableOf(series));
      };
      const choice = make("select", { onchange: () => {
        this.chosen = choice.value;
        show(this.chosen);
      } }, items.map(({ item }) => make("option", { value: item.item }, [item.name, item.unit].filter(Boolean).join(" "))));
      choice.value = items.some(({ item }) => item.item === this.chosen) ? this.chosen : items[0].item.item;
      show(choice.value);
      const worst = items[0].item.score[items[0].at] > 0 && items.length > 1 ? "（超标最重的在前）" : "";
      return make("div", { class: "om-series" }, make("label", { class: "om-choice" }, "监测读数", choice, worst), body);
    }
  }

  return { Readings };
})();
