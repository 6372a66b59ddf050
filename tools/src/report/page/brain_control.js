// Turning the brain and running through time.
function brainControls(state) {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      setView(state, button.dataset.view);
      state.plot.redraw();
    });
  }
  const [slider, play] = [place("brain-time"), place("brain-play")];
  if (!slider) return; // A page of a run that goes on shows the present only.
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
