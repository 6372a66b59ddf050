// Moving about in the raster: buttons, pointer, keys.
function moveRaster(state, next) {
  const { all, view } = state;
  const fit = (lo, hi, from, to, least) => {
    const span = Math.min(to - from, Math.max(least, hi - lo));
    const start = Math.max(from, Math.min(to - span, (lo + hi - span) / 2));
    return [start, start + span];
  };
  [view.t0, view.t1] = fit(next.t0 ?? view.t0, next.t1 ?? view.t1, all.t0, all.t1, 2);
  [view.y0, view.y1] = fit(next.y0 ?? view.y0, next.y1 ?? view.y1, all.y0, all.y1, 10);
  state.plot.redraw();
}

/** Zooms by a factor about a point given as fractions of the view. */
function zoomRaster(state, byTime, byRow, fx = 0.5, fy = 0.5) {
  const { t0, t1, y0, y1 } = state.view;
  const [t, y] = [t0 + (t1 - t0) * fx, y0 + (y1 - y0) * fy];
  moveRaster(state, { t0: t - (t - t0) * byTime, t1: t + (t1 - t) * byTime, y0: y - (y - y0) * byRow, y1: y + (y1 - y) * byRow });
}

function resetRaster(state) {
  if (place("raster-region")) place("raster-region").value = "";
  moveRaster(state, state.all);
}

function rasterControls(state) {
  const chips = KINDS.map(({ name, kind }) => {
    const button = chip(name, () => {
      const hide = !state.hidden.delete(kind);
      if (hide) state.hidden.add(kind);
      button.setAttribute("aria-pressed", String(!hide));
      state.plot.redraw();
    });
    button.paint = () => (button.mark.style.background = kindColour(kind));
    return button;
  });
  onTheme(() => chips.forEach((c) => c.paint()));
  place("raster-kinds").append(...chips);
  const select = place("raster-region");
  if (ROW !== "region") select.closest("label").remove();
  select.append(make("option", { value: "", text: "all" }), ...RUN.regions.map((r, i) => make("option", { value: i, text: r.label })));
  select.addEventListener("change", () => {
    const band = state.layout.regions[select.value];
    moveRaster(state, band && band.to > band.from ? { y0: band.from, y1: band.to } : { y0: state.all.y0, y1: state.all.y1 });
  });
  place("raster-in").addEventListener("click", () => zoomRaster(state, 0.5, 1));
  place("raster-out").addEventListener("click", () => zoomRaster(state, 2, 1));
  place("raster-reset").addEventListener("click", () => resetRaster(state));
}

function rasterPointer(state) {
  const canvas = state.plot.canvas;
  canvas.style.touchAction = "pan-y";
  canvas.style.cursor = "crosshair";
  const fingers = new Map();
  const where = (e) => {
    const box = canvas.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  canvas.addEventListener("pointerdown", (e) => {
    fingers.set(e.pointerId, where(e));
    canvas.setPointerCapture(e.pointerId);
    if (e.pointerType === "mouse" && !e.shiftKey && e.button === 0) state.start = where(e);
  });
  canvas.addEventListener("pointermove", (e) => {
    const before = fingers.get(e.pointerId);
    if (!before) return;
    const now = where(e);
    if (state.start) {
      state.box = { x0: Math.min(state.start.x, now.x), x1: Math.max(state.start.x, now.x), y0: Math.min(state.start.y, now.y), y1: Math.max(state.start.y, now.y) };
      state.plot.redraw();
    } else if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== e.pointerId)[1];
      const apart = (p) => Math.max(20, Math.hypot(p.x - other.x, p.y - other.y));
      zoomRaster(state, apart(before) / apart(now), apart(before) / apart(now), fractionX(state, other.x), fractionY(state, other.y));
    } else {
      panRaster(state, now.x - before.x, e.pointerType === "mouse" ? now.y - before.y : 0);
    }
    fingers.set(e.pointerId, now);
  });
  const end = (e) => {
    fingers.delete(e.pointerId);
    const box = state.box;
    state.start = state.box = null;
    if (box && box.x1 - box.x0 > 5 && box.y1 - box.y0 > 5) zoomToBox(state, box);
    else if (box) state.plot.redraw();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("dblclick", () => resetRaster(state));
  canvas.addEventListener(
    "wheel",
    (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      const { x, y } = where(e);
      const factor = Math.exp(Math.max(-40, Math.min(40, e.deltaY)) / 120);
      zoomRaster(state, factor, e.shiftKey ? factor : 1, fractionX(state, x), fractionY(state, y));
    },
    { passive: false },
  );
}

const fraction = (v) => Math.max(0, Math.min(1, v));
const fractionX = ({ x }, px) => fraction((px - x.a) / (x.b - x.a));
const fractionY = ({ y }, py) => fraction((py - y.a) / (y.b - y.a));

function panRaster(state, dx, dy) {
  const { x, y, view } = state;
  const t = (-dx / (x.b - x.a)) * (view.t1 - view.t0);
  const r = (-dy / (y.b - y.a)) * (view.y1 - view.y0);
  moveRaster(state, { t0: view.t0 + t, t1: view.t1 + t, y0: view.y0 + r, y1: view.y1 + r });
}

function zoomToBox(state, box) {
  const { view } = state;
  const t = (f) => view.t0 + f * (view.t1 - view.t0);
  const r = (f) => view.y0 + f * (view.y1 - view.y0);
  moveRaster(state, { t0: t(fractionX(state, box.x0)), t1: t(fractionX(state, box.x1)), y0: r(fractionY(state, box.y0)), y1: r(fractionY(state, box.y1)) });
}

function rasterKeys(state) {
  const canvas = state.plot.canvas;
  canvas.tabIndex = 0;
  const keys = {
    ArrowLeft: () => panRaster(state, 60, 0),
    ArrowRight: () => panRaster(state, -60, 0),
    ArrowUp: () => panRaster(state, 0, 60),
    ArrowDown: () => panRaster(state, 0, -60),
    "+": () => zoomRaster(state, 0.7, 0.7),
    "=": () => zoomRaster(state, 0.7, 0.7),
    "-": () => zoomRaster(state, 1 / 0.7, 1 / 0.7),
    0: () => resetRaster(state),
    Escape: () => resetRaster(state),
  };
  canvas.addEventListener("keydown", (e) => {
    const act = keys[e.key];
    if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    act();
  });
}
