// The points, their axes, and what is chosen to be compared.
const DONE = RUN.points.filter((p) => p.state === "done");
const AXES = RUN.axes;
/** More values than this on an axis are drawn as single dots. */
const MANY = 60;

/** Axes that can tell points apart; seeds last, for one looks at them last. */
const TELLING = AXES.map((_, i) => i)
  .filter((i) => AXES[i].labels.length > 1)
  .sort((a, b) => (AXES[a].key === "simulation.seed") - (AXES[b].key === "simulation.seed"));
const SEEDLESS = TELLING.filter((i) => AXES[i].key !== "simulation.seed");

/** What the figure shows: indices of a figure and of axes, `y` null where there is only one. */
const CHOICE = { figure: 0, x: TELLING[0] ?? 0, y: SEEDLESS[1] ?? null, map: true };

/** The end of a key, which is what differs. */
const brief = (key) => key.split(".").slice(-2).join(".");
const titleOf = (axis) => brief(axis.key) + (axis.unit ? ` (${axis.unit})` : "");
const figureTitle = (figure) => figure.title + (figure.unit ? ` (${figure.unit})` : "");
const labelOf = (axis, i) => (axis.numbers ? tickText(axis.numbers[i]) : axis.labels[i]);

/** Mean of numbers; NaN of none. */
function meanOf(values) {
  const known = values.filter(isNumber);
  return known.length ? known.reduce((a, b) => a + b, 0) / known.length : NaN;
}

/** The lowest and highest of numbers, a little apart if they are the same. */
function rangeOf(values) {
  const known = values.filter(isNumber);
  if (!known.length) return [0, 1];
  const [lo, hi] = [Math.min(...known), Math.max(...known)];
  if (hi > lo) return [lo, hi];
  return lo === 0 ? [0, 1] : [lo - Math.abs(lo) * 0.1, hi + Math.abs(hi) * 0.1];
}

/** The points as groups by their places on some axes: Map from "i,j" to points. */
function grouped(points, axes) {
  const groups = new Map();
  for (const p of points) {
    const key = axes.map((a) => p.at[a]).join(",");
    groups.get(key)?.push(p) ?? groups.set(key, [p]);
  }
  return groups;
}

/** Pixels along an axis: by value if its values are numbers, else side by side. Cells of a map are always side by side. */
function alongAxis(axis, a, b, cells) {
  const n = axis.labels.length;
  if (cells || !axis.numbers) {
    const size = (b - a) / n;
    return { place: (i) => a + (i + 0.5) * size, size: Math.abs(size), scale: null };
  }
  const [lo, hi] = rangeOf(axis.numbers);
  // Values that grow by factors are told apart by their logarithms.
  const log = lo > 0 && hi / lo >= 50 && n > 2;
  const scale = scaleOf(lo, hi, a + (b > a ? 8 : -8), b - (b > a ? 8 : -8), log);
  return { place: (i) => scale(axis.numbers[i]), size: 0, scale };
}

/** Writes the values of an axis below a figure, as many as there is room for. */
function labelsBelow(ctx, axis, along, bottom, room) {
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "center";
  if (along.scale) {
    for (const t of ticksOf(along.scale)) ctx.fillText(tickText(t, along.scale.log), along.scale(t), bottom + 12);
    return;
  }
  const widest = Math.max(...axis.labels.map((_, i) => ctx.measureText(labelOf(axis, i)).width)) + 10;
  const every = Math.max(1, Math.ceil((widest * axis.labels.length) / room));
  axis.labels.forEach((_, i) => i % every || ctx.fillText(labelOf(axis, i), along.place(i), bottom + 12));
}

/** The title of the axis below a figure. */
function titleBelow(ctx, text, right, bottom) {
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "right";
  ctx.fillText(text, right, bottom + 28);
}

function drawHeader() {
  const count = (state) => RUN.points.filter((p) => p.state === state).length;
  const cards = [["Points", RUN.points.length], ["Done", count("done")], ["Failed", count("failed")], ["Left", count("left")]];
  keyFigures(cards.map(([name, n]) => [name, whole(n)]));
  place("subtitle").textContent = RUN.description;
  for (const axis of AXES) {
    const [first, last] = [axis.labels[0], axis.labels[axis.labels.length - 1]];
    const values = axis.labels.length <= 6 ? axis.labels.join(", ") : `${first} … ${last} (${axis.labels.length} values)`;
    place("particulars").append(make("div", {}, make("dt", { text: axis.key }), make("dd", { text: values })));
  }
}
