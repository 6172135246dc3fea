// The status strip, the legend, the scale bar, and notes that come and go.
import { button, byId, h, icon, popup, say } from "./dom.js";
import { INK, dots, hatch, padlock, star, triangle } from "../liancun_geo.studio.mapping.component.browser/symbols.js";

export function showStrip(app) {
  const cells = app.state.strip || [];
  const told = JSON.stringify(cells);
  const strip = byId("strip");
  if (strip.dataset.told === told) return;
  strip.dataset.told = told;
  strip.replaceChildren(...cells.map((cell) => {
    const kind = ["ok", "warn", "bad"].includes(cell.kind) ? cell.kind : "";
    const made = button({ class: `cell ${kind} ${cell.side === "right" ? "right" : ""}`, onclick: () => explain(app, cell, made) },
      h("span", {}, cell.name), h("b", {}, cell.icon ? icon(cell.icon, 16) : null, h("span", { style: { font: "inherit", color: "inherit" } }, cell.value), cell.note ? h("small", {}, cell.note) : null));
    return made;
  }));
}

function explain(app, cell, anchor) {
  if (cell.kind === "bad") app.acts.seeProblem();
  if (!cell.help) return;
  popup(h("div", { class: "help", role: "note" }, h("h4", {}, cell.name), h("p", {}, cell.help)), anchor);
}

function sample(draw) {
  const canvas = h("canvas", { width: 40, height: 32, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  context.scale(2, 2);
  draw(context);
  return canvas;
}

function boxed(context, fill, dash) {
  context.fillStyle = "#fff";
  context.fillRect(1, 2, 18, 12);
  context.fillStyle = fill;
  context.fillRect(1, 2, 18, 12);
  context.strokeStyle = dash ? "#5F6C75" : "#8A959D";
  context.setLineDash(dash ? [3, 2] : []);
  context.strokeRect(1.5, 2.5, 17, 11);
}

function ruled(context, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(0, 8);
  context.lineTo(20, 8);
  context.stroke();
}

const KEYS = {
  legend_lead: (context) => star(context, 10, 8.5, 7),
  legend_weak: (context) => triangle(context, 10, 8),
  legend_changed: (context) => boxed(context, hatch(context, 1)),
  legend_locked: (context) => padlock(context, 10, 8),
  legend_left_out: (context) => boxed(context, dots(context, 1), true),
  legend_alliance: (context) => ruled(context, "#3A4A55", 1.9),
  legend_township: (context) => ruled(context, INK, 3),
  legend_barrier: (context) => ruled(context, "#4A7FA5", 2.6),
  legend_link: (context) => { context.setLineDash([2, 3]); ruled(context, INK, 2); },
};

function told(app, name) {
  if (name === "legend_barrier") return app.lines.editing || app.lines.anyBarrier;
  if (name === "legend_link") return app.lines.editing || app.lines.anyLink;
  return !app.lines.editing || name === "legend_township";
}

export function showFoot(app) {
  const shown = Object.keys(KEYS).filter((name) => told(app, name));
  const key = JSON.stringify([shown, app.attribution, app.county.told.demo, app.county.told.language]);
  if (byId("foot").dataset.told === key) return;
  byId("foot").dataset.told = key;
  const keys = Object.entries(KEYS).filter(([name]) => shown.includes(name)).map(([name, draw]) => h("span", { class: "key" }, sample(draw), say(name)));
  const end = h("span", { class: "end" }, app.attribution || null, app.county.told.demo ? h("span", { class: "chip" }, say("demo")) : null, say("disclaimer"));
  byId("foot").replaceChildren(...keys, end);
}

const LADDER = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

export function showScale(app) {
  const bar = byId("scale");
  if (!bar || !app.county) return;
  const size = app.map.getSize();
  const [one, two] = [[0, size.y / 2], [100, size.y / 2]].map((point) => app.map.containerPointToLatLng(point));
  const metres = one.distanceTo(two) / 100;
  if (!metres) return;
  const length = LADDER.filter((step) => step / metres <= 130).at(-1) || LADDER[0];
  const wide = length / metres;
  const inKm = length >= 1000;
  const number = (part) => String(Number(((length * part) / (inKm ? 1000 : 1)).toFixed(2)));
  const mark = (part, text) => h("span", { style: { left: `${wide * part}px` } }, text);
  bar.replaceChildren(
    h("div", { style: { width: `${wide}px` } }, mark(0, "0"), mark(0.5, number(0.5)), mark(1, say(inKm ? "scale_km" : "scale_m", { n: number(1) }))),
    h("i", { style: { width: `${wide}px` } }));
}

const TOAST_MS = 5000;
const BACK = ["undo", "redo", "jump"];

export class Notes {
  constructor(app) {
    this.app = app;
    this.seen = null;
  }

  sent(type) {
    // What was just done is being taken back: its note would offer to take back one step more.
    if (BACK.includes(type)) byId("toast")?.remove();
  }

  show() {
    this.banner(this.app.state.banner);
    const { toast } = this.app.state;
    if (!toast || !toast.text || toast.id === this.seen) return;
    this.seen = toast.id;
    byId("toast")?.remove();
    const note = h("div", { id: "toast", role: "status" }, h("span", {}, toast.text),
      toast.undo ? button({ onclick: () => { note.remove(); this.app.acts.undo(); } }, say("tool_undo")) : null);
    byId("overmap").append(note);
    let timer = setTimeout(() => note.remove(), TOAST_MS);
    note.addEventListener("pointerenter", () => clearTimeout(timer));
    note.addEventListener("pointerleave", () => { timer = setTimeout(() => note.remove(), 2000); });
  }

  banner(told) {
    byId("banner")?.remove();
    if (!told || !told.text) return;
    byId("stage").append(h("div", { id: "banner", role: "alert", class: told.kind === "bad" ? "bad" : "" }, icon("warn", 16), h("span", {}, told.text)));
  }
}
