// The plan on one canvas over Leaflet's empty map: fills, borders, lines to the lead, names.
import { BASE_ZOOM } from "county.js";
import { BESIDE, Labels, ROUND } from "labels.js";
import { INK, dot, dots, star, triangle } from "symbols.js";

export const FONT = '"Microsoft YaHei UI","Microsoft YaHei","PingFang SC","Noto Sans CJK SC","Source Han Sans SC",sans-serif';
const ACCENT = "#1D5B8F";
const LEFT_OUT = "#E7EAEC";
const NAMED = 44; // pixels across a village from which its name is tried
const TIED = 20; // pixels across a middling village from which lines to the lead can be told apart

export class Drawing {
  constructor(map, county, plan, layers) {
    Object.assign(this, { map, county, plan, layers });
    this.canvas = document.createElement("canvas");
    this.canvas.className = "drawing";
    map.getContainer().append(this.canvas);
    const sorted = [...county.radii].sort((a, b) => a - b);
    this.middling = sorted[sorted.length >> 1] || 1;
    this.chosen = { village: -1, alliance: -1 };
    this.leads = new Set(plan.leads);
    this.asked = 0;
    this.paths();
    map.on("move zoom resize viewreset", () => this.now());
  }

  paths() {
    const { county, plan } = this;
    const of = (village) => (village < 0 ? -2 : plan.of[village]);
    const home = (village) => (village < 0 ? -1 : county.townshipOf[village]);
    this.lines = {
      village: county.lines(() => true),
      alliance: county.lines((a, b) => of(a) !== of(b) && (of(a) >= 0 || of(b) >= 0)),
      township: county.lines((a, b) => home(a) !== home(b)),
      leftOut: county.lines((a, b) => of(a) === -1 || of(b) === -1),
    };
  }

  choose(village, alliance) {
    this.chosen = { village, alliance };
    const { county, plan } = this;
    const inside = (one) => one >= 0 && plan.of[one] === alliance;
    this.lines.chosen = alliance < 0 ? null : county.lines((a, b) => inside(a) !== inside(b));
    this.later();
  }

  later() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.now();
    });
  }

  // Pixels across a middling village.
  across() {
    return 2 * this.frame.scale * this.middling;
  }

  transform() {
    const [lon, lat] = this.county.centre;
    const at = this.map.latLngToContainerPoint([lat, lon]);
    return { scale: 2 ** (this.map.getZoom() - BASE_ZOOM), x: at.x, y: at.y };
  }

  toScreen([x, y]) {
    const { scale, x: left, y: top } = this.frame;
    return [x * scale + left, y * scale + top];
  }

  villageAt(point) {
    const { scale, x, y } = this.transform();
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    return this.county.villageAt(context, (point.x - x) / scale, (point.y - y) / scale);
  }

  seen(village) {
    const box = this.county.boxes[village];
    const { scale, x, y } = this.frame;
    return box[2] * scale + x > -20 && box[3] * scale + y > -20
      && box[0] * scale + x < this.size.x + 20 && box[1] * scale + y < this.size.y + 20;
  }

  now(fine = 0) {
    this.size = this.map.getSize();
    if (!this.size.x) return;
    const { canvas, size } = this;
    const dpr = typeof fine === "number" && fine > 0 ? fine : window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(size.x * dpr), Math.round(size.y * dpr)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    Object.assign(canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    this.frame = this.transform();
    const { scale, x, y } = this.frame;
    this.px = 1 / scale;
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    this.shown = [];
    for (let village = 0; village < this.county.n; village++) if (this.seen(village)) this.shown.push(village);
    this.fills(context);
    this.borders(context);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.at = new Map(this.shown.map((village) => [village, this.toScreen(this.county.points[village])]));
    this.ties(context);
    context.setTransform(dpr * scale, 0, 0, dpr * scale, dpr * x, dpr * y);
    this.outlines(context);
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    this.signs(context);
  }

  fills(context) {
    const { county, plan, layers } = this;
    const palette = county.told.palette;
    const dotted = dots(context, this.frame.scale);
    for (const village of this.shown) {
      const number = plan.of[village];
      const out = number < 0 && layers.left_out;
      context.fillStyle = number >= 0 && layers.alliances ? palette[plan.colours[number] % palette.length] : out ? LEFT_OUT : "#F7F8F8";
      context.fill(county.paths[village], "evenodd");
      if (!out) continue;
      context.fillStyle = dotted;
      context.fill(county.paths[village], "evenodd");
    }
  }

  stroke(context, path, colour, width, dash = []) {
    context.strokeStyle = colour;
    context.lineWidth = width * this.px;
    context.setLineDash(dash.map((one) => one * this.px));
    context.lineJoin = "round";
    context.lineCap = dash.length ? "butt" : "round";
    context.stroke(path);
    context.setLineDash([]);
  }

  borders(context) {
    const { lines, layers } = this;
    const thin = this.across() < 10 ? 0.5 : 1;
    this.stroke(context, lines.village, layers.alliances ? "#fff" : "#CBD3D9", 1.1 * thin);
    if (layers.alliances) this.stroke(context, lines.alliance, "#3A4A55", 1.9 * thin);
    if (layers.townships) this.stroke(context, lines.township, INK, thin < 1 ? 1.8 : 2.6);
    if (layers.left_out && thin === 1) {
      this.stroke(context, lines.leftOut, "#fff", 3.5);
      this.stroke(context, lines.leftOut, "#5F6C75", 1.8, [6, 4]);
    }
  }

  ties(context) {
    const { county, plan, layers, chosen } = this;
    if (!layers.ties) return;
    const close = this.across() >= TIED;
    context.strokeStyle = INK;
    for (let village = 0; village < county.n; village++) {
      const number = plan.of[village];
      if (number < 0 || plan.leads[number] === village) continue;
      const strong = number === chosen.alliance;
      if (!close && !strong) continue;
      if (!this.at.has(village) && !this.at.has(plan.leads[number])) continue;
      context.globalAlpha = strong ? 0.62 : 0.24;
      context.lineWidth = strong ? 1.4 : 1.1;
      context.beginPath();
      context.moveTo(...this.toScreen(county.points[village]));
      context.lineTo(...this.toScreen(county.points[plan.leads[number]]));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  outlines(context) {
    const { county, lines, chosen } = this;
    if (lines.chosen) {
      this.stroke(context, lines.chosen, "#fff", 6);
      this.stroke(context, lines.chosen, INK, 3.4);
    }
    if (chosen.village < 0) return;
    this.stroke(context, county.paths[chosen.village], "#fff", 8);
    this.stroke(context, county.paths[chosen.village], ACCENT, 4);
  }

  signs(context) {
    const { county, plan, layers, chosen, leads } = this;
    const across = this.across();
    const labels = new Labels(context, FONT, this.size);
    for (const box of this.covered()) labels.taken.push(box);
    const radius = across < 10 ? 3 : across < 16 ? 5 : across < 36 ? 8 : 10;
    const leading = this.shown.filter((village) => leads.has(village));
    // From far stars are many and small: the townships' names lie over them.
    const far = across < 16;
    if (!far) for (const village of leading) labels.block(...this.at.get(village), radius);
    const near = across >= 26;
    // From afar the townships' names come first, from near those of the villages.
    if (!near && !far) this.townshipNames(labels);
    const placed = layers.names ? this.villageNames(labels, radius, far) : [];
    this.named = new Set(placed.map(({ village }) => village));
    if (near) this.townshipNames(labels);
    for (const village of this.shown) {
      if (leads.has(village)) continue;
      const mine = plan.of[village] >= 0 && plan.of[village] === chosen.alliance;
      if (layers.weak && county.weak[village] && across >= 7) triangle(context, ...this.at.get(village), across < 16 ? 3.5 : 5);
      else if (plan.of[village] >= 0 && (across >= 16 || mine)) dot(context, ...this.at.get(village), mine);
    }
    for (const { village, label } of placed) labels.draw(label, plan.of[village] < 0 ? "#5F6C75" : INK);
    for (const village of leading) star(context, ...this.at.get(village), radius);
    if (far) this.townshipNames(new Labels(context, FONT, this.size));
  }

  villageNames(labels, radius, far) {
    const { county, plan, leads, chosen } = this;
    const first = (village) => (village === chosen.village ? 2 : 0) + (leads.has(village) ? 1 : 0);
    const wide = (village) => 2 * county.radii[village] * this.frame.scale;
    // A lead is named for its alliance, however small its village is.
    const room = (village) => village === chosen.village || (leads.has(village) ? !far : wide(village) >= NAMED)
      || (plan.of[village] === chosen.alliance && chosen.alliance >= 0 && wide(village) >= 24);
    const placed = [];
    for (const village of this.shown.filter(room).sort((a, b) => first(b) - first(a) || county.radii[b] - county.radii[a])) {
      const isLead = leads.has(village);
      const bold = isLead || village === chosen.village;
      const label = labels.place(county.names[village], ...this.at.get(village), {
        px: bold ? 14 : 12, bold, gap: isLead ? radius + 2 : 5,
        order: isLead ? ROUND : BESIDE,
      });
      if (label) placed.push({ village, label });
    }
    return placed;
  }

  townshipNames(labels) {
    const { county } = this;
    const sums = county.told.townships.map(() => [0, 0, 0]);
    const points = county.told.townships.map(() => []);
    for (const village of this.shown) {
      const [x, y] = this.at.get(village);
      if (x < 0 || y < 0 || x > this.size.x || y > this.size.y) continue;
      const sum = sums[county.townshipOf[village]];
      const area = county.radii[village] ** 2;
      sum[0] += x * area;
      sum[1] += y * area;
      sum[2] += area;
      points[county.townshipOf[village]].push([x, y + 16]);
    }
    const order = sums.map((sum, township) => [sum[2], township]).sort((a, b) => b[0] - a[0]);
    for (const [weight, township] of order) {
      if (!weight) continue;
      const middle = [sums[township][0] / weight, sums[township][1] / weight];
      labels.township(county.told.townships[township], [middle, ...points[township].slice(0, 40)], 14, { bold: this.across() < 26, colour: "#4A5963" });
    }
  }

  // Where tools float over the map: no name hides under them.
  covered() {
    const origin = this.map.getContainer().getBoundingClientRect();
    return [...document.querySelectorAll("[data-floats]")].map((element) => {
      const box = element.getBoundingClientRect();
      return [box.left - origin.left, box.top - origin.top, box.right - origin.left, box.bottom - origin.top];
    }).filter((box) => box[2] > box[0]);
  }
}
