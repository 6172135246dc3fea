// Barriers drawn by hand and links between villages: shown on every map, drawn on that of 规则.
import { button, byId, h, icon, say } from "./dom.js";
import { lineOf } from "../liancun_geo.studio.mapping.component.browser/county.js";

const BARRIER = "#2F6690";
const INK = "#1B2A34";
const ACCENT = "#1D5B8F";
const NEAR_PX = 14; // a click so near a border means it

export class Lines {
  constructor(app) {
    this.app = app;
    this.told = null;
    this.drawn = [];
    this.linked = [];
    this.mark = null;
    this.clicks = [];
    this.from = -1;
    this.pointer = null;
  }

  // A map of its own in the step 规则: no plan on it, other tools.
  get editing() {
    return Boolean(this.app.state) && this.app.state.mode === "lines";
  }

  take(county, state) {
    const told = JSON.stringify(state.lines || null);
    if (told === this.told && county === this.county) return;
    this.told = told;
    this.county = county;
    const { drawn = [], linked = [] } = state.lines || {};
    this.drawn = drawn.map((text) => county.localLine(lineOf(text)));
    this.linked = linked.filter(([a, b]) => county.points[a] && county.points[b]);
    this.mark = null;
  }

  get anyBarrier() {
    return this.drawn.length > 0 || this.app.county.barriers.length > 0;
  }

  get anyLink() {
    return this.linked.length > 0 || this.app.county.links.length > 0;
  }

  // On the map, in its units.
  draw(context, drawing) {
    for (const line of this.drawn) {
      drawing.stroke(context, pathOf(line), "#fff", 5);
      drawing.stroke(context, pathOf(line), BARRIER, 3);
    }
    for (const [a, b] of this.linked) {
      const path = this.between(a, b);
      drawing.stroke(context, path, "#fff", 5);
      drawing.stroke(context, path, INK, 2, [2, 3]);
    }
  }

  between(a, b) {
    const { points } = this.app.county;
    return pathOf([...points[a], ...points[b]]);
  }

  // What the pointer is on in the panel, and what is being drawn: above the map, in pixels.
  overlay(context, drawing) {
    const { mark, app } = this;
    const at = (x, y) => drawing.toScreen([x, y]);
    const lines = [];
    if (mark && Number.isInteger(mark.line) && this.drawn[mark.line]) lines.push([...this.drawn[mark.line]]);
    if (mark && mark.pair) lines.push(mark.pair.flatMap((village) => app.county.points[village]));
    for (const line of lines) {
      context.beginPath();
      for (let i = 0; i < line.length; i += 2) context.lineTo(...at(line[i], line[i + 1]));
      strokeTwice(context, 5);
    }
    const places = this.pointer ? [...this.clicks, this.pointer] : this.clicks;
    const points = places.map((place) => app.map.latLngToContainerPoint(place));
    if (points.length) {
      context.setLineDash([7, 4]);
      context.beginPath();
      for (const point of points) context.lineTo(point.x, point.y);
      strokeTwice(context, 3);
      context.setLineDash([]);
      for (const point of this.clicks.map((place) => app.map.latLngToContainerPoint(place))) dot(context, point.x, point.y);
    }
    if (this.from >= 0) {
      const [x, y] = at(...app.county.points[this.from]);
      if (this.pointer) {
        const to = app.map.latLngToContainerPoint(this.pointer);
        context.setLineDash([3, 4]);
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(to.x, to.y);
        strokeTwice(context, 2.4);
        context.setLineDash([]);
      }
      dot(context, x, y);
    }
  }

  // --- drawing
  begin(tool) {
    this.clicks = [];
    this.from = -1;
    this.pointer = null;
    byId("drawing-hint")?.remove();
    if (tool !== "barrier" && tool !== "link") return;
    byId("overmap").append(h("div", { id: "drawing-hint", class: "floats", role: "status" }, say(tool === "barrier" ? "barrier_start" : "link_start")));
  }

  moved(point) {
    if (!this.clicks.length && this.from < 0) return;
    this.pointer = this.app.map.containerPointToLatLng([point.x, point.y]);
    this.app.drawing.overlay();
  }

  click(tool, village, point) {
    const place = this.app.map.containerPointToLatLng([point.x, point.y]);
    if (tool === "barrier") {
      this.clicks = [...this.clicks, place];
      byId("drawing-hint").textContent = say("barrier_going");
    } else if (village >= 0 && this.from < 0) {
      this.from = village;
      byId("drawing-hint").textContent = say("link_going", { village: this.app.county.names[village] });
    } else if (village >= 0 && village !== this.from) {
      this.app.send("link", { a: this.from, b: village });
      this.begin(tool);
    }
    this.app.drawing.overlay();
  }

  back() {
    this.clicks = this.clicks.slice(0, -1);
    this.app.drawing.overlay();
  }

  end() {
    const places = this.clicks.filter((place, k) => {
      if (!k) return true;
      const [one, two] = [this.clicks[k - 1], place].map((each) => this.app.map.latLngToContainerPoint(each));
      return one.distanceTo(two) > 3;
    });
    this.begin("barrier");
    if (places.length > 1) {
      const metres = places[0].distanceTo(this.app.map.containerPointToLatLng(this.app.map.latLngToContainerPoint(places[0]).add([NEAR_PX, 0])));
      this.app.send("barrier", { points: places.map((place) => [place.lng, place.lat]), near: metres });
    }
    this.app.drawing.overlay();
  }

  // Lets go of what is half drawn; tells whether there was anything.
  abandon() {
    const had = this.clicks.length > 0 || this.from >= 0;
    if (had) {
      this.begin(this.app.pointer.tool);
      this.app.drawing.overlay();
    }
    return had;
  }

  // --- the panel
  sections(told) {
    if (!told) return [];
    const back = button({ class: "btn", "data-focus": "back", onclick: () => this.app.send("close") }, icon("left", 16), say("lines_back"));
    const head = h("section", { class: "sec" }, h("div", { class: "row" }, h("span", { class: "name" }, told.title), h("span", { class: "grow" }), back),
      h("div", { class: "hint" }, told.hint), h("div", { class: "quiet" }, told.intro));
    return [head, ...told.sections.map((one) => this.section(one))];
  }

  section(told) {
    const section = h("section", { class: "sec" }, h("h3", {}, told.title));
    if (!told.rows.length) section.append(h("div", { class: "hint" }, told.none));
    for (const row of told.rows) section.append(this.row(row));
    return section;
  }

  row(row) {
    const mark = Number.isInteger(row.line) || row.pair ? { line: row.line, pair: row.pair } : null;
    const show = (now) => () => { this.mark = now; this.app.drawing.overlay(); };
    const { type, ...fields } = row.event || {};
    const act = row.event ? button({ class: "btn", "aria-label": `${row.button} ${row.title}`, onclick: () => { this.mark = null; this.app.send(type, fields); }, onfocus: show(mark), onblur: show(null) }, row.button) : null;
    return h("div", { class: "move", onpointerenter: show(mark), onpointerleave: show(null) },
      h("div", { class: "tx" }, h("b", {}, row.title), row.note ? h("small", { class: row.warn ? "minus" : "" }, row.note) : null), act);
  }
}

export function pathOf(line) {
  const path = new Path2D();
  path.moveTo(line[0], line[1]);
  for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
  return path;
}

function strokeTwice(context, width) {
  context.lineJoin = "round";
  for (const [colour, wide] of [["#fff", width + 3], [ACCENT, width]]) {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.stroke();
  }
}

function dot(context, x, y) {
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fillStyle = ACCENT;
  context.fill();
}
