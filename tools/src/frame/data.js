"use strict";
// The run, and how its packed arrays become numbers again.
const RUN = JSON.parse(document.getElementById("data").textContent);

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** A packed array as numbers; NaN where there is none. */
function unpacked(packed) {
  if (!packed) return null;
  const bytes = bytesOf(packed.data);
  const values = new Float64Array(packed.n);
  const scale = (packed.highest - packed.lowest) / 65534;
  for (let i = 0; i < packed.n; i++) {
    const level = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    values[i] = level === 65535 ? NaN : packed.lowest + level * scale;
  }
  return values;
}

/** Rows of a packed table. */
function rowsOf(packed, width) {
  const values = unpacked(packed);
  if (!values || !width) return [];
  return Array.from({ length: Math.floor(values.length / width) }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/** The raster's dots: population, neuron within it and time, ordered by population, neuron, time. */
function dotsOf(raster, populations) {
  if (!raster) return null;
  const bytes = bytesOf(raster.data);
  const dots = { population: new Uint16Array(raster.shown), neuron: new Uint32Array(raster.shown), time: new Float64Array(raster.shown) };
  let at = 0;
  const next = () => {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
  };
  let i = 0;
  for (let p = 0; p < populations.length; p++) {
    let neuron = 0;
    for (let trains = next(); trains > 0; trains--) {
      neuron += next();
      let tick = 0;
      for (let spikes = next(); spikes > 0; spikes--) {
        tick += next();
        dots.population[i] = p;
        dots.neuron[i] = neuron;
        dots.time[i++] = RUN.start_ms + tick * raster.tick_ms;
      }
    }
  }
  return dots;
}

/** What a row of the page is, and several of them. */
const ROW = RUN.row;
const ROWS = ROW + "s";

const isNumber = (v) => typeof v === "number" && Number.isFinite(v);

/** A number with a few significant digits, thousands set apart. */
function shown(value, digits = 3) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-3) return value.toExponential(digits - 1).replace("e+", "e").replace("-", "−");
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.min(places, 6) }).replace("-", "−");
}

const whole = (value) => (isNumber(value) ? value.toLocaleString("en-US", { maximumFractionDigits: 0 }) : "–");

/** A large count as [number, word]. */
function counted(value) {
  if (!isNumber(value)) return ["–", ""];
  for (const [unit, word] of [[1e12, "trillion"], [1e9, "billion"], [1e6, "million"]]) {
    if (value >= unit) return [(value / unit).toPrecision(value >= 100 * unit ? 3 : 4).replace(/\.?0+$/, (z) => (z.includes(".") ? "" : z)), word];
  }
  return [whole(value), ""];
}

/** A duration in seconds as [number, unit]. */
function lasting(seconds) {
  if (!isNumber(seconds)) return ["–", ""];
  if (seconds < 1) return [shown(seconds * 1000), "ms"];
  if (seconds < 120) return [shown(seconds), "s"];
  if (seconds < 7200) return [shown(seconds / 60), "min"];
  return [shown(seconds / 3600), "h"];
}

/** Makes an element: tag, attributes (or properties), children. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else if (key === "style") Object.assign(element.style, value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const place = (id) => document.getElementById(id);

/** Fills the row of key figures with [name, value, unit]. */
function keyFigures(cards) {
  const card = ([name, value, unit]) => {
    const dd = make("dd", { text: value });
    if (unit) dd.append(make("small", { text: unit }));
    return make("div", {}, make("dt", { text: name }), dd);
  };
  place("figures").replaceChildren(...cards.map(card));
}
