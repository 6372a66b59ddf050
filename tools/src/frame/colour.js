// Colours: all scales read the same for the common kinds of colour blindness.
const dark = () => document.documentElement.dataset.theme === "dark";

const THEME_LISTENERS = [];

/** Calls `f` now and whenever the page turns light or dark. */
function onTheme(f) {
  THEME_LISTENERS.push(f);
  f();
}

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** A colour scale through the given colours, as a table of 256 [r, g, b]. */
function ramp(stops) {
  const points = stops.map(channels);
  return Array.from({ length: 256 }, (_, i) => {
    const x = (i / 255) * (points.length - 1);
    const k = Math.min(Math.floor(x), points.length - 2);
    return points[k].map((c, j) => Math.round(c + (points[k + 1][j] - c) * (x - k)));
  });
}

// Viridis (van der Walt and Smith 2015, CC0), ten of its colours.
const VIRIDIS = ramp(["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725"]);
const DIVERGING = {
  light: ramp(["#08386e", "#2f79b5", "#92c2de", "#f6f6f4", "#f2b48a", "#cf5a2b", "#7a2307"]),
  dark: ramp(["#a4d3ff", "#4d97d8", "#234f7c", "#161c23", "#7a3a1d", "#d9743a", "#ffd0a6"]),
};
const diverging = () => DIVERGING[dark() ? "dark" : "light"];

const rgb = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

/** The colour of a fraction of a scale. */
const at = (scale, fraction) => scale[Math.max(0, Math.min(255, Math.round(fraction * 255)))];

// Lines of chosen regions: after Okabe and Ito (2008), lifted for dark ground.
const LINES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b8568c", "#c58a00", "#3a9fd6", "#6a51a3", "#6b5b45"],
  dark: ["#4ea6e6", "#ff8a3d", "#2fc79b", "#e69cc4", "#f0b93a", "#9ad4f7", "#b6a1e8", "#c9b79c"],
};
const lineColour = (i) => LINES[dark() ? "dark" : "light"][i % 8];

// Populations: excitatory ones blue, inhibitory ones orange, others green and purple;
// within a family from deep to pale, and dashes tell lines of one family apart.
const FAMILIES = {
  excitatory: { light: ["#0b3c7d", "#5aa9e0"], dark: ["#3f86e0", "#a9d4f7"] },
  inhibitory: { light: ["#9a3404", "#f0a04f"], dark: ["#de6426", "#f9bb83"] },
  other: { light: ["#00694d", "#b071a8"], dark: ["#2fc79b", "#e2b3dd"] },
};
const DASHES = [[], [7, 3], [2, 2.5], [9, 3, 2, 3], [4, 4], [12, 4]];

function familyOf(kind) {
  if (/(^I$|I$|^I[-_ ]|inh|PV|SST|VIP|basket|interneuron|TRN$|FSI|STR|GP[ei]|SNr)/.test(kind)) return "inhibitory";
  if (/(^E$|E$|^E[-_ ]|exc|pyr|TC$|STN|PY)/i.test(kind)) return "excitatory";
  return "other";
}

const KINDS = RUN.kinds.map((name, kind) => {
  const family = familyOf(name);
  const members = RUN.kinds.filter((k) => familyOf(k) === family);
  const rank = members.indexOf(name);
  return { name, kind, family, share: members.length > 1 ? rank / (members.length - 1) : 0.25, dash: DASHES[rank % DASHES.length] };
});

function kindColour(kind) {
  const { family, share } = KINDS[kind];
  return rgb(at(ramp(FAMILIES[family][dark() ? "dark" : "light"]), share));
}
