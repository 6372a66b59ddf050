// Regions at their places in the brain, coloured by rate, with the strongest tracts.
function drawBrain() {
  const placed = RUN.regions.map((r, i) => ({ region: i, at: r.position })).filter((p) => p.at);
  if (placed.length < 2) {
    // Without positions the bars beside take the whole width.
    place("panel-brain").remove();
    place("panel-bars").classList.replace("five", "wide");
    if (ROW === "region" && RUN.regions.length) place("panel-bars").append(make("p", { class: "hint", text: "The connectome gives no positions of regions, so there is no map of the brain." }));
    return;
  }
  const state = { ...brainShape(placed), tracts: strongestTracts(placed), hovered: -1, frame: 0, playing: false };
  Object.assign(state, brainFrames());
  setView(state, "side", 0.42, 0.24);
  state.plot = plotIn("brain", {
    height: (w) => Math.max(300, Math.min(w * 0.66, 470)),
    label: `Mean rate of ${placed.length} regions at their positions; the table of populations holds the numbers`,
    draw: (ctx, w, h) => paintBrain(ctx, w, h, state),
  });
  const missing = RUN.regions.filter((r) => !r.position).map((r) => r.label);
  const without = missing.length ? ` Without a position: ${missing.slice(0, 12).join(", ")}${missing.length > 12 ? ", …" : ""}.` : "";
  const tracts = state.tracts.length ? ` Lines: the ${state.tracts.length} strongest tracts.` : "";
  place("brain-hint").textContent = `Drag or use the arrow keys to turn; click a region to draw its rate over time.${tracts}${without}`;
  brainControls(state);
  brainPointer(state);
  CHOICE_LISTENERS.push(() => state.plot.redraw());
  return state;
}

/** Centre and radius of the positions. */
function brainShape(placed) {
  const middle = [0, 1, 2].map((k) => {
    const values = placed.map((p) => p.at[k]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  });
  const centred = placed.map((p) => ({ ...p, at: p.at.map((v, k) => v - middle[k]) }));
  const radius = Math.max(1e-6, ...centred.map((p) => Math.hypot(...p.at)));
  const leftOnly = placed.every((p) => RUN.regions[p.region].hemisphere === "left") || (middle[0] < 0 && placed.every((p) => p.at[0] < 0));
  return { placed: centred, radius, outside: leftOnly ? Math.PI : 0 };
}

/** The strongest tracts between regions that have a place, strongest last. */
function strongestTracts(placed) {
  const values = unpacked(RUN.matrices.weights);
  if (!values) return [];
  const n = RUN.regions.length;
  const index = new Map(placed.map((p, i) => [p.region, i]));
  const all = [];
  for (let target = 0; target < n; target++) {
    for (let source = 0; source < n; source++) {
      const log = values[target * n + source];
      if (target !== source && Number.isFinite(log) && index.has(target) && index.has(source)) all.push({ target: index.get(target), source: index.get(source), log });
    }
  }
  all.sort((a, b) => b.log - a.log);
  return all.slice(0, Math.min(160, 4 * placed.length)).reverse();
}

/** The rate of every region in about 150 frames; frame 0 is the mean. */
function brainFrames() {
  const mean = RUN.regions.map((r) => r.rate);
  const top = (values) => Math.max(1e-9, ...values.filter(isNumber));
  const t = RUN.region_rates;
  if (!t) return { frames: [mean], frameMs: 0, tops: [top(mean), 1] };
  const factor = Math.max(1, Math.ceil(t.bins / 150), Math.round(10 / t.bin_ms));
  const rows = rowsOf(t.values, t.bins);
  const count = Math.floor(t.bins / factor);
  const frames = Array.from({ length: count }, (_, f) => rows.map((row) => average(row.subarray(f * factor, (f + 1) * factor))));
  const sorted = frames.flat().sort((a, b) => a - b);
  return { frames: [mean, ...frames], frameMs: factor * t.bin_ms, tops: [top(mean), sorted[Math.floor((sorted.length - 1) * 0.99)] || 1] };
}

function setView(state, name, turn = 0, tilt = 0) {
  const outward = state.outside ? -1 : 1;
  const views = { side: [state.outside + outward * turn, tilt], top: [-Math.PI / 2, Math.PI / 2], front: [Math.PI / 2, 0] };
  [state.yaw, state.pitch] = views[name];
}

/** Screen coordinates of a place: x to the right, y up, z towards the eye. */
function projection({ yaw, pitch }) {
  const [s, c, t, d] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return ([x, y, z]) => [-s * x + c * y, -t * c * x - t * s * y + d * z, d * c * x + d * s * y + t * z];
}

function paintBrain(ctx, w, h, state) {
  const project = projection(state);
  const seen = state.placed.map((p) => ({ p, at: project(p.at) }));
  // As large as this view allows; the colour bar keeps 50 px, the outline of the outermost spots 34.
  const [wide, high] = [0, 1].map((k) => Math.max(state.radius / 4, ...seen.map((s) => Math.abs(s.at[k]))));
  const unit = Math.min(((w - 50) / 2 - 34) / wide, (h / 2 - 34) / high);
  const spots = seen.map(({ p, at: [x, y, z] }) => ({ ...p, x: (w - 50) / 2 + x * unit, y: h / 2 - y * unit, z: z / state.radius }));
  state.spots = spots;
  state.size = Math.max(3.5, Math.min(12, 62 / Math.sqrt(spots.length)) * Math.min(1, 0.35 + w / 950));
  const top = state.tops[state.frame ? 1 : 0];
  const rates = state.frames[state.frame];
  hull(ctx, spots, state.size);
  brainTracts(ctx, state, project, unit, w, h);
  for (const spot of [...spots].sort((a, b) => a.z - b.z)) brainSpot(ctx, spot, state, rates[spot.region], top);
  brainLabels(ctx, spots, state);
  compass(ctx, project, h);
  colourBar(ctx, { left: w - 46, top: 26, height: Math.min(180, h - 60), colours: VIRIDIS, lo: 0, hi: top, title: "spikes/s" });
}

/** A pale outline around all spots. */
function hull(ctx, spots, size) {
  const points = [...spots].sort((a, b) => a.x - b.x || a.y - b.y);
  const turn = (o, a, b) => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
  const half = (list) => {
    const out = [];
    for (const p of list) {
      while (out.length > 1 && turn(out[out.length - 2], out[out.length - 1], p) <= 0) out.pop();
      out.push(p);
    }
    return out.slice(0, -1);
  };
  const outline = [...half(points), ...half(points.reverse())];
  ctx.beginPath();
  outline.forEach((p, i) => (i ? ctx.lineTo(p.x, p.y) : ctx.moveTo(p.x, p.y)));
  ctx.closePath();
  ctx.fillStyle = ctx.strokeStyle = ink("faint");
  ctx.lineJoin = "round";
  ctx.lineWidth = size * 5;
  ctx.fill();
  ctx.stroke();
}

function brainTracts(ctx, state, project, unit, w, h) {
  const { tracts, placed, spots, hovered } = state;
  const [lo, hi] = [tracts[0]?.log ?? 0, tracts[tracts.length - 1]?.log ?? 1];
  const colour = ink("soft");
  for (const t of tracts) {
    const own = hovered >= 0 && (t.target === hovered || t.source === hovered);
    const strength = hi > lo ? (t.log - lo) / (hi - lo) : 1;
    const [a, b] = [placed[t.source].at, placed[t.target].at];
    // Bent away from the middle of the brain, as far as the ends lie apart.
    const middle = a.map((v, k) => (v + b[k]) / 2);
    const away = Math.hypot(...middle) || 1;
    const bend = 0.22 * Math.hypot(...a.map((v, k) => v - b[k]));
    const [x, y] = project(middle.map((v) => v * (1 + bend / away)));
    ctx.strokeStyle = own ? ink("accent") : colour;
    ctx.globalAlpha = own ? 0.9 : hovered >= 0 ? 0.07 : 0.14 + 0.5 * strength;
    ctx.lineWidth = 0.7 + 2.2 * strength * strength;
    ctx.beginPath();
    ctx.moveTo(spots[t.source].x, spots[t.source].y);
    ctx.quadraticCurveTo((w - 50) / 2 + x * unit, h / 2 - y * unit, spots[t.target].x, spots[t.target].y);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

function brainSpot(ctx, spot, state, rate, top) {
  const near = 1 + 0.28 * spot.z;
  const r = state.size * near;
  const colour = isNumber(rate) ? at(VIRIDIS, rate / top) : [128, 128, 128];
  const shade = ctx.createRadialGradient(spot.x - r * 0.35, spot.y - r * 0.4, r * 0.1, spot.x, spot.y, r);
  const mixed = (f) => colour.map((c) => Math.round(f > 0 ? c + (255 - c) * f : c * (1 + f)));
  shade.addColorStop(0, rgb(mixed(0.42)));
  shade.addColorStop(0.55, rgb(colour));
  shade.addColorStop(1, rgb(mixed(-0.28)));
  ctx.beginPath();
  ctx.arc(spot.x, spot.y, r, 0, 2 * Math.PI);
  ctx.fillStyle = shade;
  ctx.fill();
  const own = chosen().find((c) => c.region === spot.region);
  const lit = state.spots[state.hovered]?.region === spot.region;
  ctx.lineWidth = own || lit ? 2 : 1;
  ctx.strokeStyle = lit ? ink("ink") : own ? own.colour : ink("card");
  ctx.stroke();
}

/** Labels where there is room, those nearest the eye first. */
function brainLabels(ctx, spots, state) {
  const taken = spots.map((s) => ({ x0: s.x - state.size, x1: s.x + state.size, y0: s.y - state.size, y1: s.y + state.size }));
  ctx.textAlign = "left";
  ctx.lineJoin = "round";
  for (const spot of [...spots].sort((a, b) => b.z - a.z)) {
    const label = RUN.regions[spot.region].label;
    const width = ctx.measureText(label).width;
    const gap = state.size * (1 + 0.28 * spot.z) + 3;
    const boxes = [[gap, -6], [-gap - width, -6], [-width / 2, gap], [-width / 2, -gap - 12]].map(([dx, dy]) => ({ x0: spot.x + dx, x1: spot.x + dx + width, y0: spot.y + dy, y1: spot.y + dy + 12 }));
    const free = boxes.find((b) => !taken.some((t) => b.x0 < t.x1 && b.x1 > t.x0 && b.y0 < t.y1 && b.y1 > t.y0));
    if (!free) continue;
    taken.push(free);
    ctx.globalAlpha = 0.65 + 0.35 * Math.max(0, spot.z);
    ctx.strokeStyle = ink("card");
    ctx.lineWidth = 3;
    ctx.strokeText(label, free.x0, free.y0 + 6);
    ctx.fillStyle = ink("ink");
    ctx.fillText(label, free.x0, free.y0 + 6);
  }
  ctx.globalAlpha = 1;
}

/** Where front, right and up are. */
function compass(ctx, project, h) {
  const [cx, cy, length] = [38, h - 38, 22];
  ctx.textAlign = "center";
  for (const [name, axis] of [["right", [1, 0, 0]], ["front", [0, 1, 0]], ["up", [0, 0, 1]]]) {
    const [x, y] = project(axis);
    if (Math.hypot(x, y) < 0.5) continue;
    ctx.lineWidth = 1.2;
    line(ctx, cx, cy, cx + x * length, cy - y * length, ink("soft"));
    ctx.fillStyle = ink("soft");
    ctx.fillText(name, cx + x * (length + 12), cy - y * (length + 9));
  }
}
