/* The sheet: the map with title, legend, scale, north arrow, coordinates, source, date
 * and notice on one A4 page, drawn anew at print resolution. Also files to save. */
OneMap.sheet = (function () {
  "use strict";

  const { FONT, settings, drawMap } = OneMap.draw;
  const { make, thousands } = OneMap.legend;
  const { longitudeOf, latitudeOf, worldX, worldY } = OneMap.data;

  const LONG_SIDE = 1123; // A4 at 96 dots an inch; all lengths below are in these units
  const SHORT_SIDE = 794;
  const FINE = { A4: 2.2, A3: 3.1 }; // canvas pixels a unit, about 210 dots an inch
  const MARGIN = 34;
  const LEGEND = 214;
  const ROW = 19;
  const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

  // ------------------------------------------------------------ layout
  /** Where things lie on the page. */
  function layout(map) {
    const seen = map.getSize();
    const size = L.point(Math.max(1, seen.x), Math.max(1, seen.y)); // a hidden map has no size
    const upright = size.y > size.x;
    const [width, height] = upright ? [SHORT_SIDE, LONG_SIDE] : [LONG_SIDE, SHORT_SIDE];
    const top = 92;
    const foot = 46;
    const legend = upright
      ? { x: MARGIN, y: height - foot - 210, width: width - 2 * MARGIN, height: 200, columns: 3 }
      : { x: width - MARGIN - LEGEND, y: top, width: LEGEND, height: height - top - foot, columns: 1 };
    const frame = upright
      ? { x: MARGIN, y: top, width: width - 2 * MARGIN, height: legend.y - top - 16 }
      : { x: MARGIN, y: top, width: legend.x - MARGIN - 16, height: height - top - foot };
    return { width, height, frame, legend, size };
  }

  /** Fit the screen's map into the frame; where only our layers lie, fill the frame. */
  function fit(page, exact) {
    const { frame, size } = page;
    const shrink = Math.min(frame.width / size.x, frame.height / size.y);
    if (!exact) return shrink;
    frame.x += (frame.width - size.x * shrink) / 2;
    frame.width = size.x * shrink;
    frame.height = size.y * shrink;
    return shrink;
  }

  /** `tiles`: with the base map, which a canvas that is saved to a file may not hold. */
  function compose(map, panel, { tiles = false } = {}) {
    const page = layout(map);
    const others = panel.others.some((layer) => map.hasLayer(layer));
    const shrink = fit(page, others);
    const canvas = make("canvas", { class: "om-sheet", role: "img", "aria-label": panel.facts.title });
    page.fine = FINE[panel.paper];
    canvas.width = Math.round(page.width * page.fine);
    canvas.height = Math.round(page.height * page.fine);
    canvas.classList.add(`om-${panel.paper}-${page.width > page.height ? "wide" : "upright"}`);
    const ctx = canvas.getContext("2d");
    ctx.scale(page.fine, page.fine);
    ctx.fillStyle = "#ffffff";
    ctx.fillRect(0, 0, page.width, page.height);
    drawHead(ctx, page, panel.facts);
    drawFrame(ctx, page, map, panel, shrink, tiles);
    drawLegend(ctx, page.legend, panel.legendBlocks());
    drawFoot(ctx, page, panel);
    OneMap.layers.surfaceOf(map).request(); // clusters belong to the screen again
    return canvas;
  }

  // ------------------------------------------------------------ parts of the page
  function write(ctx, text, x, y, { size = 12, weight = 400, align = "left", color = settings.ink, most } = {}) {
    ctx.font = `${weight} ${size}px ${FONT}`;
    ctx.textAlign = align;
    ctx.textBaseline = "alphabetic";
    ctx.fillStyle = color;
    ctx.fillText(text, x, y, most);
  }

  function drawHead(ctx, page, { title, subtitle }) {
    const most = page.width - 2 * MARGIN;
    write(ctx, title, page.width / 2, 54, { size: 27, weight: 700, align: "center", most });
    write(ctx, subtitle, page.width / 2, 77, { size: 14, align: "center", color: "#4c5b69", most });
  }

  function drawFrame(ctx, page, map, panel, shrink, tiles) {
    const { frame, fine } = page;
    const scale = 256 * 2 ** map.getZoom() * shrink;
    const centre = map.getCenter();
    const corner = [worldX(centre.lng) - frame.width / 2 / scale, worldY(centre.lat) - frame.height / 2 / scale];
    const picture = make("canvas", { width: Math.round(frame.width * fine), height: Math.round(frame.height * fine) });
    const ground = picture.getContext("2d");
    ground.fillStyle = settings.background;
    ground.fillRect(0, 0, picture.width, picture.height);
    copyOthers(ground, map, frame, shrink, { fine, tiles });
    drawMap(
      ground,
      {
        scale: scale * fine,
        x: corner[0] * scale * fine,
        y: corner[1] * scale * fine,
        width: picture.width,
        height: picture.height,
        padX: 0,
        padY: 0,
        ratio: fine,
        zoom: map.getZoom() + Math.log2(shrink),
      },
      panel.shown(),
      null,
    );
    ctx.drawImage(picture, frame.x, frame.y, frame.width, frame.height);
    drawGraticule(ctx, frame, corner, scale);
    ctx.strokeStyle = settings.ink;
    ctx.lineWidth = 1.2;
    ctx.strokeRect(frame.x, frame.y, frame.width, frame.height);
    drawScale(ctx, frame, map, scale);
    drawNorth(ctx, frame);
    if (panel.facts.notice) drawNotice(ctx, frame, panel.facts.notice);
  }

  /** Canvases and pictures of other folium layers, as they lie on the screen. */
  function copyOthers(ground, map, frame, shrink, { fine, tiles }) {
    const container = map.getContainer().getBoundingClientRect();
    const scale = shrink * fine;
    const left = frame.width / 2 / shrink - container.width / 2;
    const top = frame.height / 2 / shrink - container.height / 2;
    for (const part of map.getPane("mapPane").querySelectorAll("canvas:not(.om-canvas), img")) {
      const box = part.getBoundingClientRect();
      if (!box.width || part.closest(".leaflet-popup") || (!tiles && part.closest(".leaflet-tile-pane"))) continue;
      ground.drawImage(
        part,
        (box.left - container.left + left) * scale,
        (box.top - container.top + top) * scale,
        box.width * scale,
        box.height * scale,
      );
    }
  }

  /** Ticks with degrees along the frame. */
  function drawGraticule(ctx, frame, corner, scale) {
    const west = longitudeOf(corner[0]);
    const east = longitudeOf(corner[0] + frame.width / scale);
    const north = latitudeOf(corner[1]);
    const south = latitudeOf(corner[1] + frame.height / scale);
    const step = STEPS.find((one) => (east - west) / one <= 6) || 30;
    const places = Math.max(0, Math.ceil(-Math.log10(step)));
    ctx.strokeStyle = "#6b7783";
    ctx.lineWidth = 0.8;
    for (let degree = Math.ceil(west / step) * step; degree < east; degree += step) {
      const x = frame.x + (worldX(degree) - corner[0]) * scale;
      tick(ctx, x, frame.y, x, frame.y - 5);
      tick(ctx, x, frame.y + frame.height, x, frame.y + frame.height + 5);
      write(ctx, `${degree.toFixed(places)}°E`, x, frame.y + frame.height + 16, { size: 10, align: "center", color: "#4c5b69" });
    }
    for (let degree = Math.ceil(south / step) * step; degree < north; degree += step) {
      const y = frame.y + (worldY(degree) - corner[1]) * scale;
      tick(ctx, frame.x, y, frame.x - 5, y);
      ctx.save();
      ctx.translate(frame.x - 9, y);
      ctx.rotate(-Math.PI / 2);
      write(ctx, `${degree.toFixed(places)}°N`, 0, 0, { size: 10, align: "center", color: "#4c5b69" });
      ctx.restore();
    }
  }

  function tick(ctx, x1, y1, x2, y2) {
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
    ctx.stroke();
  }

  function drawScale(ctx, frame, map, scale) {
    const centre = map.getCenter();
    const metres = OneMap.tools.distance(centre, L.latLng(centre.lat, longitudeOf(worldX(centre.lng) + 150 / scale)));
    const power = 10 ** Math.floor(Math.log10(metres));
    const round = [5, 2, 1].find((one) => one * power <= metres) * power;
    const width = (150 * round) / metres;
    const [x, y] = [frame.x + 18, frame.y + frame.height - 18];
    ctx.fillStyle = "rgba(255,255,255,.85)";
    ctx.fillRect(x - 8, y - 26, width + 54, 36);
    ctx.fillStyle = settings.ink;
    ctx.fillRect(x, y - 4, width / 2, 5);
    ctx.strokeStyle = settings.ink;
    ctx.lineWidth = 1;
    ctx.strokeRect(x, y - 4, width, 5);
    const text = (value) => (round >= 2000 ? value / 1000 : value);
    write(ctx, "0", x, y - 9, { size: 10, align: "center" });
    write(ctx, String(text(round / 2)), x + width / 2, y - 9, { size: 10, align: "center" });
    write(ctx, `${text(round)} ${round >= 2000 ? "km" : "m"}`, x + width - 4, y - 9, { size: 10 });
  }

  function drawNorth(ctx, frame) {
    const [x, y] = [frame.x + frame.width - 28, frame.y + 20];
    for (const [side, color] of [[-9, settings.ink], [9, "#ffffff"]]) {
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x + side, y + 30);
      ctx.lineTo(x, y + 23);
      ctx.closePath();
      ctx.fillStyle = color;
      ctx.fill();
      ctx.strokeStyle = settings.ink;
      ctx.lineWidth = 1;
      ctx.stroke();
    }
    write(ctx, "北", x, y + 46, { size: 13, weight: 700, align: "center" });
  }

  function drawNotice(ctx, frame, notice) {
    ctx.font = `700 14px ${FONT}`;
    const width = Math.min(frame.width - 90, ctx.measureText(notice).width + 24);
    ctx.fillStyle = "#fff4d6";
    ctx.fillRect(frame.x + 12, frame.y + 12, width, 28);
    ctx.strokeStyle = "#9a6700";
    ctx.strokeRect(frame.x + 12, frame.y + 12, width, 28);
    write(ctx, notice, frame.x + 24, frame.y + 31, { size: 14, weight: 700, color: "#7a4b00", most: width - 24 });
  }

  /** Legend in columns; where there is more than fits, all of it gets smaller. */
  function drawLegend(ctx, box, blocks) {
    const rows = blocks.flatMap(({ title, rows: entries }) => [...(title ? [{ title }] : []), ...entries]);
    const each = Math.ceil((rows.length + box.columns) / box.columns);
    for (let last = each - 1; last < rows.length; last += each) {
      if (rows[last].title) rows.splice(last, 0, { label: "" }); // no heading at a column's foot
    }
    const small = Math.min(1, (box.height - 26) / (each * ROW));
    write(ctx, "图例", box.x, box.y + 14, { size: 15, weight: 700 });
    const width = box.width / box.columns;
    rows.forEach(({ title, label, count, paint }, i) => {
      ctx.save();
      ctx.translate(box.x + Math.floor(i / each) * width, box.y + 26 + ((i % each) + 0.5) * ROW * small);
      ctx.scale(small, small);
      if (title) {
        write(ctx, title, 0, 4, { size: 12, weight: 700, most: width / small - 8 });
      } else if (label) {
        ctx.save();
        ctx.translate(14, 0);
        paint(ctx);
        ctx.restore();
        write(ctx, `${label}（${thousands(count)}）`, 34, 4, { most: width / small - 42 });
      }
      ctx.restore();
    });
  }

  function drawFoot(ctx, page, { facts, filters }) {
    const limited = filters.filter(({ layer }) => layer.keptCount < layer.rows);
    const left = [
      facts.source && `数据来源：${facts.source}`,
      ...limited.map(({ layer }) => `已筛选：显示 ${thousands(layer.keptCount)} / ${thousands(layer.rows)} 个${layer.label}`),
    ].filter(Boolean);
    const y = page.height - 14;
    const color = "#4c5b69";
    write(ctx, left.join("　"), MARGIN, y, { size: 11, color, most: page.width - 340 });
    write(ctx, `坐标系：${facts.datum}　制图日期：${facts.date}`, page.width - MARGIN, y, { size: 11, align: "right", color });
  }

  // ------------------------------------------------------------ ways out
  /** Put the sheet in place of the page while it is printed, by whatever way. */
  function listen(map, panel) {
    let sheet = null;
    window.addEventListener("beforeprint", () => {
      if (sheet) return;
      sheet = compose(map, panel, { tiles: true });
      document.body.append(sheet);
    });
    window.addEventListener("afterprint", () => {
      sheet?.remove();
      sheet = null;
    });
  }

  function print() {
    window.print();
  }

  function savePicture(map, panel) {
    compose(map, panel).toBlob((blob) => save(`${panel.facts.title}.png`, blob));
  }

  function saveTable(title, layer) {
    save(`${title}_${layer.label}.csv`, new Blob([OneMap.find.table(layer)], { type: "text/csv" }));
  }

  function save(name, blob) {
    const address = URL.createObjectURL(blob);
    const link = make("a", { href: address, download: name.replace(/[\\/:*?"<>|\x00-\x1f]/g, "_") });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  return { compose, listen, print, savePicture, saveTable };
})();
