// Rates over time: all regions as a map, the chosen ones as lines.
const CHOSEN = [];
const CHOICE_LISTENERS = [];
const MOST_CHOSEN = 8;

/** Takes a region into the choice or out of it; the oldest gives way. */
function choose(region) {
  const at = CHOSEN.indexOf(region);
  if (at >= 0) CHOSEN[at] = undefined;
  else {
    const free = Array.from({ length: MOST_CHOSEN }, (_, i) => i).find((i) => CHOSEN[i] === undefined);
    CHOSEN[free ?? 0] = region;
  }
  CHOICE_LISTENERS.forEach((f) => f());
}

/** Chosen regions with their colours. */
const chosen = () => CHOSEN.map((region, i) => ({ region, colour: lineColour(i) })).filter((c) => c.region !== undefined);

function drawRates() {
  chooseFirst();
  if (!RUN.region_rates) return emptyIn("heat", "This run recorded no rates.", true);
  const state = { bin: RUN.region_rates.bin_ms, bins: RUN.region_rates.bins };
  state.regions = rowsOf(RUN.region_rates.values, state.bins);
  state.populations = RUN.population_rates ? rowsOf(RUN.population_rates.values, RUN.population_rates.bins) : [];
  rateControls(state);
  const redraw = () => {
    resmooth(state);
    state.heat?.redraw();
    state.traces?.redraw();
  };
  place("rates-kind").addEventListener("change", redraw);
  place("rates-smooth").addEventListener("change", redraw);
  resmooth(state);
  ratePlots(state);
}

/** The map of all rows and the lines of the chosen ones, of what `state` holds whenever they are painted. */
function ratePlots(state) {
  const n = RUN.regions.length;
  state.heat = plotIn("heat", {
    height: (w) => 56 + Math.max(110, Math.min(n * (w < 600 ? 9 : 12), 480)),
    label: `Rate of ${n} ${ROWS} over time as a colour map`,
    draw: (ctx, w, h) => paintHeat(ctx, w, h, state),
  });
  state.traces = plotIn("traces", { height: 250, label: `Rates of the chosen ${ROWS} and of the mean over time`, draw: (ctx, w, h) => paintTraces(ctx, w, h, state) });
  CHOICE_LISTENERS.push(() => [state.heat, state.traces].forEach((p) => p.redraw()));
  hover(state.heat, (x, y) => heatHit(state, x, y)?.text ?? "");
  state.heat.canvas.addEventListener("click", (e) => {
    const box = state.heat.canvas.getBoundingClientRect();
    const hit = heatHit(state, e.clientX - box.left, e.clientY - box.top);
    if (hit) choose(hit.region);
  });
  hover(state.traces, (x) => traceHit(state, x));
}

/** To begin with: the first, the last and two between, which an ordered atlas spreads over its hierarchy. */
function chooseFirst() {
  const n = RUN.regions.length;
  [...new Set([0, Math.round((n - 1) / 3), Math.round((2 * (n - 1)) / 3), n - 1])].forEach((i) => i >= 0 && (CHOSEN[CHOSEN.length] = i));
  regionChips();
}

function regionChips() {
  const chips = RUN.regions.map((r, i) => chip(r.label, () => choose(i)));
  const paint = () => {
    const colours = new Map(chosen().map((c) => [c.region, c.colour]));
    chips.forEach((c, i) => {
      c.setAttribute("aria-pressed", String(colours.has(i)));
      c.mark.style.background = colours.get(i) ?? "";
    });
  };
  CHOICE_LISTENERS.push(paint);
  onTheme(paint);
  place("region-chips").append(...chips);
}

function rateControls(state) {
  const kind = place("rates-kind");
  if (ROW !== "region") kind.closest("label").hidden = true;
  kind.append(make("option", { value: "", text: "all" }));
  if (state.populations.length && RUN.kinds.length > 1) kind.append(...KINDS.map((k) => make("option", { value: k.kind, text: k.name })));
  const smooth = place("rates-smooth");
  const widths = [1, 2, 5, 10, 20, 50, 100].map((k) => k * state.bin).filter((ms) => ms <= (RUN.end_ms - RUN.start_ms) / 5);
  smooth.append(...(widths.length ? widths : [state.bin]).map((ms) => make("option", { value: ms, text: shown(ms) + " ms" })));
  // Wide enough that a line can be followed, narrow enough that an oscillation survives.
  const start = widths.find((ms) => ms >= 5) ?? widths[0];
  if (start) smooth.value = start;
}

/** The rows on view after the choice of neurons and averaging. */
function resmooth(state) {
  const kind = place("rates-kind").value;
  const width = Number(place("rates-smooth").value);
  const t = kind === "" ? RUN.region_rates : RUN.population_rates;
  const rows = kind === "" ? state.regions : kindRows(state, Number(kind));
  state.bin = t.bin_ms;
  const half = Math.max(1, Math.round(width / t.bin_ms));
  state.rows = rows.map((row) => row && boxcar(row, half));
  state.mean = weightedMean(state.rows, kind);
  const finite = state.rows.flatMap((row) => (row ? Array.from(row) : [])).sort((a, b) => a - b);
  // The colour scale ends at the 99.5th percentile, so that one burst does not darken all the rest.
  state.top = finite.length ? finite[Math.floor((finite.length - 1) * 0.995)] || 1 : 1;
}

function kindRows(state, kind) {
  const rows = RUN.regions.map(() => null);
  RUN.populations.forEach((p, i) => {
    if (p.kind === kind) rows[p.region] = state.populations[i];
  });
  return rows;
}

function weightedMean(rows, kind) {
  const sizes = RUN.regions.map((r) => r.neurons);
  if (kind !== "") RUN.populations.forEach((p) => p.kind === Number(kind) && (sizes[p.region] = p.size));
  const length = rows.find(Boolean)?.length ?? 0;
  const mean = new Float64Array(length);
  let total = 0;
  rows.forEach((row, i) => {
    if (!row) return;
    total += sizes[i];
    for (let k = 0; k < length; k++) mean[k] += row[k] * sizes[i];
  });
  return mean.map((v) => v / (total || 1));
}

/** Moving average over `width` bins. */
function boxcar(row, width) {
  if (width <= 1) return row;
  const sums = new Float64Array(row.length + 1);
  for (let i = 0; i < row.length; i++) sums[i + 1] = sums[i] + row[i];
  return row.map((_, i) => {
    const from = Math.max(0, i - Math.floor(width / 2));
    const to = Math.min(row.length, from + width);
    return (sums[to] - sums[from]) / (to - from);
  });
}

function heatFrame(w, h) {
  return { x: scaleOf(RUN.start_ms, RUN.end_ms, leftOf(w), w - rightOf(w)), top: 22, bottom: h - 32 };
}

function paintHeat(ctx, w, h, state) {
  const { x, top, bottom } = heatFrame(w, h);
  const n = state.rows.length;
  const length = state.rows.find(Boolean)?.length ?? 1;
  const image = new ImageData(length, n);
  const nothing = channels(toHex(ink("faint")));
  state.rows.forEach((row, i) => {
    for (let k = 0; k < length; k++) image.data.set([...(row ? at(VIRIDIS, row[k] / state.top) : nothing), 255], 4 * (i * length + k));
  });
  const sheet = make("canvas", { width: length, height: n });
  sheet.getContext("2d").putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(sheet, x.a, top, x(RUN.start_ms + length * state.bin) - x.a, bottom - top);
  const row = (bottom - top) / n;
  let free = -Infinity;
  const colours = new Map(chosen().map((c) => [c.region, c.colour]));
  RUN.regions.forEach((r, i) => {
    const y = top + (i + 0.5) * row;
    const colour = colours.get(i);
    if (colour) {
      ctx.fillStyle = colour;
      ctx.fillRect(x.a - 4, top + i * row, 4, Math.max(2, row));
    }
    if (y - free < 10) return;
    ctx.fillStyle = ink(colour ? "ink" : "soft");
    ctx.textAlign = "right";
    ctx.fillText(clipped(ctx, r.label, x.a - 10), x.a - 7, y);
    free = y;
  });
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "center";
  for (const t of ticksOf(x)) {
    line(ctx, Math.round(x(t)) + 0.5, bottom, Math.round(x(t)) + 0.5, bottom + 4, ink("line"));
    ctx.fillText(tickText(t), x(t), bottom + 12);
  }
  titles(ctx, { left: x.a, right: x.b, top, bottom: bottom - 2 }, "time (ms)", "");
  colourBar(ctx, { left: x.b + 10, top, height: bottom - top, colours: VIRIDIS, lo: 0, hi: state.top, title: "spikes/s" });
}

const toHex = (colour) => (colour.length === 4 ? "#" + [...colour.slice(1)].map((c) => c + c).join("") : colour);

function heatHit(state, px, py) {
  const { x, top, bottom } = heatFrame(state.heat.width, state.heat.height);
  if (px < 0 || px > x.b || py < top || py > bottom) return null;
  const region = Math.min(state.rows.length - 1, Math.floor(((py - top) / (bottom - top)) * state.rows.length));
  const bin = Math.max(0, Math.floor((x.invert(px) - RUN.start_ms) / state.bin));
  const rate = state.rows[region]?.[bin];
  return { region, text: `${RUN.regions[region].label}\nt = ${shown(RUN.start_ms + bin * state.bin, 4)} ms\n${shown(rate)} spikes/s\nclick to draw or remove its line` };
}

function paintTraces(ctx, w, h, state) {
  const x = scaleOf(RUN.start_ms, RUN.end_ms, leftOf(w), w - rightOf(w));
  const lines = chosen().filter((c) => state.rows[c.region]);
  let top = 0;
  for (const row of [state.mean, ...lines.map((c) => state.rows[c.region])]) for (const v of row) top = Math.max(top, v);
  const y = scaleOf(0, top * 1.05 || 1, h - 34, 22);
  axes(ctx, { x, y, xTitle: "time (ms)", yTitle: "rate (spikes/s)" });
  const xs = Array.from(state.mean, (_, k) => x(RUN.start_ms + (k + 0.5) * state.bin));
  const draw = (row, colour, style) => curve(ctx, xs, Array.from(row, (v) => y(v)), colour, style);
  within(ctx, x, y, () => {
    lines.forEach((c) => draw(state.rows[c.region], c.colour, { width: 1.3 }));
    draw(state.mean, ink("ink"), { width: 2 });
  });
  directLabels(ctx, x.b + 5, [...lines.map((c) => ({ text: RUN.regions[c.region].label, colour: c.colour, y: y(average(state.rows[c.region])) })), { text: "mean", colour: ink("ink"), y: y(average(state.mean)) }], y, rightOf(w) - 7);
}

const average = (row) => row.reduce((sum, v) => sum + v, 0) / (row.length || 1);

/** Names of lines at their right end, moved apart so that none covers another. */
function directLabels(ctx, left, labels, y, room) {
  labels.sort((a, b) => a.y - b.y);
  labels.forEach((l, i) => (l.y = Math.max(l.y, i ? labels[i - 1].y + 12 : y.b)));
  for (let i = labels.length - 1, floor = y.a; i >= 0; floor = labels[i--].y - 12) labels[i].y = Math.min(labels[i].y, floor);
  ctx.textAlign = "left";
  for (const l of labels) {
    ctx.fillStyle = l.colour;
    ctx.fillText(clipped(ctx, l.text, room), left, l.y);
  }
}

function traceHit(state, px) {
  const w = state.traces.width;
  const x = scaleOf(RUN.start_ms, RUN.end_ms, leftOf(w), w - rightOf(w));
  if (px < x.a || px > x.b) return "";
  const bin = Math.min(state.mean.length - 1, Math.floor((x.invert(px) - RUN.start_ms) / state.bin));
  const rows = chosen().filter((c) => state.rows[c.region]).map((c) => `${RUN.regions[c.region].label}: ${shown(state.rows[c.region][bin])}`);
  return [`t = ${shown(RUN.start_ms + bin * state.bin, 4)} ms`, ...rows, `mean: ${shown(state.mean[bin])} spikes/s`].join("\n");
}
