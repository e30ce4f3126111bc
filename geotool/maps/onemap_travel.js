/* Travel: what lies upstream of a place and where its water goes, how far and how long,
 * from the network in the page. The rules are those of geotool.trace, which the tests
 * hold this against. Lengths are whole millimetres, times seconds. No page elements.
 *
 * Level 0: evidence gives the direction (certain). Level 1: as the gates stand, or as
 * it was inferred (scenario). Level 2: it may be, nobody knows (possible).
 */
OneMap.travel = (function () {
  "use strict";

  const NEVER = 9; // level of a way that does not exist
  const LEVELS = [0, 1, 2];
  const ON_REACH = 2; // positions before it in `how` lie on a reach
  const KINDS = ["length", "fast", "slow"]; // what ways are shortest by

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
      this.bases = head.bases; // words for what a velocity rests on, the firmest first
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
      this.unpackSpeeds(pack.header.speeds);
      for (const place of this.places.values()) {
        place.reach = pack.numbers(place.reach, Int32Array);
        place.measure = pack.numbers(place.measure, Int32Array);
        place.how = pack.numbers(place.how, Int8Array);
      }
    }

    /** Seconds of the fastest and of the slowest water through each reach. */
    unpackSpeeds({ low, high, basis, of }) {
      const { pack } = this;
      const [slowest, fastest, bases] = [pack.numbers(low, Float64Array), pack.numbers(high, Float64Array), pack.numbers(basis, Int8Array)];
      const kinds = pack.steps(of);
      const seconds = (speeds) => Float64Array.from(kinds, (kind, i) => this.length[i] / 1000 / speeds[kind]);
      this.fast = seconds(fastest);
      this.slow = seconds(slowest);
      this.basis = Int8Array.from(kinds, (kind) => bases[kind]);
      // one velocity everywhere: the shortest way is the quickest
      this.sameSpeed = slowest.length === 1 && { fast: 1 / 1000 / fastest[0], slow: 1 / 1000 / slowest[0] };
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
        return { tail: this.gateArcs[at], head: this.gateArcs[at + 1], level: this.gateArcs[at + 2] };
      }
      const reach = number >> 1;
      const [a, b] = [this.start[reach], this.end[reach]];
      return number & 1
        ? { tail: b, head: a, level: this.against[reach] }
        : { tail: a, head: b, level: this.along[reach] };
    }

    /** Arcs by the node from which a search meets them, made once for each way. */
    index(upstream) {
      if (this.indexes.has(upstream)) return this.indexes.get(upstream);
      const arcs = 2 * this.count + this.gateArcs.length / 3;
      const far = new Int32Array(arcs);
      const level = new Int8Array(arcs);
      const first = new Int32Array(this.nodes + 2);
      const near = new Int32Array(arcs);
      for (let i = 0; i < arcs; i++) {
        const { tail, head, level: own } = this.arc(i);
        [near[i], far[i]] = upstream ? [head, tail] : [tail, head];
        level[i] = own;
        first[near[i] + 2]++;
      }
      for (let node = 0; node <= this.nodes; node++) first[node + 1] += first[node];
      const order = new Int32Array(arcs);
      for (let i = 0; i < arcs; i++) order[first[near[i] + 1]++] = i;
      const found = { far, level, first, order };
      this.indexes.set(upstream, found);
      return found;
    }

    /**
     * Smallest cost of every node at a level, from [node, cost, basis] triples, and the
     * least firm thing that the velocities of that way rest on. A gate costs nothing.
     */
    spread(upstream, level, kind, sources) {
      const { far, level: levels, first, order } = this.index(upstream);
      const [costs, bases, gates] = [this[kind], this.basis, 2 * this.count];
      const best = new Float64Array(this.nodes).fill(Infinity);
      const soft = new Int8Array(this.nodes);
      const heap = new Heap();
      for (const [node, cost, basis] of sources) {
        if (cost >= best[node]) continue;
        best[node] = cost;
        soft[node] = basis;
        heap.push(cost, node);
      }
      while (heap.cost.length) {
        const [cost, node] = heap.pop();
        if (cost > best[node]) continue;
        for (let k = first[node]; k < first[node + 1]; k++) {
          const arc = order[k];
          if (levels[arc] > level) continue;
          const reach = arc < gates ? arc >> 1 : -1;
          const next = reach < 0 ? cost : cost + costs[reach];
          if (next >= best[far[arc]]) continue;
          best[far[arc]] = next;
          soft[far[arc]] = reach < 0 ? soft[node] : Math.max(soft[node], bases[reach]);
          heap.push(next, far[arc]);
        }
      }
      return { cost: best, soft };
    }
  }

  // ------------------------------------------------------------ one search
  /** Ways to all nodes at each level, the shortest and the quickest, from a place. */
  function searches(network, start, upstream) {
    const shortest = search(network, start, upstream, "length");
    const found = { length: shortest };
    for (const kind of ["fast", "slow"]) {
      const factor = network.sameSpeed && network.sameSpeed[kind];
      found[kind] = factor
        ? shortest.map(({ cost, soft }) => ({ cost: cost.map((one) => one * factor), soft }))
        : search(network, start, upstream, kind);
    }
    return found;
  }

  /** Costs of all nodes at each level, from a place on a reach. */
  function search(network, { reach, measure }, upstream, kind) {
    const [low, high] = [network.start[reach], network.end[reach]];
    const [along, against] = [network.along[reach], network.against[reach]];
    const length = network.length[reach];
    if (measure <= 0 || measure >= length) {
      const node = measure <= 0 ? low : high;
      return LEVELS.map((level) => network.spread(upstream, level, kind, [[node, 0, 0]]));
    }
    const [whole, basis] = [network[kind][reach], network.basis[reach]];
    const toLow = [low, (whole * measure) / length, basis];
    const toHigh = [high, (whole * (length - measure)) / length, basis];
    // upstream, the water of the low end comes with the drawing; downstream against it
    const [ofLow, ofHigh] = upstream ? [along, against] : [against, along];
    return LEVELS.map((level) => {
      const sources = [];
      if (ofLow <= level) sources.push(toLow);
      if (ofHigh <= level) sources.push(toHigh);
      if (Math.min(along, against) <= level) return network.spread(upstream, level, kind, sources);
      // whichever way the reach runs, its water comes from what reaches both its ends
      const [atLow, atHigh] = [low, high].map((node) => network.spread(upstream, level, kind, [[node, 0, 0]]).cost);
      const { cost, soft } = network.spread(upstream, level, kind, [toLow, toHigh]);
      return { cost: cost.map((one, node) => (Number.isFinite(atLow[node] + atHigh[node]) ? one : Infinity)), soft };
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
    const cost = (level, node) => (node < 0 ? 0 : costs.length[level].cost[node]); // -1: the start
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

  /** Seconds from a node on, and through a part of a reach. */
  function times(network, costs, level, { node, reach = 0, part = 0 }) {
    const share = part / network.length[reach];
    const spent = (kind) => (node < 0 ? 0 : costs[kind][level].cost[node]) + share * network[kind][reach];
    return { fast: spent("fast"), slow: spent("slow") };
  }

  /** Firmest, then shortest way to a measure on a segment; null where there is none. */
  function hit(network, costs, segment, found, measure) {
    let best = null;
    const offer = (level, distance, node, part) => {
      const better = !best || level < best.level || (level === best.level && distance < best.distance);
      if (Number.isFinite(distance) && better) best = { level, distance, node, part };
    };
    [[segment.high, segment.atHigh], [segment.low, segment.atLow]].forEach(([edge, node], side) => {
      const part = Math.abs(edge - measure);
      if (part === 0) for (const level of LEVELS) offer(level, node < 0 ? 0 : costs.length[level].cost[node], node, 0);
      else if (found && found.entered[side]) offer(found.level, found.far[side] + part, node, part);
    });
    if (!best) return null;
    const { level, distance, node, part } = best;
    const { reach } = segment;
    const softest = node < 0 ? 0 : Math.max(...KINDS.map((kind) => costs[kind][level].soft[node]));
    const basis = Math.max(softest, network.basis[reach]);
    return { level, distance, basis, ...times(network, costs, level, { node, reach, part }) };
  }

  /**
   * Follow the water from a place, against it or with it.
   * Distances are millimetres, `fast` and `slow` seconds; `points` holds, by layer, what
   * was met, nearest first; `basis` is the least firm thing its times rest on.
   */
  function trace(network, start, upstream) {
    network.unpack();
    const costs = searches(network, start, upstream);
    const { parts, ends } = segments(network, start);
    const reaches = [];
    const take = (segment) => {
      const found = classify(network, costs, upstream, segment);
      if (!found) return;
      const away = [0, 1].map((side) => (found.entered[side] ? found.far[side] : Infinity));
      const side = away[0] <= away[1] ? 0 : 1;
      const spent = times(network, costs, found.level, { node: side ? segment.atLow : segment.atHigh });
      reaches.push({ reach: segment.reach, level: found.level, distance: away[side], ...spent, low: segment.low, high: segment.high });
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
      const best = hit(network, costs, segment, kept.get(key), measure);
      if (best) met.push({ row, ...best, ambiguous: place.how[row] === 1 });
    }
    return met.sort((a, b) => a.distance - b.distance || a.row - b.row);
  }

  /** Gates at which the water was followed no further. */
  function stops(network, costs) {
    const found = [];
    for (const gate of network.gates) {
      if (gate.state !== "closed" && gate.state !== "one_way") continue;
      const met = gate.sides.map((node) => Number.isFinite(costs.length[2].cost[node]));
      if (met[0] === met[1]) continue;
      const here = gate.sides[met[0] ? 0 : 1];
      const level = LEVELS.find((one) => Number.isFinite(costs.length[one].cost[here]));
      found.push({ gate, level, distance: costs.length[2].cost[here], ...times(network, costs, 2, { node: here }) });
    }
    return found.sort((a, b) => a.distance - b.distance);
  }

  return { Network, trace };
})();
