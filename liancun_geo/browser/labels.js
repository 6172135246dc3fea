// Names on the map: leads first, at many places round their star, other villages at four; none over
// another. What does not fit is left to the tool tip.
import { INK } from "./symbols.js";

const widths = new Map();

// Where a name may stand, the best first.
export const BESIDE = ["above", "below", "right", "left"];
export const ROUND = [
  "below", "above", "right", "left",
  "below_right", "above_right", "below_left", "above_left",
  "below_along", "above_along", "below_back", "above_back",
];

// The middle of a name of this width beside a sign: the gap is from the middle of the sign.
function offsets(wide, px, gap) {
  const up = gap + px / 2;
  const aside = gap + wide / 2 + 2;
  // At a corner the name begins beside the middle of the sign, and clear of the square it takes.
  const [across, down] = [0.7 * gap + wide / 2 + 1, up - 1];
  const along = Math.max(wide / 2 - gap, 0);
  return {
    below: [0, up], above: [0, -up], right: [aside, 0], left: [-aside, 0],
    below_right: [across, down], above_right: [across, -down], below_left: [-across, down], above_left: [-across, -down],
    below_along: [along, up], above_along: [along, -up], below_back: [-along, up], above_back: [-along, -up],
  };
}

export class Labels {
  constructor(context, font, size) {
    this.context = context;
    this.font = font;
    this.size = size;
    this.taken = [];
  }

  block(x, y, radius) {
    this.taken.push([x - radius, y - radius, x + radius, y + radius]);
  }

  width(text, font, spacing = 0) {
    const key = font + text;
    let wide = widths.get(key);
    if (wide === undefined) {
      this.context.font = font;
      wide = this.context.measureText(text).width;
      if (widths.size > 20000) widths.clear();
      widths.set(key, wide);
    }
    return wide + spacing * text.length;
  }

  free(box) {
    if (box[0] < 2 || box[1] < 2 || box[2] > this.size.x - 2 || box[3] > this.size.y - 2) return false;
    return this.taken.every((other) => box[2] <= other[0] || box[0] >= other[2] || box[3] <= other[1] || box[1] >= other[3]);
  }

  // Returns the middle of the label, or null if there is no room.
  place(text, x, y, { px, bold = false, gap, order, lead = 0 }) {
    const font = `${bold ? 700 : 400} ${px}px ${this.font}`;
    const wide = this.width(text, font) + lead;
    const places = offsets(wide, px, gap);
    for (const name of order) {
      const [dx, dy] = places[name];
      const box = [x + dx - wide / 2 - 1, y + dy - px / 2 - 1, x + dx + wide / 2 + 1, y + dy + px / 2 + 1];
      if (!this.free(box)) continue;
      this.taken.push(box);
      return { text, x: x + dx + lead / 2, y: y + dy, font, wide: wide - lead };
    }
    return null;
  }

  draw(label, colour = INK, halo = 3, spacing = 0) {
    const context = this.context;
    context.font = label.font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    if (spacing) context.letterSpacing = `${spacing}px`;
    context.strokeStyle = "rgba(255,255,255,.92)";
    context.lineWidth = halo;
    context.strokeText(label.text, label.x, label.y);
    context.fillStyle = colour;
    context.fillText(label.text, label.x, label.y);
    if (spacing) context.letterSpacing = "0px";
  }

  // A township's name near one of the given points, the first that has room.
  township(text, places, px = 14, { bold = false, colour = "#65727B" } = {}) {
    const font = `${bold ? 700 : 400} ${px}px ${this.font}`;
    const wide = this.width(text, font, 3);
    for (const [x, y] of places) {
      const box = [x - wide / 2 - 6, y - px, x + wide / 2 + 6, y + px];
      if (!this.free(box)) continue;
      this.taken.push(box);
      this.draw({ text, x, y, font }, colour, 4, 3);
      return true;
    }
    return false;
  }
}
