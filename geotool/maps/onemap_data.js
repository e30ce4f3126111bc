/* Data: from the packs inside the page to arrays the map can draw.
 *
 * A pack (written by _pack.py) is base64 of: length of the header, the header as
 * deflated JSON, and blocks of deflated bytes. Coordinates become Web Mercator in
 * world units (0 to 1, north up is small y). Geometry and classes are unpacked at
 * once, attribute columns when first asked for.
 */
window.OneMap = {};

OneMap.data = (function () {
  "use strict";

  const MISSING = -2147483648;
  const DEGREE = Math.PI / 180;

  // ------------------------------------------------------------ bytes
  function readBytes(id) {
    const element = document.getElementById(id);
    const text = atob(element.textContent.trim());
    element.remove(); // the packed text is not needed twice
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  function readSettings(id) {
    return JSON.parse(new TextDecoder().decode(readBytes(id)));
  }

  class Pack {
    constructor(id) {
      const bytes = readBytes(id);
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const head = fflate.inflateSync(bytes.subarray(4, 4 + length));
      this.header = JSON.parse(new TextDecoder().decode(head));
      this.blocks = bytes.subarray(4 + length);
    }

    bytes([start, packed, unpacked]) {
      const out = new Uint8Array(unpacked);
      return fflate.inflateSync(this.blocks.subarray(start, start + packed), { out });
    }

    /** Put byte planes back together. */
    numbers(block, Kind) {
      const planes = this.bytes(block);
      const width = Kind.BYTES_PER_ELEMENT;
      const count = planes.length / width;
      const bytes = new Uint8Array(planes.length);
      for (let plane = 0, from = 0; plane < width; plane++) {
        for (let to = plane; to < bytes.length; to += width) bytes[to] = planes[from++];
      }
      return new Kind(bytes.buffer, 0, count);
    }

    /** Add differences up again. */
    steps(block) {
      const values = this.numbers(block, Int32Array);
      for (let i = 0, sum = 0; i < values.length; i++) {
        sum += (values[i] >>> 1) ^ -(values[i] & 1);
        values[i] = sum;
      }
      return values;
    }
  }

  // ------------------------------------------------------------ columns
  class Column {
    constructor(pack, head) {
      this.pack = pack;
      this.head = head;
      this.key = head.key;
      this.label = head.label;
    }

    get values() {
      if (!this.unpacked) this.unpacked = this.unpack();
      return this.unpacked;
    }

    unpack() {
      const { as, data, width } = this.head;
      if (as === "codes") {
        return this.pack.numbers(data, width === 1 ? Uint8Array : Uint16Array);
      }
      if (as === "decimal") return this.pack.numbers(data, Int32Array);
      if (as === "double") return this.pack.numbers(data, Float64Array);
      return new TextDecoder().decode(this.pack.bytes(data)).split("\0");
    }

    /** A number, NaN where the column has none. */
    number(row) {
      if (this.told) return NaN;
      const value = this.values[row];
      if (this.head.as === "double") return value;
      if (this.head.as !== "decimal" || value === MISSING) return NaN;
      return value / 10 ** this.head.decimals;
    }

    /** The value in full, "" where there is none; a chosen period has its own. */
    text(row) {
      if (this.told) return this.told(row);
      const { as, words } = this.head;
      if (as === "codes") return this.values[row] ? words[this.values[row] - 1] : "";
      if (as === "text") return this.values[row];
      const value = this.number(row);
      return Number.isNaN(value) ? "" : String(value);
    }

    /** The value as a person reads it: no more digits than tell something. */
    shown(row) {
      const value = this.number(row);
      if (Number.isNaN(value)) return this.text(row);
      if (this.head.percent) return `${Number((value * 100).toPrecision(3))}%`;
      if (this.head.round !== undefined) return value.toFixed(this.head.round);
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
    }
  }

  // ------------------------------------------------------------ geometry
  function worldX(longitude) {
    return longitude / 360 + 0.5;
  }

  function worldY(latitude) {
    const sine = Math.sin(latitude * DEGREE);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  }

  function longitudeOf(x) {
    return (x - 0.5) * 360;
  }

  function latitudeOf(y) {
    return 90 - (2 * Math.atan(Math.exp((y - 0.5) * 2 * Math.PI))) / DEGREE;
  }

  function readVertices(pack, head, step) {
    const x = Float64Array.from(pack.steps(head.x), (value) => worldX(value / step));
    const y = Float64Array.from(pack.steps(head.y), (value) => worldY(value / step));
    return { x, y };
  }

  /** Counts → where each run starts, with the end of the last one behind. */
  function readStarts(counts) {
    const starts = new Int32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) starts[i + 1] = starts[i] + counts[i];
    return starts;
  }

  function readRows(pack, head, count) {
    return head.row ? pack.steps(head.row) : Int32Array.from({ length: count }, (_, i) => i);
  }

  function readPoints(pack, head, step) {
    const { x, y } = readVertices(pack, head, step);
    return { x, y, count: x.length, row: readRows(pack, head, x.length) };
  }

  function readLines(pack, head, step) {
    const { x, y } = readVertices(pack, head, step);
    const start = readStarts(pack.steps(head.counts));
    const count = start.length - 1;
    const part = { x, y, start, count, row: readRows(pack, head, count) };
    part.box = boxes(part, (i) => [start[i], start[i + 1]]);
    return part;
  }

  /** `ring[i]` is where ring i starts among the vertices, `start[p]` the first ring of p. */
  function readPolygons(pack, head, step) {
    const { x, y } = readVertices(pack, head, step);
    const ring = readStarts(pack.steps(head.counts));
    const start = readStarts(pack.steps(head.rings));
    const count = start.length - 1;
    const part = { x, y, ring, start, count, row: readRows(pack, head, count) };
    part.box = boxes(part, (i) => [ring[start[i]], ring[start[i] + 1]]);
    return part;
  }

  /** Bounding boxes, four numbers a part: west, north, east, south. */
  function boxes({ x, y, count }, range) {
    const box = new Float64Array(count * 4);
    for (let i = 0; i < count; i++) {
      const [from, to] = range(i);
      const found = emptyBox();
      for (let j = from; j < to; j++) growBox(found, x[j], y[j]);
      box.set(found, i * 4);
    }
    return box;
  }

  function emptyBox() {
    return [Infinity, Infinity, -Infinity, -Infinity];
  }

  function growBox(box, x, y) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }

  // ------------------------------------------------------------ one layer
  class LayerData {
    constructor(facts) {
      Object.assign(this, facts); // name, label, rows, undrawn, style, columns, classes, points, lines, polygons
      this.colorKey = this.style.colorBy[0] || ""; // the reader may choose another
      this.kept = new Uint8Array(this.rows).fill(1); // rows that pass the filters
      this.keptCount = this.rows;
      this.cells = []; // clusters as last drawn
      this.arrows = []; // boxes of two-way arrows as last drawn
    }

    /** A layer as it was packed into the page. */
    static read(id) {
      const pack = new Pack(id);
      const head = pack.header;
      const classes = Object.entries(head.classes).map(([key, { label, entries, codes }]) => [
        key,
        { label, entries, codes: pack.numbers(codes, Int8Array) },
      ]);
      return new LayerData({
        name: head.name,
        label: head.label,
        rows: head.rows,
        undrawn: head.undrawn,
        style: head.style,
        columns: new Map(head.columns.map((column) => [column.key, new Column(pack, column)])),
        classes: new Map(classes),
        points: head.points && readPoints(pack, head.points, head.step),
        lines: head.lines && readLines(pack, head.lines, head.step),
        polygons: head.polygons && readPolygons(pack, head.polygons, head.step),
      });
    }

    /** A layer that the page itself has made. `columns`: {key: {label, values, head}}. */
    static make({ name, label, rows, style, classes, columns, points, lines }) {
      if (lines) lines.box = boxes(lines, (i) => [lines.start[i], lines.start[i + 1]]);
      const made = Object.entries(columns).map(([key, { values, ...head }]) => {
        const column = new Column(null, { key, ...head });
        column.unpacked = values;
        return [key, column];
      });
      return new LayerData({ name, label, rows, undrawn: 0, style, classes, points, lines, columns: new Map(made) });
    }

    /** The entry of a row under a set of classes, undefined where none is known. */
    entry(key, row) {
      const found = this.classes.get(key);
      return found && found.entries[found.codes[row]];
    }

    /** What the popup and the lists call a row. */
    title(row) {
      const column = this.columns.get(this.style.title);
      return (column && column.text(row)) || `${this.label} ${row + 1}`;
    }

    /** Box around a row, or around all kept rows, in world units. */
    box(row = -1) {
      const found = emptyBox();
      const wanted = (at) => (row < 0 ? this.kept[at] : at === row);
      const { points, lines, polygons } = this;
      for (let i = 0; points && i < points.count; i++) {
        if (wanted(points.row[i])) growBox(found, points.x[i], points.y[i]);
      }
      for (const part of [lines, polygons]) {
        for (let i = 0; part && i < part.count; i++) {
          if (!wanted(part.row[i])) continue;
          growBox(found, part.box[4 * i], part.box[4 * i + 1]);
          growBox(found, part.box[4 * i + 2], part.box[4 * i + 3]);
        }
      }
      return found;
    }

    /** Where a popup on a row points to; null where the row is not on the map. */
    anchor(row) {
      const { points, lines, polygons } = this;
      // most layers have one part a row, in their order
      const at = (part) => (!part ? -1 : part.row[row] === row ? row : part.row.indexOf(row));
      const point = at(points);
      if (point >= 0) return [points.x[point], points.y[point]];
      const line = at(lines);
      if (line >= 0) {
        const middle = (lines.start[line] + lines.start[line + 1]) >> 1;
        return [lines.x[middle], lines.y[middle]];
      }
      const polygon = at(polygons);
      if (polygon < 0) return null;
      const [west, north, east, south] = polygons.box.subarray(4 * polygon, 4 * polygon + 4);
      return [(west + east) / 2, (north + south) / 2];
    }
  }

  return { Pack, Column, LayerData, readSettings, longitudeOf, latitudeOf, worldX, worldY, emptyBox, growBox };
})();
