/* Legend: what the signs of a layer mean; and the making of page elements.
 *
 * Whatever comes from data enters the page by textContent, never as markup.
 */
OneMap.legend = (function () {
  "use strict";

  const { drawSymbol, settings } = OneMap.draw;
  const { drawArrow } = OneMap.arrows;

  // ------------------------------------------------------------ page elements
  /** Make an element; strings become text, `on…` entries become listeners. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined) element.setAttribute(name, value);
    }
    for (const child of children.flat()) {
      if (child || child === 0) element.append(child);
    }
    return element;
  }

  function button(label, press, attributes = {}) {
    return make("button", { type: "button", onclick: press, ...attributes }, label);
  }

  function thousands(number) {
    return number.toLocaleString("en-US");
  }

  /** A small picture of how features look, for lists and the legend. */
  function swatch(paint) {
    const canvas = make("canvas", { width: 52, height: 40, class: "om-swatch", "aria-hidden": "true" });
    const ctx = canvas.getContext("2d");
    ctx.scale(2, 2);
    ctx.translate(13, 10);
    paint(ctx);
    return canvas;
  }

  // ------------------------------------------------------------ legend entries
  /** Paint what stands in the legend for an entry (or for the base look) of a layer. */
  function paintEntry(ctx, layer, entry, key) {
    const { base, by } = layer.style;
    const look = { ...base, ...(entry || {}) };
    if (layer.points) {
      const mark = key === by.mark || !by.mark ? look.mark || "" : "";
      const ring = key === by.ring ? entry : undefined;
      const color = ring ? base.color : look.color || settings.ink;
      drawSymbol(ctx, { shape: look.shape || base.shape, color, size: Math.min(ring && ring.halo ? 5 : 7, base.size), mark: layer.style.rank ? "1" : mark, ring });
    } else if (layer.lines) {
      ctx.beginPath();
      ctx.moveTo(-11, 0);
      ctx.lineTo(11, 0);
      ctx.lineWidth = look.width;
      ctx.lineCap = "round";
      ctx.setLineDash((look.dash || []).map((length) => length * look.width));
      ctx.strokeStyle = look.color;
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.fillStyle = look.color;
      if (by.arrow && entry && entry.arrow) drawArrow(ctx, 0, 0, 0, entry.arrow === "both", 0.85);
    } else {
      ctx.fillStyle = look.color + hex(Math.max(0.12, look.fill ?? base.fill));
      ctx.fillRect(-10, -6, 20, 12);
      ctx.setLineDash(((by.dash === key && entry.dash) || base.dash || []).map((length) => length * base.width));
      ctx.strokeStyle = look.color || base.color;
      ctx.strokeRect(-10, -6, 20, 12);
    }
  }

  function hex(opacity) {
    return Math.round(opacity * 255).toString(16).padStart(2, "0");
  }

  /**
   * What the legend says of a layer: [{title, rows: [{label, count, paint}]}].
   * The panel, the printed sheet and the PNG all read this.
   */
  function legendOf(layer) {
    const keys = [...new Set([layer.colorKey, ...Object.values(layer.style.by)])].filter(Boolean);
    const blocks = [];
    for (const key of keys) {
      const { entries, label } = layer.classes.get(key);
      const counts = OneMap.find.tally(layer, key);
      const rows = entries
        .map((entry, code) => ({ label: entry.zh, count: counts[code], paint: (ctx) => paintEntry(ctx, layer, entry, key) }))
        .filter((row) => row.count);
      if (key === keys[0] && counts[entries.length]) {
        const paint = (ctx) => paintEntry(ctx, layer, unknownLook(layer), key);
        rows.push({ label: OneMap.find.NOTHING.class, count: counts[entries.length], paint });
      }
      if (rows.length) blocks.push({ title: keys.length > 1 ? `${layer.label} · ${label}` : layer.label, rows });
    }
    if (!blocks.length && layer.keptCount) {
      const paint = (ctx) => paintEntry(ctx, layer, null, "");
      blocks.push({ title: "", rows: [{ label: layer.label, count: layer.keptCount, paint }] });
    }
    return blocks;
  }

  function unknownLook(layer) {
    return layer.colorKey === "outfall_class" ? settings.other : null;
  }

  return { make, button, thousands, swatch, paintEntry, legendOf };
})();
