// The drawing: one canvas for the plan, one above it for what follows the pointer.
import { BASE_ZOOM } from "../liancun_geo.studio.mapping.component.browser/county.js";
import { pathOf } from "./lines.js";
import { BESIDE, Labels, ROUND } from "../liancun_geo.studio.mapping.component.browser/labels.js";
import { INK, alarm, arrow, chip, dot, dots, hatch, padlock, star, stripes, triangle } from "../liancun_geo.studio.mapping.component.browser/symbols.js";

const FONT = '"Microsoft YaHei UI","Microsoft YaHei","PingFang SC","Noto Sans CJK SC","Source Han Sans SC",sans-serif';
const ACCENT = "#1D5B8F";
const NAMED = 60; // pixels across a village from which the whole county shows villages, too

export class Drawing {
  constructor(map, L) {
    this.map = map;
    this.L = L;
    const box = map.getContainer();
    this.base = canvasIn(box, "drawing");
    this.over = canvasIn(box, "drawing over");
    this.view = { county: null, plan: null };
    this.asked = 0;
    map.on("move zoom resize viewreset", () => this.now());
  }

  // scene: { county, plan, targets: [{lead, text, sign}], preview: lead or -1, print }
  set(scene) {
    const { county, plan } = scene;
    if (this.view.plan !== plan || this.view.county !== county) this.lines = null;
    this.view = scene;
    this.later();
  }

  later() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.now();
    });
  }

  transform() {
    const { map, view } = this;
    const scale = 2 ** (map.getZoom() - BASE_ZOOM);
    const [lon, lat] = view.county.centre;
    const at = map.latLngToContainerPoint([lat, lon]);
    return { scale, x: at.x, y: at.y };
  }

  toScreen([x, y]) {
    const { scale, x: left, y: top } = this.frame;
    return [x * scale + left, y * scale + top];
  }

  toLocal(x, y) {
    const { scale, x: left, y: top } = this.transform();
    return [(x - left) / scale, (y - top) / scale];
  }

  villageAt(point) {
    if (!this.view.county) return -1;
    const context = this.base.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    return this.view.county.villageAt(context, ...this.toLocal(point.x, point.y));
  }

  begin(canvas) {
    const size = this.map.getSize();
    const dpr = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(size.x * dpr) || canvas.height !== Math.round(size.y * dpr)) {
      canvas.width = Math.round(size.x * dpr);
      canvas.height = Math.round(size.y * dpr);
      Object.assign(canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    }
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    return { context, size, dpr };
  }

  now() {
    if (!this.view.county || !this.map.getSize().x) return;
    const { context, size, dpr } = this.begin(this.base);
    this.frame = this.transform();
    this.size = size;
    const { scale, x, y } = this.frame;
    this.lines ||= this.pathsOf(this.view);
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    this.px = 1 / scale;
    this.fills(context);
    this.borders(context);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.ties(context);
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    this.outlines(context);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.signs(context);
    this.overlay();
  }

  inScope(village) {
    const { plan, county } = this.view;
    return plan.township < 0 || county.townshipOf[village] === plan.township;
  }

  seen(village) {
    const box = this.view.county.boxes[village];
    const { scale, x, y } = this.frame;
    return box[2] * scale + x > -20 && box[3] * scale + y > -20 && box[0] * scale + x < this.size.x + 20 && box[1] * scale + y < this.size.y + 20;
  }

  // Pixels across a middling village.
  across() {
    return 2 * this.frame.scale * median(this.view.county);
  }

  pathsOf({ county, plan }) {
    const of = (village) => (village < 0 ? -2 : plan.of[village]);
    const home = (village) => (village < 0 ? -1 : county.townshipOf[village]);
    const inside = (village) => village >= 0 && (plan.township < 0 || home(village) === plan.township);
    const chosen = new Set(plan.selected.map((one) => plan.of[one]).filter((one) => one >= 0));
    return {
      pale: county.lines((a, b) => !inside(a) && !inside(b)),
      village: county.lines((a, b) => inside(a) || inside(b)),
      alliance: county.lines((a, b) => (inside(a) || inside(b)) && of(a) !== of(b) && (of(a) >= 0 || of(b) >= 0)),
      otherTownship: county.lines((a, b) => home(a) !== home(b) && !inside(a) && !inside(b)),
      township: county.lines((a, b) => home(a) !== home(b) && (inside(a) || inside(b))),
      chosen: county.lines((a, b) => of(a) !== of(b) && (chosen.has(of(a)) || chosen.has(of(b)))),
      broken: county.lines((a, b) => Boolean(plan.broken[a]) !== Boolean(plan.broken[b])),
      leftOut: county.lines((a, b) => (inside(a) && of(a) === -1) || (inside(b) && of(b) === -1)),
    };
  }

  fills(context) {
    const { county, plan, print } = this.view;
    const palette = county.told.palette;
    const marks = print ? null : hatch(context, this.frame.scale);
    const dotted = dots(context, this.frame.scale);
    for (let village = 0; village < county.n; village++) {
      if (!this.seen(village)) continue;
      const path = county.paths[village];
      const number = plan.of[village];
      const inside = this.inScope(village);
      const now = number >= 0 ? palette[plan.colours[number] % palette.length] : "#E7EAEC";
      context.fillStyle = inside && !this.view.bare ? now : "#F7F8F8";
      if (plan.former && inside && plan.former[village] === plan.colours[number]) context.globalAlpha = 0.5;
      context.fill(path, "evenodd");
      context.globalAlpha = 1;
      if (!inside || this.view.bare) continue;
      if (plan.former && number >= 0 && plan.former[village] !== plan.colours[number]) {
        const old = plan.former[village] < 0 ? "#E7EAEC" : palette[plan.former[village]];
        this.fillWith(context, path, stripes(context, this.frame.scale, old));
      } else if (marks && plan.changed[village] && !plan.former) this.fillWith(context, path, marks);
      if (number < 0) this.fillWith(context, path, dotted);
      if (plan.broken[village]) this.fillWith(context, path, "rgba(180,35,24,.14)");
    }
  }

  fillWith(context, path, style) {
    context.fillStyle = style;
    context.fill(path, "evenodd");
  }

  stroke(context, path, colour, width, dash = []) {
    context.strokeStyle = colour;
    context.lineWidth = width * this.px;
    context.setLineDash(dash.map((one) => one * this.px));
    context.lineJoin = "round";
    context.lineCap = dash.length ? "butt" : "round";
    context.stroke(path);
  }

  borders(context) {
    const { plan, county } = this.view;
    const lines = this.lines;
    const thin = this.across() < 10 ? 0.5 : 1;
    this.stroke(context, lines.pale, "#E1E6E9", 1);
    this.stroke(context, lines.village, this.view.bare ? "#AEB8BF" : "#fff", 1.1 * thin);
    this.stroke(context, lines.otherTownship, "#AEB8BF", 1.4, [9, 3, 2, 3]);
    this.stroke(context, lines.alliance, "#3A4A55", 1.9 * thin);
    if (plan.township >= 0) this.stroke(context, lines.township, "rgba(255,255,255,.85)", 6);
    this.stroke(context, lines.township, INK, thin < 1 ? 1.8 : 2.6);
    if (!this.view.bare) {
      this.stroke(context, lines.leftOut, "#fff", 3.5);
      this.stroke(context, lines.leftOut, "#5F6C75", 1.8, [6, 4]);
    }
    for (const line of county.barriers) this.stroke(context, pathOf(line), "#6E8FA8", 2);
    for (const line of county.links) this.stroke(context, pathOf(line), INK, 2, [2, 3]);
    if (this.view.lines) this.view.lines.draw(context, this);
  }

  ties(context) {
    const { county, plan } = this.view;
    const chosen = new Set(plan.selected.map((one) => plan.of[one]));
    const close = plan.township >= 0 || this.across() >= NAMED;
    for (let village = 0; village < county.n; village++) {
      const number = plan.of[village];
      if (number < 0 || plan.leads[number] === village || !this.inScope(village)) continue;
      const lead = plan.leads[number];
      if (!this.seen(village) && !this.seen(lead)) continue;
      const strong = chosen.has(number);
      if (!close && !strong) continue;
      context.strokeStyle = INK;
      context.globalAlpha = strong ? 0.62 : 0.2;
      context.lineWidth = strong ? 1.4 : 1.1;
      context.beginPath();
      context.moveTo(...this.toScreen(county.points[village]));
      context.lineTo(...this.toScreen(county.points[lead]));
      context.stroke();
      context.globalAlpha = 1;
    }
  }

  outlines(context) {
    const { county, plan, preview, print } = this.view;
    if (plan.broken.some(Boolean)) this.stroke(context, this.lines.broken, "#B42318", 2.6);
    if (print) return;
    if (preview >= 0 && plan.leads.includes(preview)) {
      const number = plan.leads.indexOf(preview);
      const path = county.lines((a, b) => (a >= 0 && plan.of[a] === number) !== (b >= 0 && plan.of[b] === number));
      this.stroke(context, path, "#fff", 5);
      this.stroke(context, path, ACCENT, 2.6, [8, 5]);
    }
    if (plan.selected.length) this.stroke(context, this.lines.chosen, INK, 3.4);
    for (const village of plan.selected) this.stroke(context, county.paths[village], "#fff", 8);
    for (const village of plan.selected) this.stroke(context, county.paths[village], ACCENT, 4);
  }

  signs(context) {
    const { county, plan, targets = [], print } = this.view;
    const wide = innerWidth >= 1528;
    const labels = new Labels(context, FONT, this.size);
    if (!print) for (const box of this.covered()) labels.taken.push(box);
    const chosen = new Set(plan.selected);
    const mine = new Set(plan.selected.map((one) => plan.of[one]).filter((one) => one >= 0));
    const leads = new Set(plan.leads);
    const whole = plan.township < 0;
    const shown = [];
    for (let village = 0; village < county.n; village++) {
      if (this.inScope(village) && this.seen(village)) shown.push(village);
    }
    const at = new Map(shown.map((village) => [village, this.toScreen(county.points[village])]));
    const small = this.across() < 16;
    const radius = this.across() < 10 ? 3 : small ? 6 : whole && this.across() < 36 ? 8 : 10;
    const leadShown = shown.filter((village) => leads.has(village) && plan.leads[plan.of[village]] === village);
    const leadSet = new Set(leadShown);
    // Thousands of villages at once: the townships' names come first.
    if (radius > 3) for (const village of leadShown) labels.block(...at.get(village), radius);
    for (const { lead } of targets) {
      if (at.has(lead)) labels.taken.push([at.get(lead)[0] - 27, at.get(lead)[1] - 44, at.get(lead)[0] + 27, at.get(lead)[1] - 16]);
    }
    this.townshipNames(labels, whole);
    // A lead is named for its alliance, however small its village is.
    const roomy = (village) => (leadSet.has(village) ? !small : 2 * county.radii[village] * this.frame.scale >= NAMED);
    const room = (village) => !whole || roomy(village) || chosen.has(village);
    const wanted = shown
      .filter(room)
      .sort((a, b) => Number(chosen.has(b)) - Number(chosen.has(a)) || Number(leadSet.has(b)) - Number(leadSet.has(a)) || county.radii[b] - county.radii[a]);
    const placed = [];
    for (const village of wanted) {
      const isLead = leadSet.has(village);
      const bold = isLead || chosen.has(village);
      const lone = plan.locked[village] && !(plan.of[village] >= 0 && this.wholeLocked(plan.of[village]));
      const [x, y] = at.get(village);
      const label = labels.place(county.names[village], x, y, {
        px: bold ? (wide ? 17 : 14) : wide ? 15 : 12,
        bold,
        gap: isLead ? radius + 2 : 5,
        order: isLead ? ROUND : BESIDE,
        lead: lone ? 18 : 0,
      });
      if (label) placed.push({ village, label, lone });
    }
    this.named = new Set(placed.map(({ village }) => village));
    for (const village of shown) {
      if (leadSet.has(village) || !room(village)) continue;
      const [x, y] = at.get(village);
      if (this.view.bare) dot(context, x, y, false);
      else if (county.weak[village]) triangle(context, x, y);
      else if (plan.of[village] >= 0) dot(context, x, y, mine.has(plan.of[village]));
    }
    for (const { village, label } of placed) labels.draw(label, plan.of[village] < 0 && !this.view.bare ? "#5F6C75" : INK);
    for (const village of leadShown) star(context, ...at.get(village), radius);
    for (const { label, lone } of placed) {
      if (lone && !print) padlock(context, label.x - label.wide / 2 - 11, label.y);
    }
    for (const village of leadShown) {
      const number = plan.of[village];
      const [x, y] = at.get(village);
      if (!print && this.wholeLocked(number)) padlock(context, x + radius + 8, y - radius + 1);
      if (this.allianceBroken(number)) alarm(context, x - radius - 8, y - radius + 1);
    }
    if (plan.former) this.moved(context, shown, at);
    if (!print) for (const { lead, text, sign } of targets) if (at.has(lead)) chip(context, at.get(lead)[0], at.get(lead)[1] - 30, text, sign, FONT);
  }

  // Where tools float over the map: no name hides under them.
  covered() {
    const origin = this.map.getContainer().getBoundingClientRect();
    return ["tools", "search", "zoom", "count", "scale"].map((id) => document.getElementById(id)).filter(Boolean).map((element) => {
      const box = element.getBoundingClientRect();
      return [box.left - origin.left, box.top - origin.top, box.right - origin.left, box.bottom - origin.top];
    });
  }

  moved(context, shown, at) {
    const { plan } = this.view;
    for (const village of shown) {
      const number = plan.of[village];
      if (number < 0 || plan.former[village] === plan.colours[number] || !at.has(plan.leads[number])) continue;
      const [from, to] = [at.get(village), at.get(plan.leads[number])];
      const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
      if (length > 1) arrow(context, from, [from[0] + (24 * (to[0] - from[0])) / length, from[1] + (24 * (to[1] - from[1])) / length]);
    }
  }

  facts() {
    const { plan } = this.view;
    if (this.factsOf === plan) return this.tally;
    const [size, locked, broken] = [plan.leads.map(() => 0), plan.leads.map(() => 0), plan.leads.map(() => 0)];
    plan.of.forEach((number, village) => {
      if (number < 0) return;
      size[number] += 1;
      locked[number] += plan.locked[village];
      broken[number] += plan.broken[village];
    });
    this.factsOf = plan;
    this.tally = { size, locked, broken };
    return this.tally;
  }

  wholeLocked(number) {
    const { size, locked } = this.facts();
    return size[number] > 1 && size[number] === locked[number];
  }

  allianceBroken(number) {
    return this.facts().broken[number] > 0;
  }

  townshipNames(labels, whole) {
    const { county, plan } = this.view;
    county.told.townships.forEach((name, township) => {
      if (township === plan.township) return;
      const places = [];
      let [sx, sy, weight] = [0, 0, 0];
      for (let village = 0; village < county.n; village++) {
        if (county.townshipOf[village] !== township) continue;
        const [x, y] = this.toScreen(county.points[village]);
        if (x < 0 || y < 0 || x > this.size.x || y > this.size.y) continue;
        const area = county.radii[village] ** 2;
        sx += x * area;
        sy += y * area;
        weight += area;
        places.push([x, y]);
      }
      if (!weight) return;
      const middle = [sx / weight, sy / weight];
      const far = ([x, y]) => Math.hypot(x - middle[0], y - middle[1]);
      if (whole) places.push(middle);
      labels.township(name, places.sort((a, b) => far(a) - far(b)).slice(0, whole ? 60 : 12), whole ? 16 : 14, whole ? { bold: true, colour: INK } : {});
    });
  }

  // What follows the pointer; `draw(context, this)` of the tool in hand comes last.
  overlay() {
    const { context, dpr } = this.begin(this.over);
    const { county, hover = -1, brushed = [], flashed = [], print } = this.view;
    if (!county || print) return;
    this.frame = this.transform();
    const { scale, x, y } = this.frame;
    this.px = 1 / scale;
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    for (const { village, colour } of brushed) {
      this.fillWith(context, county.paths[village], colour);
      this.stroke(context, county.paths[village], ACCENT, 2);
    }
    for (const village of flashed) this.fillWith(context, county.paths[village], "rgba(101,114,123,.6)");
    if (hover >= 0 && !this.view.plan.selected.includes(hover)) this.stroke(context, county.paths[hover], INK, 2);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    if (this.view.lines) this.view.lines.overlay(context, this);
    if (this.view.trace) this.view.trace(context, this);
  }
}

function median(county) {
  county.middleRadius ??= [...county.radii].sort((a, b) => a - b)[county.n >> 1] || 1;
  return county.middleRadius;
}

function canvasIn(box, name) {
  const canvas = document.createElement("canvas");
  canvas.className = name;
  box.append(canvas);
  return canvas;
}
