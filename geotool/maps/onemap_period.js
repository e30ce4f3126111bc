/* Period: a slider that shows what each section was in each period. Only where an
 * assessment has more than one. */
OneMap.period = (function () {
  "use strict";

  const { make, button } = OneMap.legend;
  const EVERY = 1200; // milliseconds a period, while it plays
  const STRIP = 36; // periods of a popup's strip, the latest

  /** Black or white, whichever stands out more: at least 4.58 to 1 on any colour. */
  function inkFor(color) {
    const channel = (i) => {
      const share = parseInt(color.slice(i, i + 2), 16) / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5) > 0.179 ? "#000000" : "#ffffff";
  }

  class Periods {
    constructor(map, panel, id) {
      const pack = new OneMap.data.Pack(id);
      const { names, words, classes, exceedances, layer } = pack.header;
      this.layer = panel.data.find((one) => one.name === layer);
      Object.assign(this, { map, panel, names, words, at: names.length - 1, timer: 0 });
      this.codes = new Map(Object.entries(classes).map(([key, block]) => [key, pack.numbers(block, Int8Array)]));
      this.said = pack.numbers(exceedances, Uint32Array);
      this.still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      panel.periods = this;
      this.tell();
      this.build();
    }

    /** Code of a row under a set of classes in a period. */
    code(key, row, at = this.at) {
      return this.codes.get(key)[at * this.layer.rows + row];
    }

    entry(key, row, at = this.at) {
      return this.layer.classes.get(key).entries[this.code(key, row, at)];
    }

    /** Let the popup's fields speak of the chosen period. */
    tell() {
      const { columns } = this.layer;
      const told = {
        period: () => this.names[this.at],
        water_class: (row) => this.entry("water_class", row)?.zh || "",
        reached: (row) => this.entry("reached", row)?.zh || "",
        exceedances: (row) => this.words[this.said[this.at * this.layer.rows + row] - 1] || "",
      };
      for (const [key, text] of Object.entries(told)) {
        if (columns.has(key)) columns.get(key).told = text;
      }
    }

    build() {
      const last = this.names.length - 1;
      this.slider = make("input", {
        type: "range",
        min: "0",
        max: String(last),
        step: "1",
        "aria-label": "评价时段",
        oninput: () => {
          this.stop();
          this.show(Number(this.slider.value));
        },
      });
      this.word = make("output", { class: "om-period-name" });
      this.press = button("", () => (this.still ? this.show((this.at + 1) % this.names.length) : this.timer ? this.stop() : this.play()));
      const box = make("div", { class: "om-period", role: "group", "aria-label": "时间" }, this.press, this.slider, this.word);
      L.DomEvent.disableClickPropagation(box);
      // the arrow keys are the slider's here, not the map's
      box.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
      this.map.getContainer().append(box);
      this.show(this.at);
    }

    show(at) {
      this.at = Math.max(0, Math.min(this.names.length - 1, at));
      const { rows, classes } = this.layer;
      for (const [key, codes] of this.codes) {
        if (classes.has(key)) classes.get(key).codes = codes.subarray(this.at * rows, (this.at + 1) * rows);
      }
      this.slider.value = String(this.at);
      this.slider.setAttribute("aria-valuetext", this.names[this.at]);
      this.word.textContent = this.names[this.at];
      this.label();
      OneMap.layers.surfaceOf(this.map).request();
      this.panel.refresh();
      this.panel.renewPopup();
      this.map.fire("onemap:changed");
    }

    label() {
      const words = this.still ? "下一期" : this.timer ? "暂停" : "播放";
      this.press.textContent = this.still ? "⏭" : this.timer ? "⏸" : "▶";
      this.press.setAttribute("aria-label", words);
      this.press.title = words;
    }

    /** From the first again, where the last is shown. */
    play() {
      if (this.at === this.names.length - 1) this.show(0);
      this.timer = setInterval(() => {
        if (this.at < this.names.length - 1) this.show(this.at + 1);
        if (this.at === this.names.length - 1) this.stop();
      }, EVERY);
      this.label();
    }

    stop() {
      clearInterval(this.timer);
      this.timer = 0;
      this.label();
    }

    /** All periods of a section side by side: a small chart of its classes. */
    strip(layer, row) {
      if (layer !== this.layer) return null;
      const from = Math.max(0, this.names.length - STRIP);
      const list = this.names.slice(from).map((name, i) => ({ name, at: from + i, entry: this.entry("water_class", row, from + i) }));
      if (!list.some(({ entry }) => entry)) return null;
      const words = list.map(({ name, entry }) => `${name} ${entry ? entry.zh : "无类别"}`).join("，");
      return make(
        "div",
        { class: "om-strip" },
        make("div", { role: "img", "aria-label": `各期水质类别：${words}` }, list.map(({ name, at, entry }) => {
          const cell = make("span", { title: `${name} ${entry ? entry.zh : "无类别"}`, class: at === this.at ? "om-now" : "" }, entry ? entry.mark : "–");
          if (entry) cell.style.cssText = `background:${entry.color};color:${inkFor(entry.color)}`;
          return cell;
        })),
        make("small", {}, `${list[0].name} 至 ${list[list.length - 1].name}`),
      );
    }
  }

  return { Periods };
})();
