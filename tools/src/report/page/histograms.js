// Interspike intervals, rates of single neurons, CV of intervals, by kind of population.
function drawDistributions() {
  if (!RUN.isi || !RUN.populations.some((p) => p.isi.length || p.counts.length)) {
    emptyIn("isi", "This run recorded no spikes.", true);
    emptyIn("rate-histogram", "This run recorded no spikes.");
  } else {
    intervalsAndRates();
  }
  drawCv();
}

function intervalsAndRates() {
  const select = place("distribution-region");
  if (ROW !== "region") select.closest("label").hidden = true;
  select.append(make("option", { value: "", text: "all" }), ...RUN.regions.map((r, i) => make("option", { value: i, text: r.label })));
  const legend = KINDS.map((k) => {
    const element = chip(k.name, null, false);
    element.repaint = () => Object.assign(element.mark.style, { borderTopColor: kindColour(k.kind), borderTopStyle: k.dash.length ? (k.dash[0] < 4 ? "dotted" : "dashed") : "solid" });
    return element;
  });
  onTheme(() => legend.forEach((l) => l.repaint()));
  place("distribution-legend").append(...legend);
  const members = () => RUN.populations.filter((p) => select.value === "" || p.region === Number(select.value));
  const plots = [intervalPlot(members), ratePlot(members)];
  select.addEventListener("change", () => plots.forEach((p) => p.redraw()));
}

/** Sums the arrays of one field over the populations of each kind. */
function summedByKind(populations, field) {
  return KINDS.map(({ kind }) => {
    const sum = [];
    for (const p of populations) if (p.kind === kind) p[field].forEach((v, i) => (sum[i] = (sum[i] ?? 0) + v));
    return Array.from(sum, (v) => v ?? 0);
  });
}

/** Steps of a histogram as points of a curve. */
function steps(x, y, edges, values) {
  const [xs, ys] = [[x(edges[0])], [y.a]];
  values.forEach((v, i) => {
    xs.push(x(edges[i]), x(edges[i + 1]));
    ys.push(y(v), y(v));
  });
  return [[...xs, xs[xs.length - 1]], [...ys, y.a]];
}

function intervalPlot(members) {
  const { lowest, per_decade } = RUN.isi;
  const edge = (bin) => lowest * 10 ** (bin / per_decade);
  return plotIn("isi", {
    height: 250,
    label: "Histogram of interspike intervals by kind of population, logarithmic axis",
    draw: (ctx, w, h) => {
      const shares = summedByKind(members(), "isi").map((counts) => {
        const total = counts.reduce((a, b) => a + b, 0);
        return counts.map((c) => (100 * c) / (total || 1));
      });
      const first = Math.min(...shares.map((s) => s.findIndex((v) => v > 0)).filter((i) => i >= 0));
      const last = Math.max(...shares.map((s) => s.length));
      if (!(last > first)) return noneIn(ctx, w, h);
      const x = scaleOf(edge(first), edge(last), 44, w - 18, true);
      const y = scaleOf(0, Math.max(...shares.flat()) * 1.06, h - 34, 24);
      axes(ctx, { x, y, xTitle: "interval (ms)", yTitle: `intervals (% per 1/${per_decade} decade)` });
      shares.forEach((s, k) => s.length && curve(ctx, ...steps(x, y, s.map((_, i) => edge(i)).slice(first).concat(edge(s.length)), s.slice(first)), kindColour(k), { dash: KINDS[k].dash }));
    },
  });
}

function noneIn(ctx, w, h) {
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "center";
  ctx.fillText("no neuron fired twice", w / 2, h / 2);
}

function ratePlot(members) {
  const seconds = (RUN.end_ms - RUN.start_ms) / 1000;
  return plotIn("rate-histogram", {
    height: 250,
    label: "Histogram of rates of single neurons by kind of population",
    draw: (ctx, w, h) => {
      const { bins, width } = rateBins(members(), seconds);
      const top = Math.max(...bins.flat());
      const x = scaleOf(0, Math.max(...bins.map((b) => b.length)) * width, 44, w - 18);
      const y = scaleOf(0, top * 1.06, h - 34, 24);
      axes(ctx, { x, y, xTitle: "rate (spikes/s)", yTitle: `neurons (% per ${shown(width)} spikes/s)` });
      within(ctx, x, y, () => bins.forEach((b, k) => b.length && curve(ctx, ...steps(x, y, [...b.keys(), b.length].map((i) => i * width), b), kindColour(k), { dash: KINDS[k].dash })));
    },
  });
}

/** Shares of neurons in bins of equal width in rate, up to the 99.7th percentile. */
function rateBins(populations, seconds) {
  const widest = Math.max(1, ...populations.map((p) => p.count_width));
  const all = populations.flatMap((p) => p.counts.map((n, i) => [(i * p.count_width) / seconds, n])).sort((a, b) => a[0] - b[0]);
  const total = all.reduce((sum, [, n]) => sum + n, 0);
  let [seen, top] = [0, 1 / seconds];
  for (const [rate, n] of all) {
    seen += n;
    if (seen <= 0.997 * total) top = Math.max(top, rate);
  }
  // Counts are whole: a bin holds whole numbers of them, or teeth appear.
  const width = (Math.max(1, Math.ceil((top * seconds) / widest / 45)) * widest) / seconds;
  const bins = KINDS.map(({ kind }) => {
    const out = [];
    let neurons = 0;
    for (const p of populations) {
      if (p.kind !== kind) continue;
      p.counts.forEach((n, i) => {
        const bin = Math.floor((i * p.count_width) / seconds / width + 1e-9);
        out[bin] = (out[bin] ?? 0) + n;
        neurons += n;
      });
    }
    return Array.from(out.slice(0, Math.floor(top / width) + 2), (n) => (100 * (n ?? 0)) / (neurons || 1));
  });
  return { bins, width };
}

function drawCv() {
  const dots = RUN.populations.filter((p) => isNumber(p.cv_isi));
  if (!dots.length) return emptyIn("cv", "No neuron fired three spikes or more.");
  place("cv-hint").textContent = `CV: mean over the neurons with at least three spikes in these ${shown(RUN.end_ms - RUN.start_ms, 4)} ms; where intervals are not much shorter than that, it comes out too low.`;
  const top = Math.max(1.25, ...dots.map((p) => p.cv_isi)) * 1.04;
  const frame = (w, h) => ({ x: scaleOf(0, KINDS.length, 44, w - 10), y: scaleOf(0, top, h - 34, 24) });
  // Spread sideways by the golden ratio, which never repeats a place.
  const spot = (p, i, { x, y }) => [x(p.kind + 0.5 + (((i * 0.618034) % 1) - 0.5) * 0.5), y(p.cv_isi)];
  const plot = plotIn("cv", {
    height: 250,
    label: "CV of interspike intervals of every population",
    draw: (ctx, w, h) => {
      const f = frame(w, h);
      for (const t of ticksOf(f.y, 34)) {
        line(ctx, f.x.a, f.y(t), f.x.b, f.y(t), ink("faint"));
        ctx.fillStyle = ink("soft");
        ctx.textAlign = "right";
        ctx.fillText(tickText(t), f.x.a - 6, f.y(t));
      }
      ctx.setLineDash([4, 3]);
      line(ctx, f.x.a, f.y(1), f.x.b, f.y(1), ink("soft"));
      ctx.setLineDash([]);
      titles(ctx, { left: f.x.a, right: f.x.b, top: f.y.b }, "", "CV of ISI (1: Poisson)");
      dots.forEach((p, i) => {
        ctx.beginPath();
        ctx.arc(...spot(p, i, f), 2.6, 0, 7);
        ctx.globalAlpha = 0.75;
        ctx.fillStyle = kindColour(p.kind);
        ctx.fill();
      });
      ctx.globalAlpha = 1;
      kindMeans(ctx, dots, f);
    },
  });
  hover(plot, (px, py) => {
    const f = frame(plot.width, plot.height);
    const near = dots.map((p, i) => [p, Math.hypot(spot(p, i, f)[0] - px, spot(p, i, f)[1] - py)]).sort((a, b) => a[1] - b[1])[0];
    return near && near[1] < 9 ? `${near[0].name}\nCV ${shown(near[0].cv_isi)}\n${shown(near[0].rate)} spikes/s` : "";
  });
}

function kindMeans(ctx, dots, { x, y }) {
  const room = (x.b - x.a) / KINDS.length;
  KINDS.forEach(({ kind, name }) => {
    const own = dots.filter((p) => p.kind === kind);
    ctx.fillStyle = ink("soft");
    ctx.textAlign = "center";
    ctx.fillText(clipped(ctx, name, room - 2), x(kind + 0.5), y.a + 12);
    if (!own.length) return;
    const mean = average(own.map((p) => p.cv_isi));
    ctx.lineWidth = 2;
    line(ctx, x(kind + 0.18), y(mean), x(kind + 0.82), y(mean), ink("ink"));
  });
  ctx.lineWidth = 1;
}
