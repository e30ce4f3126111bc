/* Ground: an optional base map under everything, off until the reader turns it on. */
OneMap.ground = (function () {
  "use strict";

  const { make } = OneMap.legend;

  class Ground {
    constructor(map, panel, { label, urls, credit, maxZoom }) {
      Object.assign(this, { map, panel, label, credit });
      this.layer = L.layerGroup(urls.map((url) => L.tileLayer(url, { maxNativeZoom: maxZoom, maxZoom: map.getMaxZoom() })));
      this.layer.eachLayer((tiles) => tiles.on("tileerror", () => this.say("底图读不到：没有网络、密钥不对，或瓦片文件夹不在地图旁边")));
      this.check = make("input", { type: "checkbox", "aria-label": label, onchange: () => (this.check.checked ? map.addLayer(this.layer) : map.removeLayer(this.layer)) });
      this.word = make("p", { class: "om-count", role: "status" });
      const row = make("label", { class: "om-row" }, this.check, make("span", {}, label));
      panel.element.querySelector(".om-tree").append(make("fieldset", {}, make("legend", {}, "底图"), row, this.word));
      map.on("layeradd layerremove", ({ layer }) => layer === this.layer && this.turned());
      this.turned();
    }

    turned() {
      const on = this.map.hasLayer(this.layer);
      this.check.checked = on;
      this.say(on && this.credit ? `底图：${this.credit}` : "");
    }

    say(text) {
      this.word.textContent = text;
      this.word.hidden = !text;
    }
  }

  return { Ground };
})();
