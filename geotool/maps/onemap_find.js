/* Finding: search over all layers, and filters with live counts. No page elements. */
OneMap.find = (function () {
  "use strict";

  const VALUES = 200; // of a facet that are listed
  const NOTHING = { column: "（未填）", class: "未归类" };

  /** Full-width and half-width, upper and lower case are the same. */
  function fold(text) {
    return text.normalize("NFKC").toLowerCase();
  }

  // ------------------------------------------------------------ search
  /** Character → letters it may be read with, from the settings, made once. */
  function initials() {
    if (!initials.made) {
      initials.made = new Map();
      for (const [letter, characters] of Object.entries(OneMap.draw.settings.pinyin || {})) {
        for (const one of characters) initials.made.set(one, (initials.made.get(one) || "") + letter);
      }
    }
    return initials.made;
  }

  /** Whether a text holds a run of characters that a word spells by pinyin initials. */
  function spells(text, word) {
    const letters = initials();
    for (let from = 0; from + word.length <= text.length; from++) {
      let at = 0;
      while (at < word.length && (text[from + at] === word[at] || letters.get(text[from + at])?.includes(word[at]))) at++;
      if (at === word.length) return true;
    }
    return false;
  }

  /** A test of folded texts: the word itself, or two letters and more as initials. */
  function wanted(word) {
    const spelt = word.length > 1 && /[a-z]/.test(word) && /^[a-z0-9#-]+$/.test(word);
    return spelt ? (text) => text.includes(word) || spells(text, word) : (text) => text.includes(word);
  }

  /** Which rows of a column hold a word: 1 or 0 for each. */
  function match(column, word) {
    const { as, words } = column.head;
    const values = column.values;
    const holds = wanted(word);
    if (as === "codes") {
      const known = Uint8Array.from([0, ...words.map((one) => holds(fold(one)))]);
      return Uint8Array.from(values, (code) => known[code]);
    }
    if (as === "text") {
      if (!column.folded) column.folded = values.map(fold);
      return Uint8Array.from(column.folded, holds);
    }
    return Uint8Array.from(values, (_, row) => column.text(row).includes(word));
  }

  /** Rows of a layer in which each word stands in some searched column. */
  function searchLayer(layer, words) {
    const columns = layer.style.search.map((key) => layer.columns.get(key));
    if (!columns.length) return [];
    const found = new Uint8Array(layer.rows).fill(1);
    for (const word of words) {
      const hits = columns.map((column) => match(column, word));
      for (let row = 0; row < layer.rows; row++) {
        if (found[row] && !hits.some((hit) => hit[row])) found[row] = 0;
      }
    }
    const rows = [];
    found.forEach((yes, row) => yes && rows.push(row));
    return rows;
  }

  /** Search all layers; words are parted by spaces and all must be found. */
  function search(layers, query) {
    const words = fold(query).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    return layers.map((layer) => ({ layer, rows: searchLayer(layer, words) })).filter(({ rows }) => rows.length);
  }

  // ------------------------------------------------------------ filters
  /** One thing to filter by: a set of classes or a plain column. */
  function makeFacet(layer, key) {
    const column = layer.columns.get(key);
    const facts = layer.classes.get(key);
    const facet = { key, chosen: new Set(), label: facts ? facts.label : column.label };
    if (facts) {
      facet.codes = Int32Array.from(facts.codes, (code) => (code < 0 ? facts.entries.length : code));
      facet.options = facts.entries.map((entry) => ({ label: entry.zh, entry }));
      facet.options.push({ label: NOTHING.class, entry: OneMap.draw.settings.other });
    } else {
      facet.codes = Int32Array.from(column.values);
      facet.options = [NOTHING.column, ...column.head.words].map((label) => ({ label, entry: null }));
    }
    const totals = countCodes(facet, () => true);
    const used = facet.options.map((_, code) => code).filter((code) => totals[code]);
    // of many values those that most rows have; the others are found by searching
    facet.used = used.length > VALUES ? used.sort((a, b) => totals[b] - totals[a]).slice(0, VALUES) : used;
    facet.left = used.length - facet.used.length;
    return facet;
  }

  function countCodes(facet, wanted) {
    const counts = new Int32Array(facet.options.length);
    facet.codes.forEach((code, row) => wanted(row) && counts[code]++);
    return counts;
  }

  /**
   * Filters of one layer. Nothing chosen in a facet means everything. The count beside
   * a value says how many rows would be left if it alone were chosen in its facet.
   */
  class Filters {
    constructor(layer) {
      this.layer = layer;
      this.facets = layer.style.facets.map((key) => makeFacet(layer, key));
      this.apply();
    }

    choose(facet, code, on) {
      if (on) facet.chosen.add(code);
      else facet.chosen.delete(code);
      this.apply();
    }

    clear() {
      for (const facet of this.facets) facet.chosen.clear();
      this.apply();
    }

    apply() {
      const { layer, facets } = this;
      const refusals = new Uint8Array(layer.rows);
      const passes = facets.map((facet) => {
        const open = !facet.chosen.size;
        return Uint8Array.from(facet.options, (_, code) => open || facet.chosen.has(code));
      });
      layer.keptCount = 0;
      for (let row = 0; row < layer.rows; row++) {
        for (let f = 0; f < facets.length; f++) refusals[row] += 1 - passes[f][facets[f].codes[row]];
        layer.kept[row] = refusals[row] ? 0 : 1;
        layer.keptCount += layer.kept[row];
      }
      facets.forEach((facet, f) => {
        // a row counts here if no other facet refuses it
        facet.counts = countCodes(facet, (row) => refusals[row] - (1 - passes[f][facet.codes[row]]) === 0);
      });
    }
  }

  // ------------------------------------------------------------ list for a spreadsheet
  /** A cell that a spreadsheet would run as a formula is marked as text. */
  function cell(text) {
    const number = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
    const safe = !number && /^\s*[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  /** Kept rows of a layer as CSV, with coordinates of points. */
  function table(layer) {
    const columns = [...layer.columns.values()];
    const place = new Map();
    const { longitudeOf, latitudeOf } = OneMap.data;
    for (let i = 0; layer.points && i < layer.points.count; i++) {
      if (place.has(layer.points.row[i])) continue;
      place.set(layer.points.row[i], [longitudeOf(layer.points.x[i]).toFixed(6), latitudeOf(layer.points.y[i]).toFixed(6)]);
    }
    const lines = [[...columns.map((column) => cell(column.label)), "经度", "纬度"].join(",")];
    for (let row = 0; row < layer.rows; row++) {
      if (!layer.kept[row]) continue;
      lines.push([...columns.map((column) => cell(column.text(row))), ...(place.get(row) || ["", ""])].join(","));
    }
    return `\ufeff${lines.join("\r\n")}\r\n`;
  }

  /** How many kept rows fall into each entry of the classes a layer is coloured by. */
  function tally(layer, key) {
    const { entries, codes } = layer.classes.get(key);
    const counts = new Int32Array(entries.length + 1);
    for (let row = 0; row < layer.rows; row++) {
      if (layer.kept[row]) counts[codes[row] < 0 ? entries.length : codes[row]]++;
    }
    return counts;
  }

  return { search, Filters, table, tally, NOTHING };
})();
