// One figure of all points across one axis or two.
function drawFigure() {
  if (!DONE.length) return emptyIn("figure", "No point has run yet.", true);
  const options = (id, entries, chosen) => {
    place(id).append(...entries.map(([value, text]) => make("option", { value, text })));
    place(id).value = chosen;
  };
  options("figure-name", RUN.figures.map((f, i) => [i, f.title]), CHOICE.figure);
  options("figure-x", TELLING.map((i) => [i, AXES[i].key]), CHOICE.x);
  options("figure-y", [["", "–"], ...TELLING.map((i) => [i, AXES[i].key])], CHOICE.y ?? "");
  const plot = plotIn("figure", {
    height: (w) => Math.max(260, Math.min(460, w * 0.42)),
    label: "The chosen figure of every point, across the chosen parameters",
    draw: (ctx, w, h) => (asMap() ? drawMap : drawLines)(ctx, w, h),
  });
  hover(plot, (x, y) => (asMap() ? mapTip : linesTip)(x, y));
  const change = () => {
    if (CHOICE.y === CHOICE.x) CHOICE.y = null;
    place("figure-y").value = CHOICE.y ?? "";
    place("figure-map").setAttribute("aria-pressed", asMap());
    place("figure-lines").setAttribute("aria-pressed", !asMap());
    place("figure-map").disabled = CHOICE.y === null;
    plot.host.querySelector("canvas").setAttribute("aria-label", `${figureTitle(RUN.figures[CHOICE.figure])} across ${AXES[CHOICE.x].key}${CHOICE.y === null ? "" : ` and ${AXES[CHOICE.y].key}`}`);
    legend();
    redrawAll();
  };
  const number = (text) => (text === "" ? null : Number(text));
  place("figure-name").addEventListener("change", (e) => change((CHOICE.figure = number(e.target.value))));
  place("figure-x").addEventListener("change", (e) => change((CHOICE.x = number(e.target.value))));
  place("figure-y").addEventListener("change", (e) => change((CHOICE.y = number(e.target.value))));
  place("figure-map").addEventListener("click", () => change((CHOICE.map = true)));
  place("figure-lines").addEventListener("click", () => change((CHOICE.map = false)));
  onTheme(legend);
  change();
}

const asMap = () => CHOICE.map && CHOICE.y !== null;
const value = (p) => p.figures[CHOICE.figure];

/** Lines of the figure: one per value of the second axis, or one in all. */
function series() {
  if (CHOICE.y === null || AXES[CHOICE.y].labels.length > 8) return [{ name: "", points: DONE }];
  return AXES[CHOICE.y].labels.map((name, i) => ({ name, points: DONE.filter((p) => p.at[CHOICE.y] === i) }));
}

function legend() {
  const lines = asMap() ? [] : series();
  const chips = lines.length < 2 ? [] : lines.map((s, i) => {
    const c = chip(s.name, null, false);
    c.mark.style.borderTopColor = lineColour(i);
    return c;
  });
  place("figure-legend").replaceChildren(...chips);
  const others = TELLING.filter((i) => i !== CHOICE.x && i !== CHOICE.y).map((i) => AXES[i].key);
  const over = others.length ? `, over ${others.join(", ")}` : "";
  place("figure-hint").textContent = asMap() ? (scattered() ? "A dot per point." : `Mean of the points of a cell${over}. Empty cells have no point that has run.`) : `A dot per point; lines join means${over}.`;
}

// Where things stand in the figure that was drawn last, for the pointer.
let SEEN = [];

/** True if two axes have too many values for cells: draws are dots. */
const scattered = () => [CHOICE.x, CHOICE.y].some((i) => AXES[i].labels.length > MANY) || DONE.length < AXES[CHOICE.x].labels.length * AXES[CHOICE.y].labels.length * 0.3;

function drawMap(ctx, w, h) {
  const [xAxis, yAxis] = [AXES[CHOICE.x], AXES[CHOICE.y]];
  const figure = RUN.figures[CHOICE.figure];
  const dots = scattered();
  const widest = Math.max(...yAxis.labels.map((_, i) => ctx.measureText(labelOf(yAxis, i)).width));
  const [left, right, top, bottom] = [Math.min(Math.max(46, widest + 14), w * 0.3), w - 74, 26, h - 38];
  const x = alongAxis(xAxis, left, right, !dots);
  const y = alongAxis(yAxis, bottom, top, !dots);
  const cells = [...grouped(DONE, dots ? [...AXES.keys()] : [CHOICE.x, CHOICE.y]).values()].map((points) => ({ points, mean: meanOf(points.map(value)), px: x.place(points[0].at[CHOICE.x]), py: y.place(points[0].at[CHOICE.y]) }));
  const [lo, hi] = rangeOf(cells.map((c) => c.mean));
  ctx.fillStyle = ink("faint");
  ctx.fillRect(left, top, right - left, bottom - top);
  for (const cell of cells) {
    const colour = at(VIRIDIS, (cell.mean - lo) / (hi - lo));
    ctx.fillStyle = isNumber(cell.mean) ? rgb(colour) : ink("line");
    if (dots) disc(ctx, cell.px, cell.py, 4.5);
    else ctx.fillRect(cell.px - x.size / 2 + 0.5, cell.py - y.size / 2 + 0.5, x.size - 1, y.size - 1);
    if (!dots && x.size > 44 && y.size > 18) {
      ctx.fillStyle = colour[0] * 0.3 + colour[1] * 0.6 + colour[2] * 0.1 > 140 ? "#111" : "#fff";
      ctx.textAlign = "center";
      ctx.fillText(shown(cell.mean), cell.px, cell.py);
    }
  }
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "right";
  if (y.scale) for (const t of ticksOf(y.scale, 34)) ctx.fillText(tickText(t, y.scale.log), left - 6, y.scale(t));
  else yAxis.labels.forEach((_, i) => (y.size > 11 || i % Math.ceil(11 / y.size) === 0) && ctx.fillText(labelOf(yAxis, i), left - 6, y.place(i), left - 8));
  labelsBelow(ctx, xAxis, x, bottom, right - left);
  titleBelow(ctx, titleOf(xAxis), right, bottom);
  ctx.textAlign = "left";
  ctx.fillText(titleOf(yAxis), 2, 10);
  colourBar(ctx, { left: right + 14, top, height: bottom - top, colours: VIRIDIS, lo, hi });
  SEEN = cells.map((c) => ({ ...c, reachX: dots ? 9 : x.size / 2, reachY: dots ? 9 : y.size / 2 }));
  ctx.textAlign = "right";
  ctx.fillText(figureTitle(figure), w - 2, 10);
}

function disc(ctx, x, y, r) {
  ctx.beginPath();
  ctx.arc(x, y, r, 0, 2 * Math.PI);
  ctx.fill();
}

function drawLines(ctx, w, h) {
  const xAxis = AXES[CHOICE.x];
  const [left, right, top, bottom] = [58, w - 18, 26, h - 38];
  const [lo, hi] = rangeOf(DONE.map(value));
  const pad = (hi - lo) * 0.06;
  const y = scaleOf(lo >= 0 ? Math.max(0, lo - pad) : lo - pad, hi + pad, bottom, top);
  const x = alongAxis(xAxis, left, right, false);
  ctx.textAlign = "right";
  for (const t of ticksOf(y, 34)) {
    line(ctx, left, Math.round(y(t)) + 0.5, right, Math.round(y(t)) + 0.5, ink("faint"));
    ctx.fillStyle = ink("soft");
    ctx.fillText(tickText(t), left - 6, y(t));
  }
  line(ctx, left, bottom + 0.5, right, bottom + 0.5, ink("line"));
  labelsBelow(ctx, xAxis, x, bottom, right - left);
  titleBelow(ctx, titleOf(xAxis), right, bottom);
  ctx.textAlign = "left";
  ctx.fillText(figureTitle(RUN.figures[CHOICE.figure]), 2, 10);
  SEEN = [];
  series().forEach(({ points }, i) => {
    const groups = grouped(points, [CHOICE.x]);
    const order = [...groups.keys()].map(Number).sort((a, b) => a - b);
    if (order.length <= MANY) curve(ctx, order.map(x.place), order.map((k) => y(meanOf(groups.get(String(k)).map(value)))), lineColour(i), { width: 2 });
    ctx.fillStyle = lineColour(i);
    for (const p of points.filter((p) => isNumber(value(p)))) {
      const [px, py] = [x.place(p.at[CHOICE.x]), y(value(p))];
      disc(ctx, px, py, 3);
      SEEN.push({ points: [p], px, py, mean: value(p), reachX: 8, reachY: 8 });
    }
  });
}

/** What lies nearest to the pointer. */
function seenAt(x, y) {
  const near = SEEN.filter((s) => Math.abs(s.px - x) <= s.reachX && Math.abs(s.py - y) <= s.reachY);
  return near.sort((a, b) => Math.hypot(a.px - x, a.py - y) - Math.hypot(b.px - x, b.py - y))[0];
}

const parametersOf = (p, axes) => axes.map((i) => `${AXES[i].key} = ${AXES[i].labels[p.at[i]]}`).join("\n");

function mapTip(x, y) {
  const seen = seenAt(x, y);
  if (!seen) return "";
  const figure = RUN.figures[CHOICE.figure];
  const of = seen.points.length === 1 ? `point ${seen.points[0].number}` : `mean of ${seen.points.length} points`;
  return `${parametersOf(seen.points[0], [CHOICE.x, CHOICE.y])}\n${figure.title}: ${shown(seen.mean)} ${figure.unit}\n${of}`;
}

function linesTip(x, y) {
  const seen = seenAt(x, y);
  if (!seen) return "";
  const figure = RUN.figures[CHOICE.figure];
  return `point ${seen.points[0].number}\n${parametersOf(seen.points[0], TELLING)}\n${figure.title}: ${shown(seen.mean)} ${figure.unit}`;
}
