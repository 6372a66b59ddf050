// Spikes by region and population, with the rate of all neurons below.
function drawRaster() {
  const dots = dotsOf(RUN.raster, RUN.populations);
  const r = RUN.raster;
  if (!dots || !dots.time.length) return emptyIn("raster", r ? "No neuron fired." : "This run recorded no spikes.", true);
  const share = r.share < 1 ? ` Shown: ${whole(r.shown)} spikes of ${shown(r.share * 100)} % of the neurons of every population, evenly spaced.` : "";
  place("raster-lead").textContent = `${whole(r.total)} spikes recorded${RUN.start_ms > 0 ? ` after a warm-up of ${shown(RUN.start_ms)} ms` : ""}.${share}`;
  const layout = rasterLayout();
  const rows = new Float64Array(dots.time.length);
  for (let i = 0; i < rows.length; i++) rows[i] = layout.first[dots.population[i]] + dots.neuron[i];
  const whole_view = { t0: RUN.start_ms, t1: RUN.end_ms, y0: 0, y1: layout.total };
  const state = { dots, rows, layout, all: whole_view, view: { ...whole_view }, hidden: new Set(), box: null, network: networkRate() };
  const plot = plotIn("raster", {
    height: (w) => (w < 600 ? 480 : 600),
    label: `Raster of ${whole(r.shown)} spikes of ${RUN.populations.length} populations over ${shown(RUN.end_ms - RUN.start_ms)} ms`,
    draw: (ctx, w, h) => paintRaster(ctx, w, h, state),
  });
  state.plot = plot;
  rasterControls(state);
  rasterPointer(state);
  rasterKeys(state);
  hover(plot, (x, y) => rasterHit(state, x, y));
}

/** Rows of the raster: populations one above the other, the first at the top. */
function rasterLayout() {
  const first = [];
  const regions = RUN.regions.map(() => ({ from: Infinity, to: 0 }));
  let total = 0;
  for (const p of RUN.populations) {
    first.push(total);
    const band = regions[p.region];
    band.from = Math.min(band.from, total);
    total += p.size;
    band.to = total;
  }
  return { first, regions, total };
}

/** Mean rate over all neurons, from the regions'. */
function networkRate() {
  const t = RUN.region_rates;
  if (!t) return null;
  const rows = rowsOf(t.values, t.bins);
  const total = RUN.regions.reduce((sum, r) => sum + r.neurons, 0);
  const mean = new Float64Array(t.bins);
  rows.forEach((row, i) => row.forEach((v, k) => (mean[k] += (v * RUN.regions[i].neurons) / total)));
  return mean;
}

const STRIP = 74;

function rasterScales(w, h, state) {
  const bottom = state.network ? h - STRIP - 34 : h - 34;
  const { t0, t1, y0, y1 } = state.view;
  const right = w - (w < 600 ? 20 : ROW === "region" ? Math.min(96, Math.max(44, longest(RUN.kinds))) : 24);
  return { x: scaleOf(t0, t1, leftOf(w), right), y: scaleOf(y0, y1, 8, bottom), bottom };
}

function paintRaster(ctx, w, h, state) {
  const { x, y, bottom } = rasterScales(w, h, state);
  state.x = x;
  state.y = y;
  rasterBands(ctx, state, w);
  const frame = scaleOf(0, 1, bottom, 8);
  within(ctx, x, frame, () => rasterDots(ctx, state));
  for (const t of ticksOf(x)) {
    const px = Math.round(x(t)) + 0.5;
    line(ctx, px, bottom, px, bottom + 4, ink("line"));
  }
  if (state.network) networkStrip(ctx, h, state);
  else timeAxis(ctx, x, bottom);
  if (state.box) {
    const { x0, y0, x1, y1 } = state.box;
    ctx.fillStyle = ink("accent");
    ctx.globalAlpha = 0.16;
    ctx.fillRect(x0, y0, x1 - x0, y1 - y0);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = ink("accent");
    ctx.strokeRect(x0, y0, x1 - x0, y1 - y0);
  }
}

function timeAxis(ctx, x, bottom) {
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "center";
  for (const t of ticksOf(x)) ctx.fillText(tickText(t), x(t), bottom + 13);
  titles(ctx, { left: x.a, right: x.b, top: 0, bottom: bottom + 1 }, "time (ms)", "");
}

function rasterBands(ctx, state, w) {
  const { x, y, layout } = state;
  const bottom = y.b;
  ctx.textAlign = "right";
  let free = -Infinity;
  RUN.regions.forEach((region, i) => {
    const band = layout.regions[i];
    const top = Math.max(y(band.from), 8);
    const end = Math.min(y(band.to), bottom);
    if (end <= top) return;
    if (i % 2 === 0) {
      ctx.fillStyle = ink("faint");
      ctx.globalAlpha = 0.7;
      ctx.fillRect(x.a, top, x.b - x.a, end - top);
      ctx.globalAlpha = 1;
    }
    const middle = (top + end) / 2;
    if (middle - free >= 11) {
      ctx.fillStyle = ink("ink");
      ctx.fillText(clipped(ctx, region.label, x.a - 10), x.a - 6, middle);
      free = middle;
    }
  });
  if (w < 600 || ROW !== "region") return;
  ctx.textAlign = "left";
  free = -Infinity;
  RUN.populations.forEach((p, i) => {
    const top = Math.max(y(layout.first[i]), 8);
    const end = Math.min(y(layout.first[i] + p.size), bottom);
    const middle = (top + end) / 2;
    if (end - top < 9 || middle - free < 11) return;
    ctx.fillStyle = kindColour(p.kind);
    ctx.fillText(clipped(ctx, KINDS[p.kind].name, w - x.b - 6), x.b + 4, middle);
    free = middle;
  });
}

/** First index whose row is at least `row`. */
function firstAt(rows, row) {
  let [lo, hi] = [0, rows.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (rows[middle] < row) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

function rasterDots(ctx, state) {
  const { dots, rows, view, x, y, hidden } = state;
  const [from, to] = [firstAt(rows, view.y0), firstAt(rows, view.y1)];
  const shareOfView = ((to - from) / rows.length) * ((view.t1 - view.t0) / (state.all.t1 - state.all.t0));
  const density = (shareOfView * rows.length) / ((x.b - x.a) * (y.b - y.a));
  const size = Math.max(1, Math.min(3, 0.45 / Math.sqrt(density)));
  ctx.globalAlpha = density > 0.5 ? 0.55 : density > 0.15 ? 0.75 : 0.95;
  let last = -1;
  let skip = false;
  for (let i = from; i < to; i++) {
    const p = dots.population[i];
    if (p !== last) {
      last = p;
      const kind = RUN.populations[p].kind;
      skip = hidden.has(kind);
      ctx.fillStyle = kindColour(kind);
    }
    const t = dots.time[i];
    if (!skip && t >= view.t0 && t <= view.t1) ctx.fillRect(x(t) - size / 2, y(rows[i]) - size / 2, size, size);
  }
  ctx.globalAlpha = 1;
}

function networkStrip(ctx, h, { x, view, network }) {
  const bin = RUN.region_rates.bin_ms;
  const from = Math.max(0, Math.floor((view.t0 - RUN.start_ms) / bin));
  const to = Math.min(network.length, Math.ceil((view.t1 - RUN.start_ms) / bin));
  let top = 0;
  for (let i = from; i < to; i++) top = Math.max(top, network[i]);
  const y = scaleOf(0, top * 1.05 || 1, h - 34, h - 34 - STRIP + 22);
  axes(ctx, { x, y, xTitle: "time (ms)", grid: false, yRoom: 24 });
  ctx.textAlign = "left";
  ctx.fillStyle = ink("soft");
  ctx.fillText(`rate of all neurons (spikes/s), bins of ${shown(bin)} ms`, x.a, y.b - 9);
  within(ctx, x, y, () => {
    ctx.beginPath();
    ctx.moveTo(x(RUN.start_ms + from * bin), y.a);
    for (let i = from; i < to; i++) {
      ctx.lineTo(x(RUN.start_ms + i * bin), y(network[i]));
      ctx.lineTo(x(RUN.start_ms + (i + 1) * bin), y(network[i]));
    }
    ctx.lineTo(x(RUN.start_ms + to * bin), y.a);
    ctx.fillStyle = ink("accent");
    ctx.globalAlpha = 0.55;
    ctx.fill();
    ctx.globalAlpha = 1;
  });
}

function rasterHit(state, px, py) {
  const { x, y, dots, rows, view, hidden } = state;
  if (!x || px < x.a - 4 || px > x.b + 4 || py < y.a - 4 || py > y.b + 4) return "";
  const [from, to] = [firstAt(rows, y.invert(py - 6)), firstAt(rows, y.invert(py + 6))];
  let best = -1;
  let nearest = 49;
  for (let i = from; i < to; i++) {
    const [dx, dy] = [x(dots.time[i]) - px, y(rows[i]) - py];
    const distance = dx * dx + dy * dy;
    if (distance < nearest && dots.time[i] >= view.t0 && dots.time[i] <= view.t1 && !hidden.has(RUN.populations[dots.population[i]].kind)) {
      nearest = distance;
      best = i;
    }
  }
  if (best < 0) return "";
  const p = RUN.populations[dots.population[best]];
  return `${p.name}\nneuron ${whole(p.first + dots.neuron[best])}\nt = ${shown(dots.time[best], 6)} ms`;
}
