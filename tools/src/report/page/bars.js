// Mean rates as bars, in the order of the regions.
function drawBars() {
  const ratesNow = () => RUN.regions.map((r) => r.rate);
  const n = RUN.regions.length;
  if (!ratesNow().some(isNumber)) return emptyIn("bars", "This run recorded no rates.");
  place("h-bars").textContent = `Mean rate by ${ROW}`;
  const row = RUN.regions.length > 60 ? 7 : 14;
  const widest = Math.min(110, 18 + Math.max(...RUN.regions.map((r) => r.label.length)) * 7);
  const topOf = (rates) => Math.max(1e-9, ...rates.filter(isNumber));
  const frame = (w, h, top = 1) => ({ x: scaleOf(0, top * 1.02, widest, w - 14), y: scaleOf(0, n, 6, h - 34) });
  const plot = plotIn("bars", {
    height: 40 + row * n,
    label: `Mean rate of ${n} ${ROWS} as bars`,
    draw: (ctx, w, h) => {
      const rates = ratesNow();
      const top = topOf(rates);
      const { x, y } = frame(w, h, top);
      for (const t of ticksOf(x)) {
        line(ctx, x(t), y.a, x(t), y.b, ink("faint"));
        ctx.fillStyle = ink("soft");
        ctx.textAlign = "center";
        ctx.fillText(tickText(t), x(t), y.b + 10);
      }
      titles(ctx, { left: x.a, right: x.b, top: 0, bottom: y.b - 1 }, "spikes/s", "");
      const marks = new Map(chosen().map((c) => [c.region, c.colour]));
      rates.forEach((rate, i) => {
        const middle = y(i + 0.5);
        ctx.fillStyle = rgb(at(VIRIDIS, (rate ?? 0) / top));
        ctx.fillRect(x.a, middle - row * 0.36, Math.max(1, x(rate ?? 0) - x.a), row * 0.72);
        if (row < 10 && i % 2) return;
        ctx.fillStyle = marks.get(i) ?? ink("ink");
        ctx.textAlign = "right";
        ctx.fillText(clipped(ctx, RUN.regions[i].label, widest - 8), widest - 6, middle);
      });
    },
  });
  const hit = (py) => {
    const i = Math.floor(frame(plot.width, plot.height).y.invert(py));
    return RUN.regions[i] ? i : -1;
  };
  hover(plot, (_, y) => (hit(y) < 0 ? "" : `${RUN.regions[hit(y)].label}: ${shown(RUN.regions[hit(y)].rate)} spikes/s\n${whole(RUN.regions[hit(y)].neurons)} neurons`));
  plot.canvas.addEventListener("click", (e) => {
    const i = hit(e.clientY - plot.canvas.getBoundingClientRect().top);
    if (i >= 0) choose(i);
  });
  CHOICE_LISTENERS.push(() => plot.redraw());
  return plot;
}
