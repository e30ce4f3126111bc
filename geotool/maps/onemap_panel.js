/* Panel: title, search, layer tree, filters and legend; the popups and the ranked list join it.
 *
 * Whatever comes from data enters the page by textContent, never as markup.
 */
OneMap.panel = (function () {
  "use strict";

  const { drawSymbol, symbolOf } = OneMap.draw;
  const { make, button, thousands, swatch, paintEntry, legendOf } = OneMap.legend;
  const { longitudeOf, latitudeOf } = OneMap.data;
  const LISTED = 50; // hits shown of a search
  const LONG = 8; // values of a facet before its list scrolls

  // ------------------------------------------------------------ the panel
  class Panel {
    constructor(map, facts, layers, others) {
      Object.assign(this, { map, facts, layers, others, made: [], follow: null, periods: null, series: null, photos: null, paper: "A4", waiting: 0 });
      this.data = layers.map((layer) => layer.data);
      this.filters = this.data.filter((layer) => layer.style.facets.length).map((layer) => new OneMap.find.Filters(layer));
      this.popup = L.popup({ closeButton: false });
      this.build();
      map.on("popupclose", ({ popup }) => popup === this.popup && this.select(null));
      map.on("layeradd layerremove", () => this.refreshTree());
    }

    /** Layers on the map: those of the file, and those the page has made. */
    shown() {
      return [...this.layers.filter((layer) => this.map.hasLayer(layer)).map((layer) => layer.data), ...this.made];
    }

    build() {
      const { facts } = this;
      this.toggle = button("☰ 图层与查找", () => this.setOpen(!this.isOpen()), { class: "om-toggle", "aria-controls": "om-panel" });
      const head = make(
        "header",
        { class: "om-head" },
        make("h1", {}, facts.title),
        facts.subtitle && make("p", { class: "om-subtitle" }, facts.subtitle),
        this.toggle,
      );
      const panel = make(
        "aside",
        { class: "om-panel", id: "om-panel", "aria-label": "图层与查找" },
        this.buildSearch(),
        this.buildTrace(),
        this.buildTree(),
        this.filters.map((filters) => this.buildFilters(filters)),
        this.buildFoot(),
      );
      this.element = panel;
      document.body.prepend(head, panel);
      const container = this.map.getContainer();
      container.setAttribute("role", "application");
      container.setAttribute("aria-label", `${facts.title}：地图，方向键移动，加减键缩放`);
      this.legend = make("details", { class: "om-legend", open: this.map.getSize().x > 900 }, make("summary", {}, "图例"), make("div"));
      container.append(this.legend);
      this.notice = facts.notice ? make("p", { class: "om-notice", role: "note" }, facts.notice) : null;
      if (this.notice) container.append(this.notice);
      if (!this.others.length && this.data.every((layer) => !layer.points && !layer.lines && !layer.polygons)) {
        container.append(make("p", { class: "om-empty", role: "note" }, "没有一条记录有位置，图上没有可画的内容"));
      }
      L.DomEvent.disableClickPropagation(this.legend);
      L.DomEvent.disableScrollPropagation(this.legend);
      this.setOpen(window.innerWidth > 720);
      this.refresh();
    }

    /** Page pixels at the right that tools, and a tall legend, take from the map. */
    taken() {
      const { x, y } = this.map.getSize();
      const { offsetWidth, offsetHeight } = this.legend;
      return x > 900 && offsetHeight > y / 3 ? offsetWidth + 24 : 58;
    }

    isOpen() {
      return !document.body.classList.contains("om-closed");
    }

    setOpen(open) {
      document.body.classList.toggle("om-closed", !open);
      this.toggle.setAttribute("aria-expanded", String(open));
      this.map.invalidateSize({ animate: false });
    }

    buildFoot() {
      const { source, date, datum } = this.facts;
      const undrawn = this.data.filter((layer) => layer.undrawn);
      return make(
        "footer",
        { class: "om-foot" },
        undrawn.map((layer) => make("p", {}, `${layer.label}：${thousands(layer.undrawn)} 条没有（完整）位置，只在清单中。`)),
        source && make("p", {}, `数据来源：${source}`),
        make("p", {}, `制图日期：${date}　坐标系：${datum}`),
        make("label", {}, "打印和导出图片的纸张 ", make("select", { onchange: ({ target }) => (this.paper = target.value) }, make("option", {}, "A4"), make("option", {}, "A3"))),
        make("p", {}, "geotool 制图 · Leaflet"),
      );
    }

    // ---------------------------------------------------------- search
    buildSearch() {
      this.results = make("div", { class: "om-results", "aria-live": "polite" });
      this.box = make("input", {
        type: "search",
        class: "om-search",
        placeholder: "名称、编号、河流，或拼音首字母",
        "aria-label": "查找",
        oninput: () => {
          clearTimeout(this.waiting);
          this.waiting = setTimeout(() => this.search(), 120);
        },
        onkeydown: (event) => {
          if (event.key === "Enter") {
            event.preventDefault(); // or the popup's cross, focused by then, takes the key
            this.search();
            this.results.querySelector("button")?.click();
          }
          if (event.key === "Escape") this.clearSearch();
        },
      });
      return make("section", { class: "om-find" }, this.box, this.results);
    }

    clearSearch() {
      this.box.value = "";
      this.search();
    }

    search() {
      clearTimeout(this.waiting);
      this.waiting = 0; // nothing is due: the list is that of the words
      const query = this.box.value.trim();
      this.results.replaceChildren();
      if (!query) return;
      // registers before results: an outfall's ledger is wanted, not its mark in a trace
      const late = (layer) => (layer.style.group === "trace" ? 1 : 0);
      const sorted = [...this.data].sort((a, b) => late(a) - late(b) || b.style.order - a.style.order);
      const found = OneMap.find.search(sorted, query);
      const total = found.reduce((sum, { rows }) => sum + rows.length, 0);
      const more = total > LISTED ? `，列出前 ${LISTED} 条` : "";
      this.results.append(make("p", { class: "om-count" }, total ? `找到 ${thousands(total)} 条${more}` : "没有找到，请换个词"));
      let left = LISTED;
      for (const { layer, rows } of found) {
        const listed = rows.slice(0, left);
        left -= listed.length;
        if (!listed.length) continue;
        this.results.append(
          make("h3", {}, `${layer.label}（${thousands(rows.length)}）`),
          make("ul", {}, listed.map((row) => make("li", {}, this.hitButton(layer, row)))),
        );
      }
    }

    hitButton(layer, row) {
      const notes = layer.style.search
        .filter((key) => key !== layer.style.title)
        .map((key) => layer.columns.get(key).text(row))
        .filter(Boolean);
      return button(
        [swatch((ctx) => this.paintRow(ctx, layer, row)), make("span", {}, layer.title(row), make("small", {}, notes.slice(0, 3).join(" · ")))],
        () => this.goTo(layer, row),
        { class: "om-hit" },
      );
    }

    paintRow(ctx, layer, row) {
      if (!layer.points) return paintEntry(ctx, layer, layer.entry(layer.colorKey, row), layer.colorKey);
      drawSymbol(ctx, { ...symbolOf(layer, row), size: layer.style.rank ? 8.5 : 7 });
    }

    /** Show a row: its layer on, the map near it, its popup open. */
    goTo(layer, row) {
      const member = this.layers.find((one) => one.data === layer);
      if (!this.map.hasLayer(member)) this.map.addLayer(member);
      if (window.innerWidth <= 720) this.setOpen(false);
      const [west, north, east, south] = layer.box(row);
      if (!Number.isFinite(west)) return this.openPopup([{ layer, row }], 0, this.map.getCenter());
      const bounds = L.latLngBounds([latitudeOf(south), longitudeOf(west)], [latitudeOf(north), longitudeOf(east)]);
      if (bounds.getSouthWest().equals(bounds.getNorthEast())) {
        this.map.setView(bounds.getCenter(), Math.max(15, this.map.getZoom()), { animate: false });
      } else {
        this.map.fitBounds(bounds, { animate: false, maxZoom: 15, padding: [60, 60] });
      }
      this.openPopup([{ layer, row }], 0);
      this.popup.getElement()?.querySelector("button")?.focus();
    }

    // ---------------------------------------------------------- layer tree
    buildTree() {
      this.checks = new Map();
      this.choices = new Map();
      const tree = make("section", { class: "om-tree" }, make("h2", {}, "图层"));
      const sorted = [...this.layers].sort((a, b) => b.data.style.order - a.data.style.order);
      for (const [group, label] of Object.entries(this.facts.groups)) {
        const rows = sorted.filter((layer) => layer.data.style.group === group).map((layer) => this.treeRow(layer, layer.data.label, layer.data));
        if (group === "other") rows.push(...this.others.map((layer, i) => this.treeRow(layer, this.facts.others[i])));
        if (rows.length) tree.append(make("fieldset", {}, make("legend", {}, label), rows));
      }
      return tree;
    }

    treeRow(layer, label, data) {
      const check = make("input", {
        type: "checkbox",
        "aria-label": label,
        onchange: () => (check.checked ? this.map.addLayer(layer) : this.map.removeLayer(layer)),
      });
      const count = make("span", { class: "om-number" });
      this.checks.set(layer, { check, count, data });
      const row = make("label", { class: "om-row" }, check, make("span", {}, label), count);
      if (!data || data.style.colorBy.length < 2) return row;
      return make("div", {}, row, this.colorChoice(data));
    }

    /** Let the reader choose what a layer is coloured by. */
    colorChoice(data) {
      const options = data.style.colorBy.map((key) => make("option", { value: key }, data.classes.get(key).label));
      const choice = make("select", { onchange: () => this.colorBy(data, choice.value) }, options);
      this.choices.set(data, choice);
      return make("label", { class: "om-choice" }, `${data.label}按`, choice, "着色");
    }

    colorBy(data, key) {
      data.colorKey = key;
      this.choices.get(data).value = key;
      OneMap.layers.surfaceOf(this.map).request();
      this.refresh();
      this.map.fire("onemap:changed");
    }

    // ---------------------------------------------------------- filters
    buildFilters(filters) {
      const { layer } = filters;
      const status = make("p", { class: "om-status", role: "status" });
      const updates = [];
      const blocks = filters.facets.filter((facet) => facet.used.length).map((facet, i) => {
        const boxes = facet.used.map((code) => {
          const option = facet.options[code];
          const check = make("input", {
            type: "checkbox",
            onchange: () => {
              filters.choose(facet, code, check.checked);
              this.afterFilter();
            },
          });
          const count = make("span", { class: "om-number" });
          updates.push(() => {
            check.checked = facet.chosen.has(code);
            count.textContent = thousands(facet.counts[code]);
          });
          const picture = option.entry && option.entry.color
            ? swatch((ctx) => drawSymbol(ctx, { shape: option.entry.shape || "circle", color: option.entry.color, size: 6 }))
            : null;
          return make("label", { class: "om-row" }, check, picture, make("span", {}, option.label), count);
        });
        const more = facet.left > 0 && make("p", { class: "om-count" }, `还有 ${thousands(facet.left)} 个较少见的，请用查找`);
        const list = make("div", { class: boxes.length > LONG ? "om-long" : "" }, boxes, more);
        return make("details", { open: i < 2 }, make("summary", {}, facet.label), list);
      });
      this.updates = [...(this.updates || []), () => {
        for (const update of updates) update();
        status.textContent = `显示 ${thousands(layer.keptCount)} / ${thousands(layer.rows)} 个${layer.label}`;
      }];
      const reset = () => {
        filters.clear();
        this.afterFilter();
      };
      return make(
        "section",
        { class: "om-filter" },
        make("h2", {}, `筛选${layer.label}`),
        status,
        blocks,
        make("div", { class: "om-buttons" }, button("全部显示", reset), button("导出清单", () => OneMap.sheet.saveTable(this.facts.title, layer))),
      );
    }

    afterFilter() {
      OneMap.layers.surfaceOf(this.map).request();
      this.refresh();
      this.map.fire("onemap:changed");
    }

    // ---------------------------------------------------------- keeping in step
    refresh() {
      for (const update of this.updates || []) update();
      this.refreshTree();
    }

    refreshTree() {
      for (const [layer, { check, count, data }] of this.checks) {
        check.checked = this.map.hasLayer(layer);
        if (data) count.textContent = data.keptCount === data.rows ? thousands(data.rows) : `${thousands(data.keptCount)}/${thousands(data.rows)}`;
      }
      this.refreshLegend();
    }

    refreshLegend() {
      const blocks = this.legendBlocks();
      this.legend.lastChild.replaceChildren(
        ...blocks.map(({ title, rows }) => make(
          "div",
          { class: "om-block" },
          title && make("h3", {}, title),
          rows.map(({ label, count, paint }) => make("p", {}, swatch(paint), make("span", {}, label), make("span", { class: "om-number" }, thousands(count)))),
        )),
      );
      this.legend.hidden = !blocks.length;
    }

    /** Legend of what is on, in the order of the tree. */
    legendBlocks() {
      const groups = Object.keys(this.facts.groups);
      const place = ({ style }) => groups.indexOf(style.group) * 1000 - style.order;
      return this.shown().sort((a, b) => place(a) - place(b)).flatMap(legendOf);
    }
  }

  Object.assign(Panel.prototype, OneMap.popup.methods, OneMap.ranked.methods);

  return { Panel };
})();
