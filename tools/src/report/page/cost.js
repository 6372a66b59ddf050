// Wall and CPU time of each phase.
function phases() {
  const r = RUN.report || {};
  const out = [];
  const push = (name, value) => {
    const wall = isNumber(value) ? value : value?.wall ?? value?.wall_seconds;
    const cpu = isNumber(value) ? undefined : value?.cpu ?? value?.cpu_seconds;
    if (isNumber(wall) || isNumber(cpu)) out.push({ name, wall, cpu });
  };
  push("build", r.phases?.build ?? r.build_seconds);
  for (const name of ["update", "deliver", "communicate", "record"]) push(name, r.phases?.[name]);
  for (const name of Object.keys(r.phases ?? {})) if (!out.some((p) => p.name === name)) push(name, r.phases[name]);
  return out;
}

const PHASE_COLOURS = { build: 0, update: 2, deliver: 1, communicate: 5, record: 3 };

function drawCost() {
  if (!phases().length) return emptyIn("cost", "The report holds no times of phases.");
  const cpu = phases().some((p) => isNumber(p.cpu));
  place("cost-lead").textContent = costInWords() + (cpu ? " Solid: wall time; outlined: CPU time of all threads." : " Bars: wall time.");
  return costPlot(cpu ? 42 : 32);
}

/** Seconds in the phases of simulating. */
const stepping = (all) => all.filter((p) => p.name !== "build").reduce((sum, p) => sum + (p.wall ?? 0), 0);

function costInWords() {
  const r = RUN.report;
  const all = phases();
  const parts = [
    isNumber(r.build_seconds) && `Build ${lasting(r.build_seconds).join(" ")}`,
    isNumber(r.simulate_seconds) && `simulation ${lasting(r.simulate_seconds).join(" ")} wall`,
    isNumber(r.cpu_seconds) && `${lasting(r.cpu_seconds).join(" ")} CPU in all`,
    isNumber(r.synaptic_events) && r.synaptic_events > 0 && stepping(all) > 0 && `${counted(r.synaptic_events).filter(Boolean).join(" ")} synaptic events, ${shown(((all.find((p) => p.name === "deliver")?.wall ?? 0) / r.synaptic_events) * 1e9)} ns of delivery each`,
  ];
  return parts.filter(Boolean).join("; ") + ".";
}

/** The times of the phases whenever it is painted, one row of so many pixels each. */
function costPlot(row) {
  return plotIn("cost", {
    height: () => 36 + row * phases().length,
    label: phases().map((p) => `${p.name} ${lasting(p.wall).join(" ")}`).join(", "),
    draw: (ctx, w, h) => {
      const all = phases();
      const x = scaleOf(0, Math.max(1e-9, ...all.flatMap((p) => [p.wall ?? 0, p.cpu ?? 0])), 88, w - 78);
      for (const t of ticksOf(x, 48)) {
        line(ctx, x(t), 4, x(t), h - 32, ink("faint"));
        ctx.fillStyle = ink("soft");
        ctx.textAlign = "center";
        ctx.fillText(tickText(t), x(t), h - 22);
      }
      titles(ctx, { left: x.a, right: x.b, top: 0, bottom: h - 33 }, "seconds", "");
      all.forEach((p, i) => phaseBars(ctx, p, x, 4 + i * row, row, stepping(all)));
    },
  });
}

function phaseBars(ctx, p, x, top, row, total) {
  const thick = isNumber(p.cpu) ? row * 0.36 : row * 0.6;
  const colour = lineColour(PHASE_COLOURS[p.name] ?? 6);
  const middle = top + row / 2;
  ctx.fillStyle = ink("ink");
  ctx.textAlign = "right";
  ctx.fillText(p.name, x.a - 8, middle);
  ctx.textAlign = "left";
  const bars = [["wall", p.wall, isNumber(p.cpu) ? middle - thick - 1 : middle - thick / 2], ["cpu", p.cpu, middle + 1]].filter(([, v]) => isNumber(v));
  for (const [kind, value, y] of bars) {
    const width = Math.max(1.5, x(value) - x.a);
    ctx.fillStyle = ctx.strokeStyle = colour;
    ctx.lineWidth = 1.4;
    if (kind === "wall") ctx.fillRect(x.a, y, width, thick);
    else ctx.strokeRect(x.a + 0.7, y + 0.7, width, thick - 1.4);
    ctx.fillStyle = ink("soft");
    const share = kind === "wall" && p.name !== "build" && total > 0 ? ` · ${value < 0.005 * total ? "< 1" : Math.round((100 * value) / total)} %` : "";
    ctx.fillText(lasting(value).join(" ") + share, x.a + width + 6, y + thick / 2);
  }
}
