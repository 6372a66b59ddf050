// Canvases that follow their width and theme, axes, tooltips, chips.
const PLOTS = [];

/**
 * A canvas inside the element `id`. `draw(ctx, width, height)` paints it in CSS pixels; it is called
 * again whenever the width, the theme or the data change (`plot.redraw()`).
 */
function plotIn(id, { height, label, draw }) {
  const host = typeof id === "string" ? place(id) : id;
  const canvas = make("canvas", { role: "img", "aria-label": label });
  host.append(canvas);
  const plot = { canvas, host, width: 0, height: 0, pending: false };
  plot.paint = () => {
    plot.pending = false;
    const width = Math.floor(host.clientWidth);
    if (width < 10) return;
    plot.width = width;
    plot.height = Math.round(typeof height === "function" ? height(width) : height);
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(plot.height * ratio);
    canvas.style.height = plot.height + "px";
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.font = "11px " + getComputedStyle(document.body).fontFamily;
    ctx.textBaseline = "middle";
    draw(ctx, width, plot.height);
  };
  plot.redraw = () => {
    if (!plot.pending) requestAnimationFrame(plot.paint);
    plot.pending = true;
  };
  new ResizeObserver(() => {
    if (Math.floor(host.clientWidth) !== plot.width) plot.redraw();
  }).observe(host);
  PLOTS.push(plot);
  plot.paint();
  return plot;
}

const redrawAll = () => PLOTS.forEach((p) => p.redraw());

/** Says why a panel has no figure. */
function emptyIn(id, why, whole = false) {
  if (whole) place(id).closest(".card").querySelectorAll(".controls, .hint").forEach((e) => e.remove());
  place(id).append(make("p", { class: "empty", text: why }));
}

/** Space left of a plot for the names of rows, and right of it for those of lines; the same in all. */
const longest = (names) => Math.max(0, ...names.map((name) => name.length)) * 6.3 + 16;
const leftOf = (w) => Math.max(46, Math.min(longest(RUN.regions.map((r) => r.label)), w < 600 ? 76 : 110));
const rightOf = (w) => Math.max(60, Math.min(longest([...RUN.regions.map((r) => r.label), ...RUN.kinds]), w < 600 ? 66 : 104));

/** Maps values lo..hi to pixels a..b, linearly or by logarithm. */
function scaleOf(lo, hi, a, b, log = false) {
  if (!(hi > lo)) hi = log ? lo * 10 : lo + 1;
  const f = log ? Math.log10 : (v) => v;
  const [from, to] = [f(lo), f(hi)];
  const scale = (v) => a + ((f(v) - from) / (to - from)) * (b - a);
  const back = (px) => from + ((px - a) / (b - a)) * (to - from);
  return Object.assign(scale, { lo, hi, a, b, log, invert: (px) => (log ? 10 ** back(px) : back(px)) });
}

/** Round values of a scale, about one per `room` pixels. */
function ticksOf(scale, room = 70) {
  const count = Math.max(2, Math.floor(Math.abs(scale.b - scale.a) / room));
  if (scale.log) return logTicks(scale, count);
  const raw = (scale.hi - scale.lo) / count;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(scale.lo / step - 1e-9); k * step <= scale.hi + step * 1e-9; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

function logTicks(scale, count) {
  const from = Math.floor(Math.log10(scale.lo) + 1e-9);
  const to = Math.ceil(Math.log10(scale.hi) - 1e-9);
  const every = Math.max(1, Math.ceil((to - from) / count));
  const marks = (to - from) * 3 <= count * 1.5 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let e = from; e <= to; e += every) for (const m of marks) ticks.push(m * 10 ** e);
  return ticks.filter((t) => t >= scale.lo * 0.999 && t <= scale.hi * 1.001);
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function tickText(value, log) {
  const size = Math.abs(value);
  const exponent = Math.floor(Math.log10(size) + 1e-9);
  if (log && size > 0 && (exponent >= 4 || exponent < -2)) {
    const digit = Math.round(size / 10 ** exponent);
    return (digit === 1 ? "10" : digit + "·10") + [...String(exponent)].map((c) => SUPERSCRIPT[c]).join("");
  }
  return value.toLocaleString("en-US", { maximumSignificantDigits: 6 }).replace("-", "−");
}

/** Draws both axes of a frame {left, top, right, bottom} with titles; `grid` adds faint lines. */
function axes(ctx, { x, y, xTitle, yTitle, grid = true, yRoom = 34 }) {
  const [left, right, top, bottom] = [x.a, x.b, y.b, y.a];
  ctx.lineWidth = 1;
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "center";
  for (const t of ticksOf(x)) {
    const px = Math.round(x(t)) + 0.5;
    if (grid) line(ctx, px, top, px, bottom, ink("faint"));
    line(ctx, px, bottom, px, bottom + 4, ink("line"));
    ctx.fillText(tickText(t, x.log), px, bottom + 12);
  }
  ctx.textAlign = "right";
  for (const t of ticksOf(y, yRoom)) {
    const py = Math.round(y(t)) + 0.5;
    if (grid) line(ctx, left, py, right, py, ink("faint"));
    ctx.fillText(tickText(t, y.log), left - 6, py);
  }
  line(ctx, left, bottom + 0.5, right, bottom + 0.5, ink("line"));
  titles(ctx, { left, right, top, bottom }, xTitle, yTitle);
}

function titles(ctx, { left, right, top, bottom }, xTitle, yTitle) {
  ctx.fillStyle = ink("soft");
  if (xTitle) {
    ctx.textAlign = "right";
    ctx.fillText(xTitle, right, bottom + 27);
  }
  if (yTitle) {
    ctx.textAlign = "left";
    ctx.fillText(yTitle, Math.max(2, left - 40), top - 10);
  }
}

function line(ctx, x0, y0, x1, y1, colour) {
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/** A curve through points; gaps where a coordinate is not a number. */
function curve(ctx, xs, ys, colour, { width = 1.5, dash = [] } = {}) {
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.lineJoin = "round";
  ctx.setLineDash(dash);
  ctx.beginPath();
  let open = false;
  for (let i = 0; i < xs.length; i++) {
    const good = Number.isFinite(xs[i]) && Number.isFinite(ys[i]);
    if (good && open) ctx.lineTo(xs[i], ys[i]);
    else if (good) ctx.moveTo(xs[i], ys[i]);
    open = good;
  }
  ctx.stroke();
  ctx.restore();
}

/** Runs `paint` with nothing drawn outside the frame of two scales. */
function within(ctx, x, y, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(x.a, y.b, x.b - x.a, y.a - y.b);
  ctx.clip();
  paint();
  ctx.restore();
}

/** Text cut to a width. */
function clipped(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ctx.measureText(text.slice(0, end) + "…").width > width) end--;
  return text.slice(0, end) + "…";
}

/** A vertical colour bar with its ticks, of width about 60 with labels. */
function colourBar(ctx, { left, top, height, colours, lo, hi, title, log = false }) {
  for (let i = 0; i < height; i++) {
    ctx.fillStyle = rgb(at(colours, 1 - i / Math.max(1, height - 1)));
    ctx.fillRect(left, top + i, 10, 1.5);
  }
  ctx.fillStyle = ink("soft");
  ctx.textAlign = "left";
  const scale = scaleOf(lo, hi, top + height, top);
  for (const t of ticksOf(scale, 34)) ctx.fillText(log ? tickText(10 ** t, true) : tickText(t), left + 14, Math.max(top + 5, Math.min(top + height - 5, scale(t))));
  if (title) ctx.fillText(title, left - 2, top - 11);
}

const TIP = place("tip");

/** Shows text beside the pointer; nothing hides it. */
function tip(event, text) {
  TIP.hidden = !text;
  if (!text) return;
  TIP.textContent = text;
  const box = TIP.getBoundingClientRect();
  const room = document.documentElement.clientWidth;
  const x = event.clientX + 14 + box.width > room ? event.clientX - box.width - 12 : event.clientX + 14;
  const y = event.clientY + 14 + box.height > window.innerHeight ? event.clientY - box.height - 10 : event.clientY + 14;
  TIP.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

/** Calls `text(x, y)` with the pointer's place on a plot and shows what it returns. */
function hover(plot, text) {
  const canvas = plot.canvas;
  canvas.addEventListener("pointermove", (e) => {
    const box = canvas.getBoundingClientRect();
    tip(e, text(e.clientX - box.left, e.clientY - box.top));
  });
  canvas.addEventListener("pointerleave", (e) => tip(e, ""));
}

/** A chip of a legend: a button if `press` is given, with the mark's style set by `mark(i)`. */
function chip(name, press, round = true) {
  const mark = make("i", round ? { class: "dot" } : {});
  const element = make(press ? "button" : "span", press ? { class: "chip", type: "button", "aria-pressed": "true" } : { class: "chip" }, mark, name);
  if (press) element.addEventListener("click", press);
  element.mark = mark;
  return element;
}
