// One component: strip, map, tools and inspector round one plan.
import { byId, h, say, setWords } from "./dom.js";
import { connect } from "./protocol.js";
import { County } from "../liancun_geo.studio.mapping.component.browser/county.js";
import { planOf } from "./model.js";
import { Drawing } from "./canvas.js";
import { Pointer } from "./tools.js";
import { Toolbar } from "./toolbar.js";
import { showFoot, showScale, showStrip, Notes } from "./strip.js";
import { InspectorPanel } from "./inspector.js";
import { listenToKeys } from "./keyboard.js";
import { Acts } from "./acts.js";
import { Lines } from "./lines.js";

const map = window.L.map("map", {
  zoomControl: false, attributionControl: false, zoomAnimation: false, fadeAnimation: false,
  markerZoomAnimation: false, inertia: false, zoomSnap: 0.05, zoomDelta: 0.5, doubleClickZoom: false,
  boxZoom: false, keyboard: false, wheelPxPerZoomLevel: 90, minZoom: 3, maxZoom: 19, zoom: 9, center: [35, 118],
});

const app = {
  map, county: null, state: null, plan: null, pending: [], preview: -1, hover: -1, brushed: [], flashed: [],
  trace: null, printing: false, pressed: false, fitted: null,

  send(type, fields = {}) {
    app.protocol.send(type, fields);
    app.notes.sent(type);
    app.recompute(app.protocol.pending);
  },

  recompute(pending) {
    app.pending = pending;
    app.plan = planOf(app.county, app.state, pending);
    app.show();
  },

  show() {
    app.draw();
    if (!app.pressed) app.showPanels();
    app.acts.refreshMenu();
    app.pointer.tellTip();
    announce();
  },

  // Never under a pressed button: one that is replaced meanwhile would not be clicked.
  showPanels() {
    app.toolbar.show();
    app.inspector.show();
  },

  draw() {
    const settled = app.settled();
    const inspector = app.state.inspector;
    const rows = settled && inspector && inspector.moves ? inspector.moves.legal : [];
    app.drawing.set({
      county: app.county, plan: app.plan, preview: app.preview, hover: app.hover, print: app.printing,
      brushed: app.brushed, flashed: app.flashed, trace: app.trace, lines: app.lines, bare: app.lines.editing,
      targets: rows.filter((row) => Number.isInteger(row.lead) && row.change && !row.stay).map((row) => ({ lead: row.lead, text: row.change, sign: row.sign || 0 })),
    });
  },

  // Whether the inspector speaks of what is selected now.
  speaksOfSelection() {
    const told = app.state.selected || [];
    return told.length === app.plan.selected.length && told.every((one, k) => one === app.plan.selected[k]);
  },

  // Whether it speaks of the plan as it is now, too.
  settled() {
    return app.speaksOfSelection() && !app.pending.some((event) => event.type !== "note");
  },

  select(villages) {
    const same = villages.length === app.plan.selected.length && villages.every((one, k) => one === app.plan.selected[k]);
    if (same && !villages.length) return;
    app.preview = -1;
    app.send("select", { villages });
  },

  allianceName(number) {
    return number < 0 ? "" : app.county.told.alliance_names[app.plan.leads[number]];
  },

  fit(township = app.plan.township) {
    const box = township >= 0 ? app.county.townshipBoxes[township] : app.county.box;
    if (!Number.isFinite(box[0]) || !map.getSize().x) return;
    map.setView(...viewOf(box), { animate: false });
  },

  zoomTo(villages) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const village of villages) {
      const one = app.county.boxes[village];
      box[0] = Math.min(box[0], one[0]); box[1] = Math.min(box[1], one[1]);
      box[2] = Math.max(box[2], one[2]); box[3] = Math.max(box[3], one[3]);
    }
    if (Number.isFinite(box[0])) map.setView(...viewOf(box, 2), { animate: false });
  },
};
window.app = app;

// Centre and zoom that show a box of local units beside the toolbar, 24 px clear of everything.
function viewOf(box, most = Infinity) {
  const size = map.getSize();
  const [left, top, right, bottom] = [28, size.y > 420 ? 94 : 28, 72, 44];
  const wide = Math.max(size.x - left - right, 80);
  const high = Math.max(size.y - top - bottom, 80);
  const scale = Math.min(wide / Math.max(box[2] - box[0], 1), high / Math.max(box[3] - box[1], 1));
  const fitting = Math.min(14 + Math.log2(scale), 14 + most);
  const zoom = Math.max(3, Math.min(18, Math.floor(fitting * 20) / 20));
  const unit = 2 ** (zoom - 14);
  const x = (box[0] + box[2]) / 2 + (right - left) / 2 / unit;
  const y = (box[1] + box[3]) / 2 + (bottom - top) / 2 / unit;
  const origin = app.county.origin;
  const place = map.unproject(window.L.point(x + origin[0], y + origin[1]), 14);
  return [place, zoom];
}

const VIEW_KEY = "liancun-map-view";

function remember() {
  if (!app.county || !app.fitted) return;
  const { lat, lng } = map.getCenter();
  try {
    sessionStorage.setItem(VIEW_KEY, JSON.stringify({ of: app.fitted, lat, lng, zoom: map.getZoom() }));
  } catch { /* private windows keep nothing */ }
}

function recalled(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(VIEW_KEY));
    return kept && kept.of === key && [kept.lat, kept.lng, kept.zoom].every(Number.isFinite) ? kept : null;
  } catch {
    return null;
  }
}

function fitOnce() {
  const key = `${app.county.told.n}/${app.county.told.points.slice(0, 40)}/${app.plan.township}`;
  if (app.fitted === key || !map.getSize().x) return;
  const kept = app.fitted === null ? recalled(key) : null;
  app.fitted = key;
  if (kept) map.setView([kept.lat, kept.lng], kept.zoom, { animate: false });
  else app.fit();
  remember();
}

function announce() {
  const { plan, county } = app;
  const village = plan.selected.length === 1 ? plan.selected[0] : -1;
  let text = "";
  if (village >= 0) text = app.placeText(village);
  else if (plan.selected.length) text = say("selected_count", { n: plan.selected.length });
  const total = app.state.total;
  if (total) text = text ? say("live_score", { place: text, score: total }) : text;
  const live = byId("live");
  if (live.textContent !== text && county) live.textContent = text;
}

app.placeText = (village) => {
  if (app.lines.editing) return say("tip_of_township", { village: app.county.names[village], township: app.county.told.townships[app.county.townshipOf[village]] });
  const number = app.plan.of[village];
  const names = { village: app.county.names[village], alliance: app.allianceName(number) };
  if (number < 0) return say("tip_left_out", names);
  return say(app.plan.leads[number] === village ? "tip_lead" : "tip_alliance", names);
};

app.drawing = new Drawing(map, window.L);
app.acts = new Acts(app);
app.lines = new Lines(app);
app.pointer = new Pointer(app);
app.toolbar = new Toolbar(app);
app.inspector = new InspectorPanel(app);
app.notes = new Notes(app);
listenToKeys(app);

function takeStatic(told) {
  setWords(told.words);
  document.documentElement.lang = told.language === "en" ? "en" : "zh-CN";
  app.county = new County(told);
  byId("map").setAttribute("aria-label", say("map"));
  byId("inspector").setAttribute("aria-label", say("inspector"));
  byId("strip").setAttribute("aria-label", say("status"));
  setTiles(told.tiles);
}

let tiles = null;

function setTiles(told) {
  if (tiles) tiles.remove();
  tiles = null;
  if (told && typeof told.url === "string") {
    tiles = window.L.tileLayer(told.url, { maxZoom: told.max_zoom || 18, opacity: 0.6 }).addTo(map);
    app.attribution = String(told.attribution || "");
  } else if (!document.querySelector("meta[data-sealed]")) {
    // Without tiles no picture from outside is ever wanted: the browser itself refuses it.
    const seal = h("meta", { "http-equiv": "Content-Security-Policy", content: "img-src 'self' data:", "data-sealed": true });
    document.head.append(seal);
  }
}

app.protocol = connect((fresh, state, pending) => {
  if (fresh) takeStatic(fresh);
  const before = app.state;
  app.state = state;
  app.lines.take(app.county, state);
  showFoot(app);
  app.toolbar.build();
  app.pending = pending;
  app.plan = planOf(app.county, state, pending);
  app.preview = before && before.rev === state.rev ? app.preview : -1;
  showStrip(app);
  app.show();
  fitOnce();
  app.notes.show();
  document.body.dataset.ready = String(state.rev);
});

window.addEventListener("pointerdown", (event) => {
  app.pressed = Boolean(event.target.closest("button"));
}, { capture: true });
for (const name of ["pointerup", "pointercancel"]) {
  window.addEventListener(name, () => {
    if (!app.pressed) return;
    // After the click, which comes next.
    setTimeout(() => {
      app.pressed = false;
      if (app.county) app.showPanels();
    });
  }, { capture: true });
}

map.on("moveend", remember);
map.on("move zoomend", () => showScale(app));
new ResizeObserver(() => {
  map.invalidateSize({ animate: false, pan: false });
  if (!app.county) return;
  if (app.fitted === null) fitOnce();
  app.drawing.later();
  showScale(app);
}).observe(byId("map"));

for (const [name, value] of [["beforeprint", true], ["afterprint", false]]) {
  window.addEventListener(name, () => {
    app.printing = value;
    if (app.county) {
      app.draw();
      app.drawing.now();
    }
  });
}
