// The desk's page: draws what Python found, and tells Python what was clicked.
// Text from data is only ever set as textContent.

const MICRO = 1e6;
const OUTLINE = "#22303c";

function numbers(view, Kind) {
  if (!view || !view.byteLength) return new Kind(0);
  return new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function lines(coords, starts) {
  const xy = numbers(coords, Int32Array), first = numbers(starts, Uint32Array), found = [];
  for (let k = 0; k + 1 < first.length; k++) {
    const one = [];
    for (let v = first[k]; v < first[k + 1]; v++) one.push([xy[2 * v + 1] / MICRO, xy[2 * v] / MICRO]);
    found.push(one);
  }
  return found;
}

function tag(name, text, parent, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  if (parent) parent.appendChild(element);
  return element;
}

function button(text, parent, action) {
  const made = tag("button", text, parent);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

function render({ model, el }) {
  const root = tag("div", undefined, el, "geotool-desk");
  const place = tag("div", undefined, root, "map");
  place.style.height = `${model.get("height_px")}px`;
  const side = tag("div", undefined, root, "side");
  side.style.maxHeight = place.style.height;
  const bar = tag("div", undefined, side, "bar");
  const status = tag("div", undefined, side);
  status.setAttribute("aria-live", "polite");
  const list = tag("div", undefined, side);

  const map = L.map(place, { attributionControl: false, preferCanvas: true, zoomSnap: 0.25 });
  const canvas = L.canvas({ tolerance: 6 });
  const base = L.polyline(lines(model.get("base_coords"), model.get("base_starts")),
    { color: "#4a7fa5", weight: 2, renderer: canvas, interactive: false }).addTo(map);
  map.setView([32, 120], 8);
  const found = L.layerGroup().addTo(map), gates = L.layerGroup().addTo(map);

  const say = (message) => {
    status.className = "";
    status.textContent = message.kind === "rank" ? "正在排序，请稍候……" : "……";
    model.send(message);
  };
  const looks = model.get("looks");
  const stateOf = (gate) => looks.gates[gate.state] || looks.gates.unknown;
  const point = (mark) => say({ kind: "point", layer: mark.layer, id: mark.id });

  for (const mark of model.get("marks")) {
    const look = looks.marks[mark.layer] || looks.marks.sources;
    const circle = L.circleMarker([mark.lat, mark.lon], {
      radius: look.size * 0.75, fillColor: look.color, color: OUTLINE, weight: 1, fillOpacity: 0.9,
      renderer: canvas, bubblingMouseEvents: false,
    });
    circle.bindTooltip(tag("span", mark.name ? `${mark.id} ${mark.name}` : mark.id));
    circle.on("click", () => point(mark));
    circle.addTo(map);
  }
  map.on("click", (event) => say({ kind: "place", lon: event.latlng.lng, lat: event.latlng.lat }));

  // ---------------------------------------------------------------- bar
  const ways = { upstream: "↑ 上游", downstream: "↓ 下游" }, keys = {};
  let direction = "upstream";
  for (const [key, text] of Object.entries(ways))
    keys[key] = button(text, bar, () => { direction = key; pressed(); say({ kind: "turn", direction: key }); });
  const pressed = () => {
    for (const key of Object.keys(keys)) keys[key].setAttribute("aria-pressed", String(key === direction));
  };
  pressed();
  if (model.get("can_rank"))
    button("谁最可能", bar, () => { direction = "upstream"; pressed(); say({ kind: "rank" }); });
  const key = tag("div", undefined, bar, "key");
  for (const one of looks.classes) {
    tag("span", "", key).style.background = one.color;
    key.appendChild(document.createTextNode(one.zh));
  }

  // ---------------------------------------------------------------- gates
  function drawGates() {
    gates.clearLayers();
    for (const gate of model.get("gates")) {
      const shut = gate.state === "closed";
      const box = L.circleMarker([gate.lat, gate.lon], {
        radius: 6, weight: 2, color: stateOf(gate).color, fillColor: "#fff",
        fillOpacity: 1, renderer: canvas, bubblingMouseEvents: false,
      });
      box.bindTooltip(tag("span", `${gate.id} ${gate.name}（${stateOf(gate).zh}）`));
      box.on("click", () => {
        const card = tag("div");
        tag("div", `${gate.id} ${gate.name}：现为 ${stateOf(gate).zh}`, card);
        const other = shut ? "open" : "closed";
        button(shut ? "打开" : "关闭", card, () => { map.closePopup(); say({ kind: "gate", id: gate.id, state: other }); });
        L.popup().setLatLng([gate.lat, gate.lon]).setContent(card).openOn(map);
      });
      box.addTo(gates);
    }
  }

  // ---------------------------------------------------------------- answers
  function drawFound() {
    found.clearLayers();
    const all = lines(model.get("found_coords"), model.get("found_starts"));
    const kind = numbers(model.get("found_classes"), Uint8Array);
    // certain water last, so that it lies on top
    looks.classes.map((one, k) => [one, k]).reverse().forEach(([one, k]) => {
      const own = all.filter((_, n) => kind[n] === k);
      if (own.length) L.polyline(own, { color: one.color, weight: 5, opacity: 0.85, renderer: canvas,
        interactive: false, dashArray: [null, "10 6", "2 6"][k] }).addTo(found);
    });
  }

  function drawAnswer() {
    const answer = model.get("answer");
    status.className = answer.error ? "error" : "";
    status.textContent = answer.error || answer.title;
    if (answer.error) return;
    list.replaceChildren();
    if (answer.rows.length) {
      const ranked = answer.rows.some((row) => row.probability);
      const table = tag("table", undefined, list), head = tag("tr", undefined, tag("thead", undefined, table));
      const columns = ranked ? { name: "名称", probability: "概率", distance: "沿河", time: "流经" }
        : { name: "名称", relation: "可达", distance: "沿河", time: "流经" };
      for (const text of Object.values(columns)) tag("th", text, head).scope = "col";
      const body = tag("tbody", undefined, table);
      for (const row of answer.rows) {
        const line = tag("tr", undefined, body);
        for (const column of Object.keys(columns)) {
          if (column !== "name") { tag("td", row[column], line); continue; }
          button(row.name || row.id, tag("td", undefined, line), () => map.setView([row.lat, row.lon], Math.max(map.getZoom(), 14)));
        }
      }
    }
    for (const [title, texts] of [["止于", answer.stops], ["说明", answer.notes]]) {
      if (!texts.length) continue;
      tag("h4", title, list);
      const items = tag("ul", undefined, list);
      for (const text of texts) tag("li", text, items);
    }
  }

  model.on("change:answer", drawAnswer);
  model.on("change:gates", drawGates);
  model.on("change:found_coords", drawFound);
  model.on("change:found_classes", drawFound);
  drawGates(); drawFound(); drawAnswer();
  root.leafletMap = map;
  let fitted = false;  // before the cell is laid out the map has no size to fit into
  const watch = new ResizeObserver(() => {
    map.invalidateSize();
    if (fitted || !place.clientWidth) return;
    fitted = true;
    if (base.getLatLngs().length) map.fitBounds(base.getBounds().pad(0.03), { animate: false });
  });
  watch.observe(place);
  return () => { watch.disconnect(); map.remove(); };
}

export default { render };
