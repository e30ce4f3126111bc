/* Start: folium's page calls this once all layers are there. */
document.body.classList.add("om"); // the layout stands before Leaflet measures the map

OneMap.start = function (map, settingsId, layers, others) {
  "use strict";

  const { emptyBox, growBox, latitudeOf, longitudeOf, readSettings } = OneMap.data;
  const facts = readSettings(settingsId);
  Object.assign(OneMap.draw.settings, facts);
  map.getContainer().style.background = facts.background;

  /** Box around layers, null where they hold nothing. */
  function bounds(chosen) {
    const box = emptyBox();
    for (const { data } of chosen) {
      const [west, north, east, south] = data.box();
      if (Number.isFinite(west)) growBox(box, west, north);
      if (Number.isFinite(east)) growBox(box, east, south);
    }
    if (!Number.isFinite(box[0])) return null;
    return L.latLngBounds([latitudeOf(box[3]), longitudeOf(box[0])], [latitudeOf(box[1]), longitudeOf(box[2])]);
  }

  // what is to be seen at once is seen, whatever the map is doing
  const { setView } = map;
  map.setView = function (centre, zoom, options) {
    if (options?.animate === false) OneMap.layers.endZoom(this);
    return setView.call(this, centre, zoom, options);
  };

  /** Bring a box into view, beside the legend where there is room for both. */
  function show(box) {
    const options = { animate: false, maxZoom: 16, paddingTopLeft: [36, 48], paddingBottomRight: [panel.taken() + 6, 40] };
    if (box) map.fitBounds(box.pad(0.04), options);
  }

  const framing = layers.filter(({ data }) => data.style.extent);
  const traced = layers.filter(({ data }) => data.style.group === "trace");
  const panel = new OneMap.panel.Panel(map, facts, layers, others);
  const has = (name) => facts.packs.includes(name);
  if (has("periods")) new OneMap.period.Periods(map, panel, "periods");
  if (has("readings")) new OneMap.series.Readings(panel, "readings");
  if (has("photos")) new OneMap.photo.Photos(panel, "photos");
  if (has("network")) new OneMap.follow.Follow(map, panel, new OneMap.travel.Network("network"));
  const tools = new OneMap.tools.Tools(map, panel, () => show(bounds(framing) || bounds(layers)));
  OneMap.sheet.listen(map, panel);
  const ground = facts.base && new OneMap.ground.Ground(map, panel, facts.base);
  const view = new OneMap.view.View(map, panel, ground);
  // A trace is what the reader came for; everything else is one press away.
  if (!view.asked) show(bounds(traced) || bounds(framing) || bounds(layers));
  OneMap.page = { map, panel, tools, view }; // for whoever looks from outside: tests, the console
  OneMap.layers.surfaceOf(map).paint();
  OneMap.ready = performance.now(); // read by the benchmark
};
