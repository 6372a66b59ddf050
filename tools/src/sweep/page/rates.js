// Rates of all regions across the axis that the comparison has chosen.
function drawRegionRates() {
  place("h-rates").textContent = `Mean rate by ${ROW}`;
  const labels = RUN.regions.map((r) => r.label);
  if (!labels.length) return emptyIn("rates", "No point has run yet.", true);
  let frame = null;
  const plot = plotIn("rates", {
    height: () => Math.max(140, Math.min(720, labels.length * 15)) + 66,
    label: `Mean rate of every ${ROW} across the chosen parameter`,
    draw: (ctx, w, h) => (frame = paintRates(ctx, w, h, labels)),
  });
  place("rates-hint").textContent = "Columns are the values of the parameter that is chosen above at “Across”; means over all other parameters.";
  hover(plot, (x, y) => {
    if (!frame || x < frame.left || x > frame.right || y < frame.top || y > frame.bottom) return "";
    const column = Math.min(frame.columns.length - 1, Math.floor(((x - frame.left) / (frame.right - frame.left)) * frame.columns.length));
    const row = Math.min(labels.length - 1, Math.floor(((y - frame.top) / (frame.bottom - frame.top)) * labels.length));
    const axis = AXES[CHOICE.x];
    return `${labels[row]}\n${axis.key} = ${axis.labels[frame.columns[column].place]}\n${shown(frame.columns[column].rates[row])} spikes/s`;
  });
}

function paintRates(ctx, w, h, labels) {
  const axis = AXES[CHOICE.x];
  const groups = [...grouped(DONE, [CHOICE.x])].sort((a, b) => a[0] - b[0]);
  const columns = groups.map(([place, points]) => ({ place: Number(place), rates: labels.map((_, r) => meanOf(points.map((p) => p.rates[r]))) }));
  const [left, right, top, bottom] = [leftOf(w), w - 74, 24, h - 40];
  const [lo, hi] = rangeOf(columns.flatMap((c) => c.rates));
  const [cw, rh] = [(right - left) / columns.length, (bottom - top) / labels.length];
  const low = lo > 0 && lo < 0.3 * hi ? 0 : lo;
  columns.forEach((column, c) =>
    column.rates.forEach((rate, r) => {
      ctx.fillStyle = isNumber(rate) ? rgb(at(VIRIDIS, (rate - low) / (hi - low))) : ink("faint");
      ctx.fillRect(left + c * cw, top + r * rh, Math.ceil(cw), Math.ceil(rh));
    }),
  );
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "right";
  const every = Math.ceil(11 / rh);
  labels.forEach((label, r) => r % every || ctx.fillText(label, left - 6, top + (r + 0.5) * rh, left - 8));
  const shownAxis = { ...axis, labels: columns.map((c) => axis.labels[c.place]), numbers: axis.numbers && columns.map((c) => axis.numbers[c.place]) };
  labelsBelow(ctx, shownAxis, { place: (i) => left + (i + 0.5) * cw, scale: null }, bottom, right - left);
  titleBelow(ctx, titleOf(axis), right, bottom);
  colourBar(ctx, { left: right + 14, top, height: bottom - top, colours: VIRIDIS, lo: low, hi, title: "spikes/s" });
  return { left, right, top, bottom, columns };
}
