// Keys for everything on the map; they rest while somebody types.
import { byId, closePopup, h, icon, popup, popupOpen, say, button } from "./dom.js";

const KEYS = [
  ["V B L", "key_tools"], ["K", "key_lock"], ["D", "key_lead"], ["N", "key_new"], ["M", "key_moves"],
  ["X", "key_leave_out"], ["Tab", "key_next"], ["← ↑ → ↓", "key_arrows"], ["[ ]", "key_township"], ["F", "key_fit"],
  ["/", "key_search"], ["Esc", "key_escape"], ["Ctrl+Z Ctrl+Y", "key_undo"], ["Shift", "key_shift_click"], ["Ctrl", "key_ctrl_click"], ["?", "key_help"],
];

const SIDES = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function listenToKeys(app) {
  let leaving = false;
  document.addEventListener("keydown", (event) => {
    if (!app.county || typing(event.target)) return;
    if (!/^[1-9]$/.test(event.key)) app.inspector.awaited = null;
    if (event.key === "Escape") {
      if (app.pointer.abandon() || closePopup()) return;
      if (byId("inspector").classList.contains("open")) byId("inspector").classList.remove("open");
      else if (app.pointer.tool !== "select") app.pointer.choose("select");
      else if (app.plan.selected.length) app.select([]);
      else leaving = true; // the next Tab leaves the map
      return;
    }
    if (popupOpen()) return;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) { event.preventDefault(); app.acts.undo(); }
      if (key === "y" || (key === "z" && event.shiftKey)) { event.preventDefault(); app.acts.redo(); }
      return;
    }
    if (event.altKey) return;
    const onMap = document.activeElement === byId("map") || document.activeElement === document.body;
    if (event.key === "Tab") {
      if (!onMap || leaving) { leaving = false; return; }
      event.preventDefault();
      step(app, event.shiftKey ? -1 : 1);
    } else if (event.key in SIDES) {
      if (!onMap) return;
      event.preventDefault();
      beside(app, SIDES[event.key]);
    } else if (/^[1-9]$/.test(event.key)) {
      app.inspector.pressNumber(Number(event.key));
    } else if (run(app, event.key)) event.preventDefault();
  });
}

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

// On the map of barriers and links: no plan is there to be changed.
const OF_LINES = {
  b: (app) => app.pointer.choose("barrier"), l: (app) => app.pointer.choose("link"),
  Backspace: (app) => app.lines.back(), Enter: (app) => app.pointer.tool === "barrier" && app.lines.end(),
};
const OF_BOTH = new Set(["v", "f", "/", "+", "=", "-"]);

function run(app, key) {
  if (app.lines.editing) {
    const name = key.length === 1 ? key.toLowerCase() : key;
    if (OF_LINES[name]) {
      OF_LINES[name](app);
      return true;
    }
    if (!OF_BOTH.has(name)) return false;
  }
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case "v": app.pointer.choose("select"); return true;
    case "b": app.pointer.choose("brush"); return true;
    case "l": app.pointer.choose("lasso"); return true;
    case "k": app.acts.lock(); return true;
    case "d": app.acts.lead(); return true;
    case "n": app.acts.make(); return true;
    case "m": app.inspector.focusMoves(); return true;
    case "x": app.acts.leaveOut(); return true;
    case "f": app.fit(); return true;
    case "/": app.toolbar.input.focus(); return true;
    case "[": township(app, -1); return true;
    case "]": township(app, 1); return true;
    case "?": showKeys(); return true;
    case "+": case "=": app.map.zoomIn(0.5, { animate: false }); return true;
    case "-": app.map.zoomOut(0.5, { animate: false }); return true;
    default: return false;
  }
}

function township(app, by) {
  const count = app.county.told.townships.length;
  const next = (app.plan.township + 1 + by + count + 1) % (count + 1) - 1;
  app.send("township", { township: next });
  app.fit(next);
}

function step(app, by) {
  const { plan, county } = app;
  const order = county.names.map((_, village) => village).filter((village) => app.drawing.inScope(village))
    .sort((a, b) => county.names[a].localeCompare(county.names[b], county.told.language === "en" ? "en" : "zh-CN") || a - b);
  if (!order.length) return;
  const at = order.indexOf(plan.selected.at(-1));
  const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
  app.select([order[next]]);
  keepInView(app, order[next]);
}

function beside(app, [dx, dy]) {
  const { plan, county } = app;
  const from = plan.selected.at(-1);
  if (from === undefined) return step(app, 1);
  const [x, y] = county.points[from];
  let best = -1;
  let least = Infinity;
  for (const other of county.neighbours[from]) {
    if (!app.drawing.inScope(other)) continue;
    const [ox, oy] = [county.points[other][0] - x, county.points[other][1] - y];
    const along = ox * dx + oy * dy;
    const aside = Math.abs(ox * dy - oy * dx);
    const cost = along > 0 ? Math.atan2(aside, along) : Infinity;
    if (cost < least && cost < 1.2) { least = cost; best = other; }
  }
  if (best >= 0) {
    app.select([best]);
    keepInView(app, best);
  }
}

// A village reached by keys must be seen: the map is pushed, never zoomed.
function keepInView(app, village) {
  const [lon, lat] = app.county.lonlat[village];
  const point = app.map.latLngToContainerPoint([lat, lon]);
  const size = app.map.getSize();
  if (point.x < 40 || point.y < 80 || point.x > size.x - 40 || point.y > size.y - 30) app.map.panTo([lat, lon], { animate: false });
}

export function showKeys() {
  const rows = KEYS.flatMap(([keys, text]) => [h("dt", {}, keys.split(" ").map((key) => h("kbd", {}, key))), h("dd", {}, say(text))]);
  const shut = button({ class: "bare", "aria-label": say("close"), onclick: closePopup }, icon("x", 16));
  const panel = h("div", { role: "dialog", "aria-label": say("keys_title"), style: { padding: "12px 16px" } }, h("div", { class: "row" }, h("h4", {}, say("keys_title")), h("span", { class: "grow" }), shut), h("dl", { class: "keys" }, rows));
  popup(panel, null, { x: innerWidth / 2 - 200, y: Math.max(20, innerHeight / 2 - 240) });
  shut.focus();
}
