/* View: what is in sight as the part of the address behind "#", so that a link opens the
 * same view. Works on file:// too. Whatever an address says is only looked up among what
 * the map has; the rest is passed over. */
OneMap.view = (function () {
  "use strict";

  const WAIT = 400; // milliseconds; browsers count how often an address changes
  const MOST = 8000; // characters of an address that are read
  const KEYS = { layers: "l", colors: "k", filters: "f", period: "p" };

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
      window.addEventListener("hashchange", () => {
        if (window.location.hash.slice(1) !== this.written) this.read(window.location.hash);
      });
    }

    // ---------------------------------------------------------- writing
    later() {
      if (!this.writes) return;
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => {
        this.written = this.text();
        window.history.replaceState(null, "", `#${this.written}`);
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
      if (words.toString().length >= MOST) words.delete(KEYS.filters); // it would not be read
      return words.toString();
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
