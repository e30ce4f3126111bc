/* Travel: what lies upstream of a place and where its water goes, from the network in
 * the page. The rules are those of geotool.trace, which the tests hold this against.
 * Lengths are whole millimetres. No page elements.
 *
 * Level 0: evidence gives the direction (certain). Level 1: as the gates stand, or as
 * it was inferred (scenario). Level 2: it may be, nobody knows (possible).
 */
OneMap.travel = (function () {
  "use strict";

  const NEVER = 9; // level of a way that does not exist
  const LEVELS = [0, 1, 2];
  const ON_REACH = 2; // positions before it in `how` lie on a reach

  /** Smallest first: a heap of nodes by their cost. */
  class Heap {
    constructor() {
      this.cost = [];
      this.node = [];
    }

    push(cost, node) {
      let at = this.cost.length;
      this.cost.push(cost);
      this.node.push(node);
      while (at) {
        const up = (at - 1) >> 1;
        if (this.cost[up] <= cost) break;
        this.cost[at] = this.cost[up];
        this.node[at] = this.node[up];
        at = up;
      }
      this.cost[at] = cost;
      this.node[at] = node;
    }

    pop() {
      const top = [this.cost[0], this.node[0]];
      const cost = this.cost.pop();
      const node = this.node.pop();
      const count = this.cost.length;
      for (let at = 0; count; ) {
        let down = 2 * at + 1;
        if (down + 1 < count && this.cost[down + 1] < this.cost[down]) down++;
        if (down >= count || this.cost[down] >= cost) {
          this.cost[at] = cost;
          this.node[at] = node;
          break;
        }
        this.cost[at] = this.cost[down];
        this.node[at] = this.node[down];
        at = down;
      }
      return top;
    }
  }

  class Network {
    constructor(id) {
      const pack = new OneMap.data.Pack(id);
      const head = pack.header;
      this.pack = pack;
      this.nodes = head.nodes;
      this.gates = head.gates;
      this.unparted = head.unparted;
      this.scenario = head.scenario;
      this.maxOffset = head.maxOffset;
      this.looks = head.looks;
      this.places = new Map(Object.entries(head.places));
      this.indexes = new Map();
    }

    /** Arrays are unpacked at the first search, not when the page opens. */
    unpack() {
      if (this.start) return;
      const { pack } = this;
      const { start, end, along, against, length, gateArcs } = pack.header;
      this.start = pack.steps(start);
      this.end = pack.steps(end);
      this.along = pack.numbers(along, Int8Array);
      this.against = pack.numbers(against, Int8Array);
      this.length = pack.numbers(length, Int32Array);
      this.gateArcs = pack.numbers(gateArcs, Int32Array);
      this.count = this.start.length;
      for (const place of this.places.values()) {
        place.reach = pack.numbers(place.reach, Int32Array);
        place.measure = pack.numbers(place.measure, Int32Array);
        place.how = pack.numbers(place.how, Int8Array);
      }
    }

    /** Where a row of a layer lies: {reach, measure}, null where it is on no reach. */
    place(name, row) {
      this.unpack();
      const places = this.places.get(name);
      if (!places || places.how[row] >= ON_REACH || places.reach[row] < 0) return null;
      return { reach: places.reach[row], measure: places.measure[row] };
    }

    /** Far end and level of an arc: twice the reach, one more against it, then gates. */
    arc(number) {
      if (number >= 2 * this.count) {
        const at = 3 * (number - 2 * this.count);
        return { tail: this.gateArcs[at], head: this.gateArcs[at + 1], level: this.gateArcs[at + 2], cost: 0 };
      }
      const reach = number >> 1;
      const [a, b] = [this.start[reach], this.end[reach]];
      return number & 1
        ? { tail: b, head: a, level: this.against[reach], cost: this.length[reach] }
        : { tail: a, head: b, level: this.along[reach], cost: this.length[reach] };
    }

    /** Arcs by the node from which a search meets them, made once for each way. */
    index(upstream) {
      if (this.indexes.has(upstream)) return this.indexes.get(upstream);
      const arcs = 2 * this.count + this.gateArcs.length / 3;
      const far = new Int32Array(arcs);
      const level = new Int8Array(arcs);
      const cost = new Int32Array(arcs);
      const first = new Int32Array(this.nodes + 2);
      const near = new Int32Array(arcs);
      for (let i = 0; i < arcs; i++) {
        const { tail, head, level: own, cost: length } = this.arc(i);
        [near[i], far[i]] = upstream ? [head, tail] : [tail, head];
        level[i] = own;
        cost[i] = length;
        first[near[i] + 2]++;
      }
      for (let node = 0; node <= this.nodes; node++) first[node + 1] += first[node];
      const order = new Int32Array(arcs);
      for (let i = 0; i < arcs; i++) order[first[near[i] + 1]++] = i;
      const found = { far, level, cost, first, order };
      this.indexes.set(upstream, found);
      return found;
    }

    /** Smallest cost of every node at a level, from [node, cost] pairs. */
    spread(upstream, level, sources) {
      const { far, level: levels, cost: lengths, first, order } = this.index(upstream);
      const best = new Float64Array(this.nodes).fill(Infinity);
      const heap = new Heap();
      for (const [node, cost] of sources) {
        if (cost >= best[node]) continue;
        best[node] = cost;
        heap.push(cost, node);
      }
      while (heap.cost.length) {
        const [cost, node] = heap.pop();
        if (cost > best[node]) continue;
        for (let k = first[node]; k < first[node + 1]; k++) {
          const arc = order[k];
          if (levels[arc] > level) continue;
          const next = cost + lengths[arc];
          if (next >= best[far[arc]]) continue;
          best[far[arc]] = next;
          heap.push(next, far[arc]);
        }
      }
      return best;
    }
  }

  // ------------------------------------------------------------ one search
  /** Costs of all nodes at each level, from a place on a reach. */
  function search(network, { reach, measure }, upstream) {
    const [low, high] = [network.start[reach], network.end[reach]];
    const [along, against] = [network.along[reach], network.against[reach]];
    const length = network.length[reach];
    if (measure <= 0 || measure >= length) {
      const node = measure <= 0 ? low : high;
      return LEVELS.map((level) => network.spread(upstream, level, [[node, 0]]));
    }
    // upstream, the water of the low end comes with the drawing; downstream against it
    const [ofLow, ofHigh] = upstream ? [along, against] : [against, along];
    return LEVELS.map((level) => {
      const sources = [];
      if (ofLow <= level) sources.push([low, measure]);
      if (ofHigh <= level) sources.push([high, length - measure]);
      if (Math.min(along, against) <= level) return network.spread(upstream, level, sources);
      // whichever way the reach runs, its water comes from what reaches both its ends
      const [atLow, atHigh] = [low, high].map((node) => network.spread(upstream, level, [[node, 0]]));
      const either = network.spread(upstream, level, [[low, measure], [high, length - measure]]);
      return either.map((cost, node) => (Number.isFinite(atLow[node] + atHigh[node]) ? cost : Infinity));
    });
  }

  /** Reaches, and the two parts of the one that the start cuts. */
  function segments(network, { reach, measure }) {
    const cut = measure > 0 && measure < network.length[reach];
    const ends = (i) => ({ reach: i, low: 0, high: network.length[i], atLow: network.start[i], atHigh: network.end[i] });
    const whole = ends(reach);
    const parts = cut ? [{ ...whole, high: measure, atHigh: -1 }, { ...whole, low: measure, atLow: -1 }] : [whole];
    return { parts, ends };
  }

  /** Class of a segment and the ends through which it is entered: see trace._reached. */
  function classify(network, costs, upstream, { reach, atLow, atHigh }) {
    const own = [network.along[reach], network.against[reach]];
    const [ofHigh, ofLow] = upstream ? own : [own[1], own[0]];
    const cost = (level, node) => (node < 0 ? 0 : costs[level][node]); // -1: the start
    for (const level of LEVELS) {
      const met = [Number.isFinite(cost(level, atHigh)), Number.isFinite(cost(level, atLow))];
      const byArc = [ofHigh <= level && met[0], ofLow <= level && met[1]];
      const some = byArc[0] || byArc[1];
      if (!some && !(met[0] && met[1])) continue;
      const entered = some ? byArc : [ofHigh < NEVER, ofLow < NEVER];
      return { level, entered, far: [cost(level, atHigh), cost(level, atLow)] };
    }
    return null;
  }

  /** Firmest, then shortest way to a measure on a segment; null where there is none. */
  function hit(costs, segment, found, measure) {
    let best = null;
    const offer = (level, metres) => {
      const better = !best || level < best.level || (level === best.level && metres < best.distance);
      if (Number.isFinite(metres) && better) best = { level, distance: metres };
    };
    [[segment.high, segment.atHigh], [segment.low, segment.atLow]].forEach(([edge, node], side) => {
      const part = Math.abs(edge - measure);
      if (part === 0) for (const level of LEVELS) offer(level, node < 0 ? 0 : costs[level][node]);
      else if (found && found.entered[side]) offer(found.level, found.far[side] + part);
    });
    return best;
  }

  /**
   * Follow the water from a place, against it or with it.
   * Distances are millimetres; `points` holds, by layer, what was met, nearest first.
   */
  function trace(network, start, upstream) {
    network.unpack();
    const costs = search(network, start, upstream);
    const { parts, ends } = segments(network, start);
    const reaches = [];
    const take = (segment) => {
      const found = classify(network, costs, upstream, segment);
      if (!found) return;
      const distance = Math.min(...[0, 1].filter((side) => found.entered[side]).map((side) => found.far[side]));
      reaches.push({ reach: segment.reach, level: found.level, distance, low: segment.low, high: segment.high });
    };
    parts.forEach(take);
    for (let i = 0; i < network.count; i++) if (i !== start.reach) take(ends(i));
    reaches.sort((a, b) => a.distance - b.distance || a.reach - b.reach || a.low - b.low);
    const points = new Map();
    for (const [name, place] of network.places) points.set(name, meet(network, costs, upstream, parts, ends, place, start));
    return { upstream, start, reaches, points, gates: stops(network, costs) };
  }

  function meet(network, costs, upstream, parts, ends, place, start) {
    const met = [];
    const kept = new Map(); // class of a reach, for the points after the first on it
    for (let row = 0; row < place.reach.length; row++) {
      const reach = place.reach[row];
      if (reach < 0 || place.how[row] >= ON_REACH) continue;
      const measure = place.measure[row];
      const mine = reach === start.reach ? parts : [ends(reach)];
      const segment = mine.find(({ low, high }) => low <= measure && measure <= high) || mine[mine.length - 1];
      const key = 2 * reach + (segment === parts[1] ? 1 : 0);
      if (!kept.has(key)) kept.set(key, classify(network, costs, upstream, segment));
      const best = hit(costs, segment, kept.get(key), measure);
      if (best) met.push({ row, ...best, ambiguous: place.how[row] === 1 });
    }
    return met.sort((a, b) => a.distance - b.distance || a.row - b.row);
  }

  /** Gates at which the water was followed no further. */
  function stops(network, costs) {
    const found = [];
    for (const gate of network.gates) {
      if (gate.state !== "closed" && gate.state !== "one_way") continue;
      const met = gate.sides.map((node) => Number.isFinite(costs[2][node]));
      if (met[0] === met[1]) continue;
      const here = gate.sides[met[0] ? 0 : 1];
      const level = LEVELS.find((one) => Number.isFinite(costs[one][here]));
      found.push({ gate, level, distance: costs[2][here] });
    }
    return found.sort((a, b) => a.distance - b.distance);
  }

  return { Network, trace };
})();
