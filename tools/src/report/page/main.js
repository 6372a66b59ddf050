// Draws every panel; one that fails says so and leaves the others alone.
const PANELS = { header: drawHeader, raster: drawRaster, rates: drawRates, brain: drawBrain, bars: drawBars, matrices: drawMatrices, distributions: drawDistributions, spectra: drawSpectra, cost: drawCost, provenance: drawProvenance, table: drawTable, plan: drawPlan };

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  THEME_LISTENERS.forEach((f) => f());
  redrawAll();
}

place("theme").addEventListener("click", () => setTheme(dark() ? "light" : "dark"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (e) => setTheme(e.matches ? "dark" : "light"));

for (const [name, draw] of Object.entries(PANELS)) {
  try {
    draw();
  } catch (fault) {
    console.error(`panel ${name}:`, fault);
    place("panel-" + name)?.append(make("p", { class: "hint", text: `This panel could not be drawn: ${fault.message}` }));
  }
}
document.documentElement.dataset.ready = "yes";
