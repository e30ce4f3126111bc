/* Follow: ask the network in the page what lies upstream of a thing or where its water
 * goes; draw the water, list what is met by distance, and say where it ended. */
OneMap.follow = (function () {
  "use strict";

  const { make, button, thousands, swatch } = OneMap.legend;
  const { latitudeOf, longitudeOf, worldX, worldY } = OneMap.data;
  const { REACHES, STATES, WORDS, ORDER, partOf, shareAt } = OneMap.answer;
  const LISTED = 30; // of each layer
  const DRAWN = 3000; // marks on the map; more would only cover it
  const LOOKS_UP = new Set(["sections", "water_sources"]);

  function lengthText(millimetres) {
    const metres = millimetres / 1000;
    return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`;
  }

  /** A range of hours, no finer than velocities are known. */
  function hoursText({ fast, slow }) {
    const text = (seconds) => {
      const hours = seconds / 3600;
      return hours < 0.05 ? "0" : hours < 9.95 ? hours.toFixed(1) : String(Math.round(hours));
    };
    const [least, most] = [text(fast), text(slow)];
    return most === "0" ? "不足 0.1 h" : `${least === most ? least : `${least} 至 ${most}`} h`;
  }

  // ------------------------------------------------------------ asking and answering
  class Follow {
    constructor(map, panel, network) {
      Object.assign(this, { map, panel, network, members: [], answer: null });
      this.reaches = panel.data.find((layer) => layer.name === REACHES);
      this.part = partOf(this.reaches.lines);
      // where the map already shows a trace, a click should not lay another over it
      const traced = panel.data.some((layer) => layer.style.casing && layer.rows);
      this.auto = make("input", { type: "checkbox", checked: !traced });
      this.status = make("p", { class: "om-asked", role: "status" }); // read out; the list is not
      this.body = make("div", { class: "om-answer" });
      const heading = make("h2", { tabindex: "-1" }, "沿河查找");
      this.section = make(
        "section",
        { class: "om-follow", "aria-label": "沿河查找" },
        heading,
        make("label", { class: "om-row" }, this.auto, make("span", {}, "点断面查上游，点排污口看去向")),
        this.status,
        this.body,
      );
      this.heading = heading;
      panel.element.querySelector(".om-find").after(this.section);
      panel.follow = this;
      this.clear();
    }

    // ---------------------------------------------------------- questions
    /** Where a row of a layer lies on the network; null where it does not. */
    startOf(layer, row, place) {
      if (layer.name !== REACHES) return this.network.place(layer.name, row);
      const i = this.part.get(row);
      if (i === undefined) return null;
      this.network.unpack();
      const length = this.network.length[row];
      const share = place ? shareAt(this.reaches.lines, i, worldX(place.lng), worldY(place.lat)) : 0.5;
      return { reach: row, measure: Math.max(1, Math.min(length - 1, Math.round(share * length))) };
    }

    asks(layer) {
      return layer.name === REACHES || this.network.places.has(layer.name);
    }

    /** What a popup offers for a row: two questions, the likelier first. */
    actions(layer, row, place) {
      if (!this.asks(layer)) return null;
      if (!this.startOf(layer, row, place)) {
        const [west] = layer.box(row);
        const why = Number.isFinite(west) ? `离河岸超过 ${this.network.maxOffset} m` : "没有坐标";
        return make("p", { class: "om-count" }, `${why}，不能沿河查找`);
      }
      const ask = (upstream) => button(upstream ? "↑ 查上游" : "↓ 看去向", () => {
        this.ask(layer, row, place, upstream);
        this.panel.renewPopup();
        this.panel.popup.getElement()?.querySelectorAll(".om-ask button")[upstream === first ? 0 : 1].focus();
      });
      const first = LOOKS_UP.has(layer.name) || layer.name === REACHES;
      const { answer } = this;
      const mine = answer && answer.layer === layer && answer.row === row;
      return make(
        "div",
        { class: "om-ask" },
        make("div", { class: "om-buttons" }, ask(first), ask(!first), mine && button("清除", () => {
          this.clear();
          this.panel.renewPopup();
        })),
        mine && make("p", { class: "om-said", role: "status" }, this.summary()),
      );
    }

    /** A click on a thing asks what is usually asked of it. */
    clicked({ layer, row }, place) {
      if (!this.auto.checked || !this.asks(layer) || layer.name === REACHES || !this.startOf(layer, row, place)) return;
      this.ask(layer, row, place, LOOKS_UP.has(layer.name));
      this.panel.renewPopup();
    }

    ask(layer, row, place, upstream) {
      const start = this.startOf(layer, row, place);
      const found = OneMap.travel.trace(this.network, start, upstream);
      const own = found.points.get(layer.name);
      if (own) found.points.set(layer.name, own.filter((one) => one.row !== row)); // not the start itself
      this.answer = { ...found, layer, row, place };
      this.draw();
      this.list();
      return this.answer;
    }

    clear() {
      for (const member of this.members) member.remove();
      this.members = [];
      this.answer = null;
      this.panel.made = [];
      this.status.replaceChildren("在弹窗里按“查上游”或“看去向”；河网随图保存，断网可用");
      this.body.replaceChildren();
      this.panel.refresh();
    }

    // ---------------------------------------------------------- the map
    draw() {
      for (const member of this.members) member.remove();
      const nearest = this.met().sort((a, b) => a.distance - b.distance).slice(0, DRAWN);
      const layers = [this.waterLayer(), this.pointLayer(nearest), this.startLayer(), this.endLayer()];
      this.members = layers.filter((data) => data.rows).map((data) => {
        data.asked = true;
        return new OneMap.layers.PackedLayer(data);
      });
      this.panel.made = this.members.map((member) => member.data);
      for (const member of this.members) member.addTo(this.map);
      this.panel.refresh();
    }

    // ---------------------------------------------------------- words
    gateText(gate) {
      return `${gate.name}（${STATES[gate.state]}）`;
    }

    summary() {
      const { upstream, points, reaches, gates } = this.answer;
      const parts = ORDER[upstream].filter((name) => points.get(name)?.length).map((name) => {
        const met = points.get(name);
        const counts = WORDS.map((word, level) => [word, met.filter((one) => one.level === level).length]).filter(([, count]) => count);
        const { label } = this.panel.data.find((one) => one.name === name);
        return `${label} ${thousands(met.length)} 个（${counts.map(([word, count]) => `${word} ${thousands(count)}`).join("、")}）`;
      });
      const water = reaches.reduce((sum, { low, high }) => sum + high - low, 0);
      const shut = gates.length ? `；止于 ${gates.slice(0, 3).map(({ gate }) => this.gateText(gate)).join("、")}${gates.length > 3 ? ` 等 ${gates.length} 处` : ""}` : "";
      return `${upstream ? "上游" : "下游"}：${parts.join("，") || "没有点位"}；水路 ${lengthText(water)}${shut}`;
    }

    /** What the reader must know of the answer. */
    notes() {
      const { network, answer } = this;
      const off = [...network.places].map(([name, { how }]) => [this.panel.data.find((one) => one.name === name).label, how.reduce((sum, one) => sum + (one > 1), 0)]).filter(([, count]) => count);
      const source = this.reaches.columns.get("direction_source");
      const guessed = new Set(answer.reaches.map(({ reach }) => reach).filter((reach) => source?.text(reach) === "potential"));
      const met = [...answer.points.values()].reduce((sum, list) => sum + list.length, 0);
      return [
        ...(met > DRAWN ? [`图上标出最近的 ${thousands(DRAWN)} 个；导出的清单是全部 ${thousands(met)} 个。`] : []),
        answer.upstream ? "按沿河距离排列，不代表责任大小。" : "首达可能早于流经时间下限。",
        `流经时间按流速范围推算，以现场监测为准。${this.softText()}`,
        `闸站状态：${network.scenario ? `情景“${network.scenario}”` : "按登记"}。${answer.reaches.some(({ level }) => level === 2) ? "经过流向不明河段的只算“可能”。" : ""}`,
        ...(guessed.size ? [`${guessed.size} 个河段的流向由推断得出（水位势流），未经核实。`] : []),
        ...off.map(([label, count]) => `${label}有 ${thousands(count)} 个没有坐标或离河岸超过 ${network.maxOffset} m，不在其中。`),
        ...network.unparted.map((name) => `${name} 处有三条以上河段相接，分不清闸的两侧，未计入。`),
      ];
    }

    /** How many times rest on no more than a velocity that was assumed. */
    softText() {
      const { network, answer } = this;
      const last = network.bases.length - 1;
      const soft = [...answer.points.values()].flat().filter(({ basis }) => basis === last).length;
      return soft ? `${thousands(soft)} 个点位沿途有河段没有流速资料，按缺省流速估计（${network.bases[last]}）。` : "";
    }

    list() {
      const { answer, panel } = this;
      const blocks = ORDER[answer.upstream].filter((name) => answer.points.get(name)?.length).map((name) => {
        const layer = panel.data.find((one) => one.name === name);
        const met = answer.points.get(name);
        const more = met.length > LISTED ? `，列出最近 ${LISTED} 个` : "";
        return [make("h3", {}, `${layer.label}（${thousands(met.length)}${more}）`), make("ol", {}, met.slice(0, LISTED).map((one) => this.item(layer, one)))];
      });
      const ends = answer.gates.length && [
        make("h3", {}, `到闸为止（${answer.gates.length}）`),
        make("ul", {}, answer.gates.slice(0, LISTED).map((end) => this.gateItem(end))),
      ];
      this.status.replaceChildren(make("b", {}, answer.layer.title(answer.row)), `　${this.summary()}`);
      this.body.replaceChildren(
        ...[...blocks, ...(ends ? [ends] : [])].flat(),
        ...this.notes().map((text) => make("p", { class: "om-count" }, text)),
        make("div", { class: "om-buttons" }, button("看全部", () => this.frame()), button("导出", () => this.save()), button("清除", () => {
          this.clear();
          this.heading.focus();
        })),
      );
    }

    item(layer, { row, level, distance, fast, slow, basis, ambiguous }) {
      const time = `${hoursText({ fast, slow })}（${this.network.bases[basis]}）`;
      const notes = [WORDS[level], `沿河 ${lengthText(distance)}`, time, ambiguous ? "两河难分" : ""].filter(Boolean).join(" · ");
      return make("li", {}, button(
        [swatch((ctx) => this.panel.paintRow(ctx, layer, row)), make("span", {}, layer.title(row), make("small", {}, notes))],
        () => this.panel.goTo(layer, row),
        { class: "om-hit" },
      ));
    }

    gateItem({ gate, distance, level, fast, slow }) {
      const go = () => this.map.setView([gate.at[1], gate.at[0]], Math.max(14, this.map.getZoom()), { animate: false });
      return make("li", {}, button([make("span", {}, this.gateText(gate), make("small", {}, `${WORDS[level]} · 沿河 ${lengthText(distance)} · ${hoursText({ fast, slow })}`))], go, { class: "om-hit" }));
    }

    /** Bring the water found into view. */
    frame() {
      const [west, north, east, south] = this.members[0].data.box();
      if (!Number.isFinite(west)) return;
      this.map.closePopup();
      const box = L.latLngBounds([latitudeOf(south), longitudeOf(west)], [latitudeOf(north), longitudeOf(east)]);
      const options = { animate: false, maxZoom: 15, paddingTopLeft: [36, 48], paddingBottomRight: [this.panel.taken() + 6, 40] };
      this.map.fitBounds(box, options);
    }

    save() {
      const { answer, panel } = this;
      const nearest = this.pointLayer(this.met().reverse());
      OneMap.sheet.saveTable(`${panel.facts.title}_${answer.layer.title(answer.row)}`, nearest);
    }
  }

  Object.assign(Follow.prototype, OneMap.answer.methods);

  return { Follow, hoursText };
})();
