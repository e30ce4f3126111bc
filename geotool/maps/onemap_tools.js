/* Tools on the map: zoom, whole view, measuring, full screen, print, picture; scale,
 * north arrow and the coordinates under the pointer. */
OneMap.tools = (function () {
  "use strict";

  const { make } = OneMap.legend;
  const DEGREE = Math.PI / 180;
  const AXIS = 6378137; // CGCS2000 and WGS 84, metres
  const ECCENTRICITY2 = 0.00669438002290;

  const ICONS = {
    plus: "M12 5v14M5 12h14",
    minus: "M5 12h14",
    home: "M4 11l8-7 8 7M6 10v9h12v-9",
    measure: "M3 16L16 3l5 5L8 21zM7 12l2 2M10 9l3 3M13 6l2 2",
    full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    print: "M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z",
    picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  };

  function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  // ------------------------------------------------------------ measuring
  /** Metres between two places, by the radii of curvature between them. */
  function distance(a, b) {
    const middle = ((a.lat + b.lat) / 2) * DEGREE;
    const curve = 1 - ECCENTRICITY2 * Math.sin(middle) ** 2;
    const north = ((b.lat - a.lat) * DEGREE * AXIS * (1 - ECCENTRICITY2)) / curve ** 1.5;
    const east = ((b.lng - a.lng) * DEGREE * AXIS * Math.cos(middle)) / Math.sqrt(curve);
    return Math.hypot(north, east);
  }

  /** Square metres inside a ring of places, on a plane that touches its middle. */
  function area(places) {
    const origin = L.latLngBounds(places).getCenter();
    const plane = places.map((place) => [
      Math.sign(place.lng - origin.lng) * distance(L.latLng(origin.lat, place.lng), origin),
      Math.sign(place.lat - origin.lat) * distance(L.latLng(place.lat, origin.lng), origin),
    ]);
    const twice = plane.reduce((sum, [x, y], i) => {
      const [nextX, nextY] = plane[(i + 1) % plane.length];
      return sum + x * nextY - nextX * y;
    }, 0);
    return Math.abs(twice) / 2;
  }

  function lengthText(metres) {
    return metres < 1000 ? `${metres.toFixed(0)} m` : `${(metres / 1000).toFixed(2)} km`;
  }

  function areaText(metres2) {
    return metres2 < 1e6 ? `${metres2.toFixed(0)} m²` : `${(metres2 / 1e6).toFixed(2)} km²`;
  }

  /** Click by click along a way; from the third point on the area it encloses too. */
  class Measure {
    constructor(map, press) {
      Object.assign(this, { map, press, on: false, places: [] });
      this.line = L.polyline([], { color: "#1b2a38", weight: 3, dashArray: "6 6", interactive: false });
      this.text = make("p", { class: "om-measured", role: "status", hidden: true });
      map.getContainer().append(this.text);
    }

    toggle(on) {
      this.on = on;
      this.press.setAttribute("aria-pressed", String(on));
      this.map.getContainer().classList.toggle("om-measuring", on);
      this.text.hidden = !on;
      this.places = [];
      if (on) this.line.addTo(this.map);
      else this.line.remove();
      this.show();
    }

    add(place) {
      this.places.push(place);
      this.show();
    }

    show() {
      const { places } = this;
      this.line.setLatLngs(places);
      const length = places.slice(1).reduce((sum, place, i) => sum + distance(places[i], place), 0);
      const parts = [places.length < 2 ? "量测：在地图上依次点击，Esc 结束" : `长度 ${lengthText(length)}`];
      if (places.length > 2) parts.push(`首尾相接面积 ${areaText(area(places))}`);
      this.text.textContent = parts.join("　");
    }
  }

  // ------------------------------------------------------------ the tool bar
  class Tools {
    constructor(map, panel, home) {
      Object.assign(this, { map, panel });
      const bar = make("div", { class: "om-tools", role: "toolbar", "aria-label": "地图工具" });
      const add = (name, label, press) => {
        const made = make("button", { type: "button", title: label, "aria-label": label, onclick: press }, icon(name));
        bar.append(made);
        return made;
      };
      add("plus", "放大", () => map.zoomIn());
      add("minus", "缩小", () => map.zoomOut());
      add("home", "全图", home);
      const press = add("measure", "量测距离和面积", () => this.measure.toggle(!this.measure.on));
      press.setAttribute("aria-pressed", "false");
      this.measure = new Measure(map, press);
      if (document.fullscreenEnabled) add("full", "全屏", () => this.fullScreen());
      add("print", "打印", () => OneMap.sheet.print(map, panel));
      add("picture", "导出图片", () => OneMap.sheet.savePicture(map, panel));
      bar.append(make("div", { class: "om-north", role: "img", "aria-label": "上北下南" }, make("span", {}, "▲"), "北"));
      map.getContainer().append(bar);
      L.DomEvent.disableClickPropagation(bar);
      L.control.scale({ imperial: false, maxWidth: 140, position: "bottomleft" }).addTo(map);
      this.listen();
    }

    fullScreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    }

    listen() {
      const { map, panel, measure } = this;
      const container = map.getContainer();
      const pointer = make("p", { class: "om-pointer" });
      container.append(pointer);
      map.on("mousemove", ({ latlng, containerPoint }) => {
        pointer.textContent = `${latlng.lng.toFixed(5)}°E　${latlng.lat.toFixed(5)}°N　${panel.facts.datumShort}`;
        this.point(containerPoint);
      });
      map.on("click", ({ latlng, containerPoint }) => {
        if (measure.on) return measure.add(latlng);
        const { cell, hits } = OneMap.layers.hit(map, containerPoint);
        if (cell) map.setView(latlng, Math.min(map.getZoom() + 2, map.getMaxZoom()));
        else if (hits.length) {
          panel.openPopup(hits, 0, latlng);
          panel.follow?.clicked(hits[0], latlng);
        }
      });
      document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        if (measure.on) measure.toggle(false);
        map.closePopup();
      });
    }

    /** A hand over what can be clicked; asked at most once a frame. */
    point(containerPoint) {
      if (this.asking || this.measure.on) return;
      this.asking = requestAnimationFrame(() => {
        this.asking = 0;
        const { cell, hits } = OneMap.layers.hit(this.map, containerPoint);
        const thing = cell || hits.some(({ layer }) => layer.points || layer.lines);
        this.map.getContainer().classList.toggle("om-over", Boolean(thing));
      });
    }
  }

  return { Tools, distance, area };
})();
