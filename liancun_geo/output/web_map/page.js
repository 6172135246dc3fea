// The page: header, map, layers, card; what is chosen, shown and printed.
import { County } from "county.js";
import { BESIDE, Labels, ROUND } from "labels.js";
import { star, triangle, dots } from "symbols.js";
import { Drawing, FONT } from "drawing.js";
import { Cards, put, sayer } from "cards.js";
import { Search } from "search.js";

const data = JSON.parse(document.getElementById("data").textContent);
const say = sayer(data.words);
const county = new County(data.county);
const layers = { alliances: true, townships: true, ties: true, names: true, weak: true, left_out: true };
const WIDE = 700;
const LADDER = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

// --- header -------------------------------------------------------------------------------------

const header = put(document.body, "header");
const heading = put(header, "div", null, { class: "title" });
put(heading, "h1", data.title);
if (data.demo) put(heading, "span", say("demo"), { class: "chip-demo" });
put(header, "p", data.about, { class: "about" });
const finder = put(header, "div", null, { id: "finder" });
const printing = put(header, "button", say("print"), { id: "print", type: "button", class: "plain" });
put(header, "span", say("internal"), { class: "internal" });

// --- map ----------------------------------------------------------------------------------------

const work = put(document.body, "div", null, { id: "work" });
const stage = put(work, "main", null, { id: "stage" });
put(stage, "div", null, { id: "map", tabindex: "0", role: "application", "aria-label": say("map") });
const card = put(work, "aside", null, { id: "card", hidden: "", "aria-live": "polite" });
const map = window.L.map("map", {
  zoomControl: false, attributionControl: false, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false,
  inertia: false, trackResize: false, zoomSnap: 0.25, zoomDelta: 0.5, boxZoom: false, wheelPxPerZoomLevel: 90,
  minZoom: 3, maxZoom: 18, zoom: 9, center: [county.centre[1] || 35, county.centre[0] || 118],
});
const drawing = new Drawing(map, county, data.plan, layers);

const zooms = put(stage, "div", null, { id: "zoom", class: "floats", "data-floats": "" });
const SVG = "http://www.w3.org/2000/svg";
const TOOLS = [
  ["zoom_in", "M12 5v14M5 12h14", () => map.zoomIn()],
  ["zoom_out", "M5 12h14", () => map.zoomOut()],
  ["fit", "M8 3H3v5M16 3h5v5M8 21H3v-5M16 21h5v-5", () => fit()],
];
for (const [key, drawn, act] of TOOLS) {
  const button = put(zooms, "button", null, { type: "button", "aria-label": say(key), title: say(key) });
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.append(document.createElementNS(SVG, "path"));
  icon.firstChild.setAttribute("d", drawn);
  button.append(icon);
  button.onclick = act;
}
const scale = put(stage, "div", null, { id: "scale", "data-floats": "" });
put(stage, "p", say("disclaimer"), { class: "on-paper" });
const tip = put(stage, "div", null, { id: "tip", hidden: "" });

function boundsOf(villages) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const village of villages) {
    const [left, top, right, bottom] = county.boxes[village];
    box[0] = Math.min(box[0], left);
    box[1] = Math.min(box[1], top);
    box[2] = Math.max(box[2], right);
    box[3] = Math.max(box[3], bottom);
  }
  return box;
}

// What the map was last fitted to; null once the reader has moved it.
let fitted = null;
let moving = false;
map.on("movestart zoomstart", () => { if (!moving) fitted = null; });

function fit(villages = county.names.map((_, village) => village), most = 18) {
  const [left, top, right, bottom] = boundsOf(villages);
  if (!(left <= right)) return;
  const size = map.getSize();
  const room = Math.min((size.x - 48) / (right - left || 1), (size.y - 64) / (bottom - top || 1));
  const zoom = Math.min(most, Math.floor(4 * (14 + Math.log2(Math.max(room, 1e-6)))) / 4);
  const origin = map.project([county.centre[1], county.centre[0]], 14);
  const middle = window.L.point(origin.x + (left + right) / 2, origin.y + (top + bottom) / 2);
  moving = true;
  map.setView(map.unproject(middle, 14), zoom, { animate: false });
  moving = false;
  fitted = { villages, most };
}

function showScale() {
  const size = map.getSize();
  const [one, two] = [0, 100].map((x) => map.containerPointToLatLng([x, size.y / 2]));
  const metres = one.distanceTo(two) / 100;
  if (!metres) return;
  const length = LADDER.filter((step) => step / metres <= 130).at(-1) || LADDER[0];
  scale.replaceChildren();
  const text = length >= 1000 ? say("scale_km", { n: length / 1000 }) : say("scale_m", { n: length });
  put(scale, "span", text);
  put(scale, "i").style.width = `${length / metres}px`;
}
map.on("zoom move resize", showScale);

// --- layers and legend --------------------------------------------------------------------------

const legend = put(stage, "details", null, { id: "legend", class: "floats", "data-floats": "" });
put(legend, "summary", say("layers"));
legend.open = innerWidth >= WIDE;

function swatch(parent, draw) {
  const canvas = put(parent, "canvas", null, { width: "66", height: "48", "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  context.scale(3, 3);
  draw(context);
}

function line(context, colour, width, dash = []) {
  Object.assign(context, { strokeStyle: colour, lineWidth: width });
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(1, 8);
  context.lineTo(21, 8);
  context.stroke();
}

const SWATCHES = {
  alliances: (context) => {
    county.told.palette.slice(0, 2).forEach((colour, i) => {
      context.fillStyle = colour;
      context.fillRect(1 + 10 * i, 2, 10, 12);
    });
    context.strokeStyle = "#3A4A55";
    context.strokeRect(1, 2, 10, 12);
    context.strokeRect(11, 2, 10, 12);
  },
  townships: (context) => line(context, "#1B2A34", 2.6),
  ties: (context) => line(context, "#7C868D", 1.2),
  names: (context) => {
    Object.assign(context, { font: `700 12px ${FONT}`, fillStyle: "#1B2A34", textAlign: "center", textBaseline: "middle" });
    context.fillText(data.language === "zh" ? "村" : "Aa", 11, 8.5);
  },
  weak: (context) => triangle(context, 11, 8),
  left_out: (context) => {
    context.fillStyle = "#E7EAEC";
    context.fillRect(1, 2, 20, 12);
    context.fillStyle = dots(context, 1);
    context.fillRect(1, 2, 20, 12);
    Object.assign(context, { strokeStyle: "#5F6C75", lineWidth: 1.4 });
    context.setLineDash([4, 2.5]);
    context.strokeRect(1.5, 2.5, 19, 11);
  },
};

for (const name of Object.keys(layers)) {
  if (name === "weak" && !county.weak.some(Boolean)) continue;
  if (name === "left_out" && !data.plan.of.some((one) => one < 0)) continue;
  const label = put(legend, "label");
  const box = put(label, "input", null, { type: "checkbox", "data-layer": name });
  box.checked = true;
  swatch(label, SWATCHES[name]);
  put(label, "span", say(`layer_${name}`));
  box.onchange = () => {
    layers[name] = box.checked;
    drawing.later();
  };
}
const starred = put(legend, "p");
swatch(starred, (context) => star(context, 11, 8, 7));
put(starred, "span", say("legend_lead"));
legend.addEventListener("toggle", () => drawing.later());

// --- footer -------------------------------------------------------------------------------------

const footer = put(document.body, "footer");
put(footer, "span", say("hint"), { class: "hint" });
if (!data.figures) put(footer, "span", say("no_figures"));
put(footer, "span", say("attribution"), { class: "hint" });
put(footer, "b", say("disclaimer"));

// --- choosing -----------------------------------------------------------------------------------

const near = (villages) => villages.some((village) => {
  const at = map.latLngToContainerPoint([county.lonlat[village][1], county.lonlat[village][0]]);
  const size = map.getSize();
  return at.x < (legend.open ? 170 : 30) || at.y < 30 || at.x > size.x - 30 || at.y > size.y - 30;
});

const pick = {
  village(village, follow = true) {
    const number = data.plan.of[village];
    drawing.choose(village, number);
    cards.village(village);
    resized();
    const tiny = 2 * county.radii[village] * drawing.transform().scale < 24;
    if (follow && (tiny || near([village]))) fit(number < 0 ? [village] : membersOf(number), 14);
  },
  alliance(number) {
    drawing.choose(-1, number);
    cards.alliance(number);
    resized();
    fit(membersOf(number), 14);
  },
  township(township) {
    drawing.choose(-1, -1);
    cards.township(township);
    resized();
    fit(county.townshipOf.map((one, village) => (one === township ? village : -1)).filter((one) => one >= 0));
  },
  close() {
    drawing.choose(-1, -1);
    cards.hide();
    resized();
    document.getElementById("map").focus();
  },
};
const membersOf = (number) => data.plan.of.map((one, village) => (one === number ? village : -1)).filter((one) => one >= 0);
const cards = new Cards(card, data, county, say, pick);
const search = new Search(finder, data, county, say, pick);

// The card takes room from the map; what was in the middle stays there.
function resized() {
  map.invalidateSize({ animate: false, pan: false });
  drawing.later();
}

map.on("click", (event) => {
  const village = drawing.villageAt(event.containerPoint);
  if (village < 0) pick.close();
  else pick.village(village, false);
});
map.on("mousemove", (event) => {
  const village = drawing.villageAt(event.containerPoint);
  tip.hidden = village < 0;
  if (village < 0) return;
  const number = data.plan.of[village];
  tip.textContent = `${county.names[village]} · ${number < 0 ? say("role_left_out") : data.alliances[number].name}`;
  const { x, y } = event.containerPoint;
  const right = x > map.getSize().x - 200;
  Object.assign(tip.style, { left: `${x + (right ? -12 : 14)}px`, top: `${y + 16}px`, transform: right ? "translateX(-100%)" : "" });
});
map.on("mouseout movestart", () => { tip.hidden = true; });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !card.hidden) pick.close();
  else if (event.key === "/" && event.target.tagName !== "INPUT") {
    event.preventDefault();
    search.input.focus();
  }
});
// A window of another size shows the same villages, or the same middle if the reader has moved.
let wide = innerWidth >= WIDE;
window.addEventListener("resize", () => {
  if (wide !== innerWidth >= WIDE) {
    wide = !wide;
    legend.open = wide;
  }
  map.invalidateSize({ animate: false, pan: true });
  if (fitted) fit(fitted.villages, fitted.most);
  drawing.later();
});

// --- printing -----------------------------------------------------------------------------------

let before = null;
window.addEventListener("beforeprint", () => {
  before = { centre: map.getCenter(), zoom: map.getZoom(), open: legend.open, fitted };
  document.body.classList.add("printing");
  legend.open = true;
  map.invalidateSize({ animate: false, pan: false });
  if (!card.hidden) map.setView(before.centre, before.zoom, { animate: false });
  else fit();
  showScale();
  drawing.now(3);
});
window.addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  legend.open = before.open;
  map.invalidateSize({ animate: false, pan: false });
  map.setView(before.centre, before.zoom, { animate: false });
  fitted = before.fitted;
  drawing.now();
});
printing.onclick = () => window.print();

if (data.villages.absent.length) {
  const box = put(stage, "details", null, { id: "absent", class: "floats", "data-floats": "" });
  put(box, "summary", `${say("absent")} (${data.villages.absent.length})`);
  for (const one of data.villages.absent) {
    const told = put(box, "p");
    put(told, "b", `${one.township} ${one.name}`);
    put(told, "span", ` ${one.reason}`);
  }
}
fit();
showScale();
drawing.now();
// For tests and for whoever looks under the bonnet.
window.webMap = { map, county, data, drawing, layers, pick, Labels, orders: { BESIDE, ROUND } };
