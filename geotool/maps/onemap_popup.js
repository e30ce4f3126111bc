/* Popup: what the map says of a thing that was clicked or found. Methods of the panel.
 *
 * Whatever comes from data enters the page by textContent, never as markup.
 */
OneMap.popup = (function () {
  "use strict";

  const { make, button, swatch } = OneMap.legend;
  const { longitudeOf, latitudeOf } = OneMap.data;

  const methods = {
    select(selected) {
      const surface = OneMap.layers.surfaceOf(this.map);
      surface.selected = selected;
      surface.request();
    },

    openPopup(hits, at, place) {
      OneMap.layers.endZoom(this.map); // or the map would not make room
      const { layer, row } = hits[at];
      const anchor = layer.anchor(row);
      const onPoint = anchor && layer.points;
      const target = place && !onPoint ? place : anchor ? L.latLng(latitudeOf(anchor[1]), longitudeOf(anchor[0])) : place;
      // never under the tools, where its cross could not be reached
      this.popup.options.maxWidth = Math.max(180, Math.min(340, this.map.getSize().x - 58 - 56));
      // nor under the notice; what is higher than the map scrolls
      const top = this.notice ? this.notice.offsetTop + this.notice.offsetHeight + 10 : 16;
      this.popup.options.autoPanPaddingTopLeft = [16, top];
      this.popup.options.maxHeight = Math.max(200, this.map.getSize().y - top - 70);
      this.popup.options.minWidth = Math.min(240, this.popup.options.maxWidth);
      this.popup.options.autoPanPaddingBottomRight = [this.taken(), 16];
      this.opened = { hits, at, place };
      this.popup.setLatLng(target).setContent(this.popupContent(hits, at, place)).openOn(this.map);
      this.select({ layer, row });
    },

    /** Write the open popup anew, where what it says has changed. */
    renewPopup() {
      if (!this.popup.isOpen()) return;
      const { hits, at, place } = this.opened;
      this.popup.setContent(this.popupContent(hits, at, place));
    },

    popupContent(hits, at, place) {
      const { layer, row } = hits[at];
      const step = (by) => {
        this.openPopup(hits, (at + by + hits.length) % hits.length, place);
        this.popup.getElement().querySelectorAll(".om-pager button")[by > 0 ? 1 : 0].focus();
      };
      const pager = hits.length > 1 && make(
        "div",
        { class: "om-pager" },
        button("‹", () => step(-1), { "aria-label": "上一个" }),
        make("span", {}, `${at + 1} / ${hits.length}`),
        button("›", () => step(1), { "aria-label": "下一个" }),
      );
      const { first, hide } = layer.style; // what the reader came for stands above the register
      const order = ({ key }) => (first.includes(key) ? first.indexOf(key) : first.length);
      const fields = [...layer.columns.values()]
        .filter((column) => !hide.includes(column.key))
        .sort((a, b) => order(a) - order(b))
        .map((column) => [column.label, column.shown(row)])
        .filter(([, value]) => value !== "");
      const anchor = layer.points && layer.anchor(row);
      if (anchor) fields.push(["经纬度", `${longitudeOf(anchor[0]).toFixed(6)}°E，${latitudeOf(anchor[1]).toFixed(6)}°N`]);
      return make(
        "article",
        // a button that writes the popup anew is gone when Leaflet asks whose click it was
        { class: "om-popup", "aria-label": layer.title(row), onclick: (event) => event.stopPropagation() },
        make(
          "div",
          { class: "om-popup-head" },
          make("h2", {}, layer.title(row)),
          button("×", () => this.map.closePopup(this.popup), { class: "om-close", "aria-label": "关闭" }),
        ),
        make("p", { class: "om-kind" }, swatch((ctx) => this.paintRow(ctx, layer, row)), layer.label, pager),
        this.follow && this.follow.actions(layer, row, place),
        this.periods && this.periods.strip(layer, row),
        this.series && this.series.chart(layer, row),
        this.photos && this.photos.show(layer, row),
        make("dl", {}, fields.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value)))),
      );
    },
  };

  return { methods };
})();
