// A run while it goes on: asks for what is new, shows it, and says when it is over.
const DURATION_MS = RUN.end_ms;
const STORES = { whole: emptyStore(1000), recent: emptyStore(200) };
/** Of a long run the first of many wide bins takes a while. */
const LONG_MS = 20_000;
const VIEW = { span: DURATION_MS > LONG_MS ? "recent" : "whole", state: null, brain: null, bars: null, cost: null, failures: 0, top: 1e-9, endMs: DURATION_MS, simulated: NaN, fraction: 0 };
const EVERY_MS = 500;
/** Requests in a row that fail before the page takes the process for ended. */
const PATIENCE = 6;

function drawActivity() {
  RUN.regions.forEach((r) => (r.rate = 0));
  RUN.report = { ...RUN.report, phases: { update: 0, deliver: 0, communicate: 0, record: 0 } };
  chooseFirst();
  VIEW.state = {};
  showStore(STORES[VIEW.span], VIEW.state, DURATION_MS);
  ratePlots(VIEW.state);
  setSpan(VIEW.span);
  for (const span of ["whole", "recent"]) place("span-" + span).addEventListener("click", () => setSpan(span));
}

function setSpan(span) {
  VIEW.span = span;
  for (const name of ["whole", "recent"]) place("span-" + name).setAttribute("aria-pressed", String(name === span));
  showRates();
}

/** What the store of the chosen span holds; the whole run has its whole length from the start. */
function showRates() {
  showStore(STORES[VIEW.span], VIEW.state, VIEW.span === "whole" ? VIEW.endMs : 0);
  VIEW.state.heat.redraw();
  VIEW.state.traces.redraw();
}

function show(news) {
  takeBins(STORES.whole, news.whole);
  takeBins(STORES.recent, news.recent);
  news.means.forEach((rate, i) => (RUN.regions[i].rate = rate));
  RUN.report.phases = news.phases;
  if (news.end) VIEW.endMs = news.time_ms;
  showProgress(news);
  showRates();
  showBrain();
  VIEW.bars?.redraw();
  VIEW.cost?.redraw();
  showMessages(news.messages);
}

/** The scale follows the highest rate at once and falls slowly, so that a burst does not make it jump. */
function showBrain() {
  if (!VIEW.brain) return;
  const now = lately(STORES.recent, 50);
  VIEW.top = Math.max(1e-9, 0.95 * VIEW.top, ...now.filter(isNumber));
  VIEW.brain.frames = [now];
  VIEW.brain.tops = [VIEW.top, VIEW.top];
  VIEW.brain.plot.redraw();
}

function showProgress(news) {
  const percent = `${(100 * news.fraction).toFixed(news.fraction < 0.1 ? 1 : 0)} %`;
  const left = isNumber(news.left) ? `${lasting(news.left).join(" ")} left` : "";
  const phase = news.end ? { done: "done", stopped: "stopped", failed: "failed" }[news.end.how] : news.phase;
  place("progress-text").textContent = [phase, news.end ? "" : percent, left].filter(Boolean).join(" · ");
  document.title = `${news.end ? phase : percent} · ${RUN.title} · BrainCog live view`;
  // What the simulation took, later phases do not change any more.
  if (news.phase === "simulate") [VIEW.simulated, VIEW.fraction] = [news.seconds, news.fraction];
  place("progress").value = news.end?.how === "done" ? 1 : news.end ? VIEW.fraction : news.fraction;
  const factor = news.time_ms > 0 ? (1000 * VIEW.simulated) / news.time_ms : NaN;
  keyFigures([
    ["Phase", phase || "–", ""],
    news.end ? ["Wall time to simulate", ...lasting(VIEW.simulated)] : ["Time left", ...lasting(news.left ?? NaN)],
    ["Biological time", ...lasting(news.time_ms / 1000)],
    ["Real-time factor", shown(factor), isNumber(factor) ? "× life" : ""],
    ["Mean rate", shown(news.rate), "spikes/s"],
    ["Spikes", ...counted(news.spikes)],
  ]);
}

function showMessages(messages) {
  const log = place("messages");
  const text = messages.join("\n");
  if (log.textContent === text) return;
  const following = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  log.textContent = text;
  if (following) log.scrollTop = log.scrollHeight;
}

/** Says how the run ended. The report is fetched at once, for the process that serves it is about to end. */
async function finish(end) {
  const words = { done: "The run is done.", stopped: "The run was stopped; what was recorded until then is written.", failed: "The run failed; the last message says why." };
  const sentence = [words[end.how]];
  if (end.report) {
    const answer = await fetch("report.html").catch(() => null);
    if (answer?.ok) sentence.push(" ", make("a", { href: URL.createObjectURL(await answer.blob()), target: "_blank", id: "report" }, "Open its report"), ".");
  }
  if (end.how !== "failed") sentence.push(` Everything lies in ${RUN.folder}.`);
  sayEnding(sentence);
}

function sayEnding(parts) {
  place("ending").replaceChildren(...parts);
  place("ending").hidden = false;
  document.documentElement.dataset.ended = "yes";
}

async function ask() {
  try {
    const query = Object.entries(STORES).map(([name, store]) => `${name}=${wanted(store)}`).join("&");
    const answer = await fetch(`state?${query}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const news = await answer.json();
    VIEW.failures = 0;
    show(news);
    if (news.end) return finish(news.end);
  } catch {
    if (++VIEW.failures >= PATIENCE) return sayEnding([`The run's process has ended or does not answer any more. What it wrote lies in ${RUN.folder}.`]);
  }
  setTimeout(ask, document.hidden ? 4 * EVERY_MS : EVERY_MS);
}

drawAll({
  subtitle,
  rates: drawActivity,
  brain: () => (VIEW.brain = drawBrain()),
  bars: () => {
    VIEW.bars = drawBars();
    place("h-bars").textContent = `Mean rate by ${ROW}, so far`;
  },
  cost: () => {
    VIEW.cost = costPlot(32);
    place("cost-lead").textContent = "Wall time of the thread that hands out results, since the simulation began.";
  },
});
ask();
