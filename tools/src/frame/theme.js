// Light and dark, and the panels of a page one after the other.
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  THEME_LISTENERS.forEach((f) => f());
  redrawAll();
}

place("theme").addEventListener("click", () => setTheme(dark() ? "light" : "dark"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (e) => setTheme(e.matches ? "dark" : "light"));

/** Draws every panel; one that fails says so and leaves the others alone. */
function drawAll(panels) {
  for (const [name, draw] of Object.entries(panels)) {
    try {
      draw();
    } catch (fault) {
      console.error(`panel ${name}:`, fault);
      place("panel-" + name)?.append(make("p", { class: "hint", text: `This panel could not be drawn: ${fault.message}` }));
    }
  }
  document.documentElement.dataset.ready = "yes";
}
