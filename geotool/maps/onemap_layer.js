/* Layers: packed layers as Leaflet layers, all painted on one canvas of the map. */
OneMap.layers = (function () {
  "use strict";

  const PADDING = 0.25; // painted beyond each edge, so that a short drag shows no gap
  const SLOW = 40; // milliseconds; slower paintings wait for the end of a drag
  const REACH = 9; // page pixels a pointer may miss by

  /** The canvas. Leaflet moves it with the map; it is painted when the map rests. */
  const Surface = L.Layer.extend({
    initialize() {
      this.members = [];
      this.selected = null;
    },

    onAdd(map) {
      this.map = map;
      const pane = map.createPane("onemap");
      pane.style.zIndex = 410; // above tiles and plain vectors, below markers and popups
      pane.style.pointerEvents = "none";
      this.canvas = L.DomUtil.create("canvas", "om-canvas leaflet-zoom-animated", pane);
      this.canvas.setAttribute("aria-hidden", "true");
      map.on({ viewreset: this.paint, moveend: this.paint, resize: this.paint, move: this.follow, zoomanim: this.animate }, this);
    },

    onRemove(map) {
      map.off({ viewreset: this.paint, moveend: this.paint, resize: this.paint, move: this.follow, zoomanim: this.animate }, this);
      this.canvas.remove();
    },

    /** Ask for a painting; several wishes in one turn give one painting. */
    request() {
      if (!this.pending) this.pending = requestAnimationFrame(() => this.paint());
    },

    paint() {
      cancelAnimationFrame(this.pending);
      this.pending = 0;
      const begun = performance.now();
      const map = this.map;
      const size = map.getSize();
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const pad = size.multiplyBy(PADDING).round();
      const width = size.x + 2 * pad.x;
      const height = size.y + 2 * pad.y;
      this.resize(width, height, ratio);
      this.corner = map.containerPointToLayerPoint([-pad.x, -pad.y]).round();
      L.DomUtil.setPosition(this.canvas, this.corner);
      this.zoom = map.getZoom();
      const origin = map.getPixelOrigin().add(this.corner);
      const view = {
        scale: 256 * 2 ** this.zoom * ratio,
        x: origin.x * ratio,
        y: origin.y * ratio,
        width: width * ratio,
        height: height * ratio,
        padX: pad.x * ratio,
        padY: pad.y * ratio,
        ratio,
        zoom: this.zoom,
      };
      const ctx = this.canvas.getContext("2d");
      ctx.clearRect(0, 0, view.width, view.height);
      OneMap.draw.drawMap(ctx, view, this.members.map((member) => member.data), this.selected);
      this.cost = performance.now() - begun;
      map.fire("onemap:painted");
    },

    resize(width, height, ratio) {
      const canvas = this.canvas;
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    },

    /** While dragged, paint anew only when the padding is used up. */
    follow() {
      if (this.map._animatingZoom || this.cost > SLOW || !this.corner) return;
      const offset = this.map.containerPointToLayerPoint([0, 0]).subtract(this.corner);
      const pad = this.map.getSize().multiplyBy(2 * PADDING);
      if (offset.x < 0 || offset.y < 0 || offset.x > pad.x || offset.y > pad.y) this.request();
    },

    animate({ zoom, center }) {
      const scale = this.map.getZoomScale(zoom, this.zoom);
      const corner = this.map.layerPointToLatLng(this.corner);
      L.DomUtil.setTransform(this.canvas, this.map._latLngToNewLayerPoint(corner, zoom, center), scale);
    },
  });

  function surfaceOf(map) {
    if (!map.onemapSurface) map.onemapSurface = new Surface().addTo(map);
    return map.onemapSurface;
  }

  /** End a zoom that still runs: Leaflet passes over any view that is asked for meanwhile. */
  function endZoom(map) {
    if (map._animatingZoom) map._onZoomTransitionEnd();
  }

  const PackedLayer = L.Layer.extend({
    initialize(data) {
      this.data = data;
    },

    onAdd(map) {
      const surface = surfaceOf(map);
      surface.members.push(this);
      surface.request();
    },

    onRemove(map) {
      const surface = surfaceOf(map);
      surface.members = surface.members.filter((member) => member !== this);
      surface.request();
    },
  });

  // ------------------------------------------------------------ what lies under a point
  /** Either {cell} of a cluster, or {hits}: {layer, row} from the top down. */
  function hit(map, containerPoint) {
    const world = map.containerPointToLayerPoint(containerPoint).add(map.getPixelOrigin());
    const scale = 256 * 2 ** map.getZoom();
    const at = [world.x / scale, world.y / scale];
    const reach = REACH / scale;
    const layers = surfaceOf(map).members.map((member) => member.data).sort((a, b) => b.style.order - a.style.order);
    const hits = [];
    for (const layer of layers) {
      const cell = layer.cells.find((one) => Math.hypot(one.at[0] - at[0], one.at[1] - at[1]) * scale < one.radius);
      if (cell && canPart(map, cell)) return { cell, layer, hits: [] };
      if (cell) return { hits: rowsIn(layer, cell.box).map((row) => ({ layer, row })) };
      const rows = new Set([...hitPoints(layer, at, reach), ...hitLines(layer, at, reach), ...hitAreas(layer, at)]);
      for (const row of rows) hits.push({ layer, row });
    }
    // a mark of an answer lies on the thing itself, which knows more and can be asked
    const isMark = ({ layer }) => (layer.asked && layer.points ? 1 : 0);
    hits.sort((a, b) => isMark(a) - isMark(b));
    return { hits };
  }

  /** Whether a closer look shows the things of a cluster apart. */
  function canPart(map, { box: [west, north, east, south] }) {
    return (east > west || south > north) && map.getZoom() < map.getMaxZoom();
  }

  function rowsIn(layer, [west, north, east, south]) {
    const { x, y, row } = layer.points;
    const isIn = (_, i) => x[i] >= west && x[i] <= east && y[i] >= north && y[i] <= south && layer.kept[row[i]];
    return [...row.filter(isIn)];
  }

  function hitPoints(layer, [x, y], reach) {
    const part = layer.points;
    const found = [];
    for (let i = 0; part && i < part.count; i++) {
      const dx = part.x[i] - x;
      if (dx > reach || dx < -reach) continue;
      const away = Math.hypot(dx, part.y[i] - y);
      if (away < reach && layer.kept[part.row[i]] && !(layer.cells.length && layer.inCell[i])) found.push([away, part.row[i]]);
    }
    return found.sort((a, b) => a[0] - b[0]).map(([, row]) => row);
  }

  function hitLines(layer, [x, y], reach) {
    const part = layer.lines;
    const found = [];
    for (let i = 0; part && i < part.count; i++) {
      const [west, north, east, south] = part.box.subarray(4 * i, 4 * i + 4);
      if (x < west - reach || x > east + reach || y < north - reach || y > south + reach) continue;
      if (!layer.kept[part.row[i]]) continue;
      let nearest = Infinity;
      for (let j = part.start[i] + 1; j < part.start[i + 1]; j++) {
        nearest = Math.min(nearest, awayFromSegment(x, y, part.x[j - 1], part.y[j - 1], part.x[j], part.y[j]));
      }
      if (nearest < reach) found.push([nearest, part.row[i]]);
    }
    return found.sort((a, b) => a[0] - b[0]).map(([, row]) => row);
  }

  function awayFromSegment(x, y, ax, ay, bx, by) {
    const [dx, dy] = [bx - ax, by - ay];
    const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
    const t = Math.max(0, Math.min(1, along));
    return Math.hypot(ax + t * dx - x, ay + t * dy - y);
  }

  function hitAreas(layer, [x, y]) {
    const part = layer.polygons;
    const found = [];
    for (let i = 0; part && i < part.count; i++) {
      const [west, north, east, south] = part.box.subarray(4 * i, 4 * i + 4);
      if (x < west || x > east || y < north || y > south || !layer.kept[part.row[i]]) continue;
      if (inside(part, i, x, y)) found.push(part.row[i]);
    }
    return found;
  }

  /** Even-odd rule over all rings, so that holes are holes. */
  function inside(part, i, x, y) {
    let odd = false;
    for (let ring = part.start[i]; ring < part.start[i + 1]; ring++) {
      for (let j = part.ring[ring] + 1; j < part.ring[ring + 1]; j++) {
        const [ax, ay, bx, by] = [part.x[j - 1], part.y[j - 1], part.x[j], part.y[j]];
        if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) odd = !odd;
      }
    }
    return odd;
  }

  return { PackedLayer, surfaceOf, hit, endZoom };
})();

/** folium calls this once for each packed layer. */
OneMap.layer = (id) => new OneMap.layers.PackedLayer(OneMap.data.LayerData.read(id));
