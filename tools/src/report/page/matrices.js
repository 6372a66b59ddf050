// Structural weights beside correlations of rates, simulated and empirical.
const MATRIX_NAMES = { weights: "structure", simulated: "simulated FC", empirical: "empirical FC" };

function drawMatrices() {
  const m = RUN.matrices;
  const n = RUN.matrices.n;
  const shownOnes = [
    ["weights", `Structural weights${m.weight_kind ? ` (${m.weight_kind})` : ""}`, VIRIDIS],
    ["simulated", ROW === "region" ? "Simulated functional connectivity" : "Correlation of population rates", null],
    ["empirical", "Empirical functional connectivity", null],
  ].filter(([key]) => m[key]);
  if (ROW !== "region") place("h-matrices").textContent = "Correlation";
  if (!shownOnes.length) {
    place("matrices").append(make("div", { class: "plot", id: "matrix-none" }));
    return emptyIn("matrix-none", n < 2 ? `The run has fewer than two ${ROWS}.` : `This run has neither a connectome nor rates of ${ROWS}.`);
  }
  const how = m.simulated ? `Simulated: Pearson correlation of ${ROW} rates in ${m.bins} bins of ${shown(m.bin_ms)} ms. ` : "";
  place("matrices-lead").textContent = `${how}${m.weights ? "Rows are targets, columns sources, in the order of the connectome. Blank: no tract." : ""}`;
  for (const [key, title, colours] of shownOnes) {
    const host = make("div", { class: "plot", id: "matrix-" + key });
    place("matrices").append(make("figure", {}, make("figcaption", { text: title }), host));
    matrixPlot(host, key, unpacked(m[key]), n, colours);
  }
  if (m.weights && m.simulated) scatterPlot(unpacked(m.weights), unpacked(m.simulated), n);
  const list = make("ul", { class: place("matrices").children.length === 4 ? "agreements beside" : "agreements" });
  if (m.agreements.length) place("matrices").append(list);
  for (const a of m.agreements) {
    const names = a.of.map((k) => MATRIX_NAMES[k]).join(" with ");
    list.append(make("li", {}, make("b", { text: isNumber(a.r) ? `r = ${a.r.toFixed(2).replace("-", "−")}` : "r undefined" }), `${names}: ${a.how}, ${whole(a.pairs)} pairs of regions`));
  }
}

function matrixScale(values, n, signed) {
  let [lo, hi] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]) || Math.floor(i / n) === i % n) continue;
    lo = Math.min(lo, values[i]);
    hi = Math.max(hi, values[i]);
  }
  if (!(hi >= lo)) return signed ? [-1, 1] : [-1, 0];
  const most = Math.max(0.05, Math.min(1, Math.ceil(Math.max(Math.abs(lo), Math.abs(hi)) * 20) / 20));
  return signed ? [-most, most] : [lo, hi];
}

function matrixPlot(host, key, values, n, colours) {
  const signed = !colours;
  const [lo, hi] = matrixScale(values, n, signed);
  const frame = (w) => {
    const left = Math.min(70, longest(RUN.regions.map((r) => r.label)) - 4);
    return { left, top: 22, side: Math.min(w - left - 58, 460, 20 + 60 * n) };
  };
  const plot = plotIn(host, {
    height: (w) => frame(w).side + 74,
    label: `${MATRIX_NAMES[key]} between ${n} ${ROWS} as a colour map`,
    draw: (ctx, w) => {
      const { left, top, side } = frame(w);
      const scale = signed ? diverging() : colours;
      const image = new ImageData(n, n);
      for (let i = 0; i < n * n; i++) {
        // The diagonal of a correlation is 1 by definition and says nothing.
        const blank = !Number.isFinite(values[i]) || (signed && Math.floor(i / n) === i % n);
        image.data.set(blank ? [0, 0, 0, 0] : [...at(scale, (values[i] - lo) / (hi - lo)), 255], 4 * i);
      }
      const sheet = make("canvas", { width: n, height: n });
      sheet.getContext("2d").putImageData(image, 0, 0);
      ctx.fillStyle = ink("faint");
      ctx.fillRect(left, top, side, side);
      ctx.imageSmoothingEnabled = false;
      ctx.drawImage(sheet, left, top, side, side);
      matrixLabels(ctx, left, top, side, n);
      colourBar(ctx, { left: left + side + 9, top, height: Math.min(side, 200), colours: scale, lo, hi, log: !signed, title: signed ? "r" : "weight" });
    },
  });
  hover(plot, (px, py) => {
    const { left, top, side } = frame(plot.width);
    const [source, target] = [Math.floor(((px - left) / side) * n), Math.floor(((py - top) / side) * n)];
    if (source < 0 || target < 0 || source >= n || target >= n) return "";
    const v = values[target * n + source];
    const [from, to] = [RUN.regions[source].label, RUN.regions[target].label];
    if (signed) return `${to} and ${from}\nr = ${shown(v)}`;
    return `${from} → ${to}\n${Number.isFinite(v) ? `${RUN.matrices.weight_kind || "weight"} ${shown(10 ** v)}` : "no tract"}`;
  });
}

function matrixLabels(ctx, left, top, side, n) {
  const cell = side / n;
  const every = Math.max(1, Math.ceil(10.5 / cell));
  ctx.fillStyle = ink("soft");
  for (let i = 0; i < n; i += every) {
    ctx.textAlign = "right";
    ctx.fillText(clipped(ctx, RUN.regions[i].label, left - 4), left - 4, top + (i + 0.5) * cell);
    ctx.save();
    ctx.translate(left + (i + 0.5) * cell, top + side + 4);
    ctx.rotate(-Math.PI / 2);
    ctx.fillText(clipped(ctx, RUN.regions[i].label, 46), 0, 0);
    ctx.restore();
  }
}

/** Does function follow structure? A dot per connected pair. */
function scatterPlot(weights, functional, n) {
  const pairs = [];
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const both = [weights[i * n + j], weights[j * n + i]].filter(Number.isFinite).map((v) => 10 ** v);
      const r = functional[i * n + j];
      if (both.length && Number.isFinite(r)) pairs.push({ i, j, weight: both.reduce((a, b) => a + b, 0) / 2, r });
    }
  }
  if (pairs.length < 3) return;
  const host = make("div", { class: "plot", id: "matrix-scatter" });
  place("matrices").append(make("figure", {}, make("figcaption", { text: "Simulated FC over weight, a dot per connected pair" }), host));
  const [wLo, wHi] = [Math.min(...pairs.map((p) => p.weight)), Math.max(...pairs.map((p) => p.weight))];
  const [rLo, rHi] = [Math.min(0, ...pairs.map((p) => p.r)), Math.max(0.05, ...pairs.map((p) => p.r))];
  const frame = (w, h) => ({ x: scaleOf(wLo / 1.3, wHi * 1.3, 46, w - 12, true), y: scaleOf(rLo - 0.02, rHi * 1.05, h - 34, 24) });
  const plot = plotIn(host, {
    height: (w) => Math.min(w * 0.9, 400),
    label: `Correlation of rates over structural weight for ${pairs.length} pairs of regions`,
    draw: (ctx, w, h) => {
      const { x, y } = frame(w, h);
      axes(ctx, { x, y, xTitle: `mean weight of both directions${RUN.matrices.weight_kind ? ` (${RUN.matrices.weight_kind})` : ""}`, yTitle: "simulated r" });
      ctx.fillStyle = ink("accent");
      ctx.globalAlpha = pairs.length > 2000 ? 0.25 : 0.55;
      for (const p of pairs) {
        ctx.beginPath();
        ctx.arc(x(p.weight), y(p.r), 2.4, 0, 7);
        ctx.fill();
      }
      ctx.globalAlpha = 1;
    },
  });
  hover(plot, (px, py) => {
    const { x, y } = frame(plot.width, plot.height);
    let [best, nearest] = [null, 64];
    for (const p of pairs) {
      const d = (x(p.weight) - px) ** 2 + (y(p.r) - py) ** 2;
      if (d < nearest) [best, nearest] = [p, d];
    }
    return best ? `${RUN.regions[best.i].label} and ${RUN.regions[best.j].label}\nr = ${shown(best.r)}\nmean weight ${shown(best.weight)}` : "";
  });
}
