// The county as it was sent: borders as arcs, places, names; whatever is drawn is made of it.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const VALUE = Object.fromEntries([...DIGITS].map((digit, value) => [digit, value]));
export const BASE_ZOOM = 14; // local units are pixels at this zoom
const WORLD = 256 * 2 ** BASE_ZOOM;

export function lineOf(text) {
  const values = [];
  let at = 0;
  const last = [0, 0];
  let axis = 0;
  while (at < text.length) {
    let value = 0;
    let shift = 1;
    let byte;
    do {
      byte = text.charCodeAt(at++) - 63;
      value += (byte & 0x1f) * shift;
      shift *= 32;
    } while (byte >= 0x20);
    const step = value % 2 ? -(value + 1) / 2 : value / 2;
    last[axis] += step;
    values.push(last[axis]);
    axis = 1 - axis;
  }
  return values;
}

export function numbersOf(text, width) {
  const numbers = new Array(text.length / width);
  for (let i = 0; i < numbers.length; i++) {
    let value = 0;
    for (let j = 0; j < width; j++) {
      const digit = VALUE[text[i * width + j]];
      value = digit === undefined ? -1 : value * 64 + digit;
    }
    numbers[i] = value;
  }
  return numbers;
}

export function flagsOf(text, n) {
  const flags = new Uint8Array(n);
  const bytes = atob(text || "");
  for (let i = 0; i < Math.min(n, bytes.length * 8); i++) {
    flags[i] = (bytes.charCodeAt(i >> 3) >> (i & 7)) & 1;
  }
  return flags;
}

function mercator(lon, lat) {
  const x = ((lon + 180) / 360) * WORLD;
  const sine = Math.sin((lat * Math.PI) / 180);
  const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD;
  return [x, y];
}

export class County {
  constructor(told) {
    this.told = told;
    this.n = told.n;
    this.names = told.names;
    this.townshipOf = told.township_of;
    this.weak = flagsOf(told.weak, told.n);
    const step = told.step;
    const points = lineOf(told.points);
    this.lonlat = [];
    for (let i = 0; i < this.n; i++) this.lonlat.push([points[2 * i] * step, points[2 * i + 1] * step]);
    const middle = this.lonlat.reduce((sum, [x, y]) => [sum[0] + x / this.n, sum[1] + y / this.n], [0, 0]);
    this.centre = middle;
    this.origin = mercator(...middle);
    this.points = this.lonlat.map((place) => this.local(...place));
    const metres = 40075016.686 * Math.cos((middle[1] * Math.PI) / 180) / WORLD;
    this.metresPerUnit = metres;
    this.radii = told.radii_m.map((radius) => radius / metres);
    this.arcs = told.arcs ? told.arcs.split(" ").map((text) => this.localLine(lineOf(text))) : [];
    this.sides = [];
    for (let i = 0; i < told.sides.length; i += 2) this.sides.push([told.sides[i] - 1, told.sides[i + 1] - 1]);
    this.barriers = told.barriers.map((text) => this.localLine(lineOf(text)));
    this.links = told.links.map((text) => this.localLine(lineOf(text)));
    this.buildVillages();
    this.buildNeighbours();
  }

  local(lon, lat) {
    const [x, y] = mercator(lon, lat);
    return [x - this.origin[0], y - this.origin[1]];
  }

  localLine(steps) {
    const line = new Float64Array(steps.length);
    for (let i = 0; i < steps.length; i += 2) {
      const [x, y] = this.local(steps[i] * this.told.step, steps[i + 1] * this.told.step);
      line[i] = x;
      line[i + 1] = y;
    }
    return line;
  }

  buildVillages() {
    this.paths = [];
    this.boxes = [];
    this.townshipBoxes = this.told.townships.map(() => [Infinity, Infinity, -Infinity, -Infinity]);
    this.box = [Infinity, Infinity, -Infinity, -Infinity];
    this.told.rings.forEach((rings, village) => {
      const path = new Path2D();
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (const ring of rings) {
        let first = true;
        for (const signed of ring) {
          const line = this.arcs[signed < 0 ? ~signed : signed];
          const count = line.length / 2;
          for (let k = first ? 0 : 1; k < count; k++) {
            const at = 2 * (signed < 0 ? count - 1 - k : k);
            if (first) path.moveTo(line[at], line[at + 1]);
            else path.lineTo(line[at], line[at + 1]);
            first = false;
            grow(box, line[at], line[at + 1]);
          }
        }
        path.closePath();
      }
      this.paths.push(path);
      this.boxes.push(box);
      for (const other of [this.townshipBoxes[this.townshipOf[village]], this.box]) {
        grow(other, box[0], box[1]);
        grow(other, box[2], box[3]);
      }
    });
  }

  buildNeighbours() {
    const sets = Array.from({ length: this.n }, () => new Set());
    for (const [left, right] of this.sides) {
      if (left >= 0 && right >= 0) {
        sets[left].add(right);
        sets[right].add(left);
      }
    }
    this.neighbours = sets.map((set) => [...set].sort((a, b) => a - b));
  }

  // Lines of all arcs for which `wanted(left, right)` holds, as one path.
  lines(wanted) {
    const path = new Path2D();
    this.sides.forEach(([left, right], arc) => {
      if (!wanted(left, right)) return;
      const line = this.arcs[arc];
      path.moveTo(line[0], line[1]);
      for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
    });
    return path;
  }

  villageAt(context, x, y) {
    for (let village = 0; village < this.n; village++) {
      const box = this.boxes[village];
      if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) continue;
      if (context.isPointInPath(this.paths[village], x, y, "evenodd")) return village;
    }
    return -1;
  }
}

function grow(box, x, y) {
  if (x < box[0]) box[0] = x;
  if (y < box[1]) box[1] = y;
  if (x > box[2]) box[2] = x;
  if (y > box[3]) box[3] = y;
}
