// Turning the brain and running through time.
function brainControls(state) {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      setView(state, button.dataset.view);
      state.plot.redraw();
    });
  }
  const [slider, play] = [place("brain-time"), place("brain-play")];
  slider.max = state.frames.length - 1;
  const show = (frame) => {
    state.frame = frame;
    slider.value = frame;
    const from = RUN.start_ms + (frame - 1) * state.frameMs;
    place("brain-when").textContent = frame ? `${shown(from, 5)} ms` : "mean";
    slider.setAttribute("aria-valuetext", frame ? `from ${shown(from, 5)} ms on` : "mean over the run");
    state.plot.redraw();
  };
  slider.addEventListener("input", () => show(Number(slider.value)));
  if (state.frames.length < 2) return [slider, play].forEach((e) => (e.disabled = true));
  const advance = () => {
    if (!state.playing) return;
    show(1 + (state.frame % (state.frames.length - 1)));
    setTimeout(advance, 80);
  };
  play.addEventListener("click", () => {
    state.playing = !state.playing;
    play.setAttribute("aria-pressed", String(state.playing));
    play.textContent = state.playing ? "Pause" : "Play";
    if (state.playing) advance();
  });
}

function brainPointer(state) {
  const canvas = state.plot.canvas;
  canvas.tabIndex = 0;
  canvas.style.touchAction = "pan-y";
  canvas.style.cursor = "grab";
  let last = null;
  let moved = 0;
  const turn = (dx, dy) => {
    state.yaw -= dx * 0.008;
    state.pitch = Math.max(-Math.PI / 2, Math.min(Math.PI / 2, state.pitch + dy * 0.008));
    state.plot.redraw();
  };
  canvas.addEventListener("pointerdown", (e) => {
    last = [e.clientX, e.clientY];
    moved = 0;
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener("pointermove", (e) => {
    if (!last) return;
    const [dx, dy] = [e.clientX - last[0], e.clientY - last[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    turn(dx, dy);
    last = [e.clientX, e.clientY];
  });
  const end = (e) => {
    const box = canvas.getBoundingClientRect();
    const hit = brainHit(state, e.clientX - box.left, e.clientY - box.top);
    if (last && moved < 4 && hit >= 0) choose(state.spots[hit].region);
    last = null;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", () => (last = null));
  canvas.addEventListener("keydown", (e) => {
    const step = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[e.key];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    turn(...step);
  });
  hover(state.plot, (x, y) => {
    const hit = last ? -1 : brainHit(state, x, y);
    if (hit !== state.hovered) {
      state.hovered = hit;
      state.plot.redraw();
    }
    return hit < 0 ? "" : brainText(state, state.spots[hit].region);
  });
  canvas.addEventListener("pointerleave", () => {
    state.hovered = -1;
    state.plot.redraw();
  });
}

/** The spot under the pointer, the one nearest the eye first; -1 for none. */
function brainHit(state, x, y) {
  let best = -1;
  (state.spots ?? []).forEach((s, i) => {
    const near = Math.hypot(s.x - x, s.y - y) <= state.size * (1 + 0.28 * s.z) + 3;
    if (near && (best < 0 || s.z > state.spots[best].z)) best = i;
  });
  return best;
}

function brainText(state, region) {
  const r = RUN.regions[region];
  const at = r.position.map((v) => shown(v)).join(", ");
  const name = r.name && r.name !== r.label ? `${r.label} (${r.name})` : r.label;
  return `${name}\n${shown(state.frames[state.frame][region])} spikes/s${state.frame ? " now" : ""}, mean ${shown(r.rate)}\n${whole(r.neurons)} neurons\nat ${at} mm`;
}

/** Mean rates as bars, in the order of the regions. */
function drawBars() {
  const rates = RUN.regions.map((r) => r.rate);
  if (!rates.some(isNumber)) return emptyIn("bars", "This run recorded no rates.");
  place("h-bars").textContent = `Mean rate by ${ROW}`;
  const top = Math.max(1e-9, ...rates.filter(isNumber));
  const row = RUN.regions.length > 60 ? 7 : 14;
  const widest = Math.min(110, 18 + Math.max(...RUN.regions.map((r) => r.label.length)) * 7);
  const frame = (w, h) => ({ x: scaleOf(0, top * 1.02, widest, w - 14), y: scaleOf(0, rates.length, 6, h - 34) });
  const plot = plotIn("bars", {
    height: 40 + row * rates.length,
    label: `Mean rate of ${rates.length} ${ROWS} as bars`,
    draw: (ctx, w, h) => {
      const { x, y } = frame(w, h);
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
  hover(plot, (_, y) => (hit(y) < 0 ? "" : `${RUN.regions[hit(y)].label}: ${shown(rates[hit(y)])} spikes/s\n${whole(RUN.regions[hit(y)].neurons)} neurons`));
  plot.canvas.addEventListener("click", (e) => {
    const i = hit(e.clientY - plot.canvas.getBoundingClientRect().top);
    if (i >= 0) choose(i);
  });
  CHOICE_LISTENERS.push(() => plot.redraw());
}
