/* View: what is in sight as the part of the address behind "#", so that a link opens the
 * same view. Works on file:// too. Whatever an address says is only looked up among what
 * the map has; the rest is passed over. */
OneMap.view = (function () {
  "use strict";

  const WAIT = 400; // milliseconds; browsers count how often an address changes
  const MOST = 8000; // characters of an address that are read
  const KEYS = { layers: "l", colors: "k", filters: "f", period: "p", answer: "q" };
  const { IDS } = OneMap.answer;

  /** A layer's name as it can stand in the address; the same for other folium layers. */
  function nameOf(panel, layer) {
    return layer.data ? layer.data.name : `+${panel.facts.others[panel.others.indexOf(layer)]}`;
  }

  class View {
    constructor(map, panel, ground) {
      Object.assign(this, { map, panel, ground, waiting: 0 });
      // a frame without an address of its own (a notebook cell) has nothing to write to
      this.writes = /^(file|https?):$/.test(window.location.protocol);
      this.asked = this.read(window.location.hash);
      map.on("moveend layeradd layerremove onemap:changed", () => this.later());
      // what was asked for, not what stands there by now: our own writing may have come between
      window.addEventListener("hashchange", ({ newURL }) => this.read(new URL(newURL).hash));
    }

    // ---------------------------------------------------------- writing
    later() {
      if (!this.writes) return;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => {
        this.waiting = 0;
        window.history.replaceState(null, "", `#${this.text()}`);
      }, WAIT);
    }

    text() {
      const { map, panel } = this;
      const { lat, lng } = map.getCenter();
      const words = new URLSearchParams();
      words.set("v", `${lat.toFixed(5)},${lng.toFixed(5)},${map.getZoom()}`);
      const on = [...panel.layers, ...panel.others, ...this.grounds()].filter((layer) => map.hasLayer(layer));
      words.set(KEYS.layers, JSON.stringify(on.map((layer) => this.name(layer))));
      const colors = panel.data.filter(({ style, colorKey }) => style.colorBy.length > 1 && colorKey !== style.colorBy[0]);
      if (colors.length) words.set(KEYS.colors, JSON.stringify(colors.map(({ name, colorKey }) => [name, colorKey])));
      const filters = panel.filters.flatMap(({ layer, facets }) =>
        facets.filter(({ chosen }) => chosen.size).map(({ key, chosen, options }) => [layer.name, key, [...chosen].map((code) => options[code].label)]));
      if (filters.length) words.set(KEYS.filters, JSON.stringify(filters));
      if (panel.periods) words.set(KEYS.period, panel.periods.names[panel.periods.at]);
      if (panel.follow?.answer) words.set(KEYS.answer, JSON.stringify(this.question(panel.follow.answer)));
      if (words.toString().length >= MOST) words.delete(KEYS.filters); // it would not be read
      return words.toString();
    }

    /** What was asked along the water: layer, id (or number) of the row, 1 for upstream, place. */
    question({ layer, row, place, upstream }) {
      const id = layer.columns.get(IDS[layer.name])?.text(row) || row;
      return [layer.name, id, upstream ? 1 : 0, ...(place ? [place.lng, place.lat].map((one) => Number(one.toFixed(6))) : [])];
    }

    grounds() {
      return this.ground ? [this.ground.layer] : [];
    }

    name(layer) {
      return this.ground && layer === this.ground.layer ? "*ground" : nameOf(this.panel, layer);
    }

    // ---------------------------------------------------------- reading
    /** Take a view from an address; tells whether it said where to look. */
    read(hash) {
      if (hash.length < 2 || hash.length > MOST) return false;
      const words = new URLSearchParams(hash.slice(1));
      this.readLayers(list(words.get(KEYS.layers)));
      this.readColors(list(words.get(KEYS.colors)) || []);
      this.readFilters(list(words.get(KEYS.filters)) || []);
      const { periods } = this.panel;
      const at = periods ? periods.names.indexOf(words.get(KEYS.period)) : -1;
      if (at >= 0) periods.show(at);
      this.readAnswer(list(words.get(KEYS.answer)) || []);
      return this.readPlace(words.get("v"));
    }

    readPlace(text) {
      const [lat, lng, zoom] = (text || "").split(",").map((part) => (part.trim() ? Number(part) : NaN));
      if (![lat, lng, zoom].every(Number.isFinite) || Math.abs(lat) > 85 || Math.abs(lng) > 180) return false;
      const { map } = this;
      map.setView([lat, lng], Math.max(map.getMinZoom(), Math.min(map.getMaxZoom(), zoom)), { animate: false });
      return true;
    }

    readLayers(names) {
      if (!names) return;
      const { map, panel } = this;
      const known = [...panel.layers, ...panel.others, ...this.grounds()];
      const wanted = new Set(names);
      if (names.length && !known.some((layer) => wanted.has(this.name(layer)))) return; // of another map
      for (const layer of known) {
        const on = wanted.has(this.name(layer));
        if (on !== map.hasLayer(layer)) (on ? map.addLayer(layer) : map.removeLayer(layer));
      }
    }

    readColors(pairs) {
      for (const [name, key] of pairs.filter(Array.isArray)) {
        const layer = this.panel.data.find((one) => one.name === name);
        if (layer && layer.style.colorBy.includes(key)) this.panel.colorBy(layer, key);
      }
    }

    /** Ask again what the link asked; a link that asked nothing shows no answer. */
    readAnswer([name, id, upstream, lng, lat]) {
      const { follow, data } = this.panel;
      if (!follow) return;
      const layer = data.find((one) => one.name === name);
      const row = layer && follow.asks(layer) ? rowOf(layer, id) : -1;
      const place = Math.abs(lng) <= 180 && Math.abs(lat) <= 85 ? L.latLng(lat, lng) : null;
      if (row >= 0 && follow.startOf(layer, row, place)) follow.ask(layer, row, place, upstream === 1);
      else if (name === undefined && follow.answer) follow.clear();
    }

    readFilters(chosen) {
      const { panel } = this;
      for (const filters of panel.filters) {
        for (const facet of filters.facets) facet.chosen.clear();
        for (const [name, key, labels] of chosen.filter(Array.isArray)) {
          const facet = name === filters.layer.name && Array.isArray(labels) && filters.facets.find((one) => one.key === key);
          for (const code of facet ? facet.used : []) {
            if (labels.includes(facet.options[code].label)) facet.chosen.add(code);
          }
        }
        filters.apply();
      }
      panel.afterFilter();
    }
  }

  /** Row of an id, or the number of a row that has none; -1 where there is no such row. */
  function rowOf(layer, id) {
    if (Number.isInteger(id)) return id >= 0 && id < layer.rows ? id : -1;
    const column = layer.columns.get(IDS[layer.name]);
    for (let row = 0; column && row < layer.rows; row++) if (column.text(row) === id) return row;
    return -1;
  }

  /** A list written as JSON; null where the text is none. */
  function list(text) {
    if (!text) return null;
    try {
      const found = JSON.parse(text);
      return Array.isArray(found) ? found : null;
    } catch (fault) {
      if (fault instanceof SyntaxError) return null; // an address may say anything
      throw fault;
    }
  }

  return { View };
})();
