// Power spectra of rates.
function drawSpectra() {
  const s = RUN.spectra;
  if (!s) {
    place("spectra-kinds").closest("figure").remove();
    return emptyIn("spectra-regions", "Too few bins of rates were recorded for a spectrum.");
  }
  const regions = rowsOf(s.regions, s.frequencies);
  const kinds = rowsOf(s.kinds, s.frequencies);
  place("spectra-regions").previousElementSibling.textContent = `The ${ROWS} chosen above, and the mean of all`;
  place("spectra-lead").textContent = `Welch's method on rates in bins of ${shown(s.bin_ms)} ms, Hann windows of ${shown(1000 / s.step_hz, 4)} ms overlapping by half: resolution ${shown(s.step_hz)} Hz.`;
  const mean = new Float64Array(s.frequencies).map((_, k) => Math.log10(average(regions.map((r) => 10 ** r[k]))));
  const lines = () => [...chosen().map((c) => ({ row: regions[c.region], colour: c.colour, name: RUN.regions[c.region].label })), { row: mean, colour: ink("ink"), name: "mean", width: 2.2 }];
  const plot = spectrumPlot("spectra-regions", s, () => lines().filter((l) => l.row), `Power spectra of the rates of chosen ${ROWS}`);
  CHOICE_LISTENERS.push(() => plot.redraw());
  if (!kinds.length) return place("spectra-kinds").closest("figure").remove();
  spectrumPlot("spectra-kinds", s, () => KINDS.map((k) => ({ row: kinds[k.kind], colour: kindColour(k.kind), name: k.name, dash: k.dash })), "Power spectra of the rates of populations, averaged over regions");
}

function spectrumPlot(id, s, lines, label) {
  const hz = Array.from({ length: s.frequencies }, (_, k) => (k + 1) * s.step_hz);
  const xOf = (w) => scaleOf(hz[0], hz[hz.length - 1], 50, w - rightOf(w), true);
  const plot = plotIn(id, {
    height: 280,
    label,
    draw: (ctx, w, h) => {
      const x = xOf(w);
      const all = lines();
      let [lo, hi] = [Infinity, -Infinity];
      for (const { row } of all) {
        for (const v of row) {
          if (!Number.isFinite(v)) continue;
          lo = Math.min(lo, v);
          hi = Math.max(hi, v);
        }
      }
      if (!(hi >= lo)) [lo, hi] = [0, 1];
      const y = scaleOf(10 ** (lo - 0.1), 10 ** (hi + 0.15), h - 34, 24, true);
      axes(ctx, { x, y, xTitle: "frequency (Hz)", yTitle: "density ((spikes/s)²/Hz)" });
      const xs = hz.map(x);
      all.forEach((l) => curve(ctx, xs, Array.from(l.row, (v) => y(10 ** v)), l.colour, { width: l.width ?? 1.5, dash: l.dash }));
      directLabels(ctx, x.b + 5, all.map((l) => ({ text: l.name, colour: l.colour, y: y(10 ** average(l.row.slice(-8))) })), y, rightOf(w) - 7);
    },
  });
  hover(plot, (px) => {
    const f = xOf(plot.width).invert(px);
    const k = Math.round(f / s.step_hz) - 1;
    if (k < 0 || k >= hz.length) return "";
    return [`${shown(hz[k])} Hz`, ...lines().map((l) => `${l.name}: ${shown(10 ** l.row[k])}`)].join("\n");
  });
  return plot;
}
