// Stars, triangles, padlocks, chips: everything of fixed size on the map.
export const INK = "#1B2A34";

function starPath(x, y, radius) {
  const path = new Path2D();
  for (let i = 0; i < 10; i++) {
    const r = i % 2 ? radius * 0.42 : radius;
    const angle = (Math.PI / 5) * i - Math.PI / 2;
    const at = [x + r * Math.cos(angle), y + r * Math.sin(angle)];
    if (i) path.lineTo(...at);
    else path.moveTo(...at);
  }
  path.closePath();
  return path;
}

export function star(context, x, y, radius = 10) {
  const path = starPath(x, y, radius);
  context.lineJoin = "round";
  context.strokeStyle = "#fff";
  context.lineWidth = radius > 3 ? 2.5 : 1;
  context.stroke(path);
  context.fillStyle = INK;
  context.fill(path);
}

export function triangle(context, x, y, size = 5) {
  const path = new Path2D();
  path.moveTo(x - size, y - 4);
  path.lineTo(x + size, y - 4);
  path.lineTo(x, y + 4.5);
  path.closePath();
  context.strokeStyle = "#fff";
  context.lineWidth = 1.6;
  context.lineJoin = "round";
  context.stroke(path);
  context.fillStyle = "#A65A00";
  context.fill(path);
}

export function dot(context, x, y, strong) {
  context.beginPath();
  context.arc(x, y, strong ? 2.6 : 1.9, 0, 2 * Math.PI);
  context.fillStyle = strong ? INK : "rgba(27,42,52,.4)";
  context.fill();
}

export function padlock(context, x, y) {
  context.beginPath();
  context.arc(x, y, 7.6, 0, 2 * Math.PI);
  context.fillStyle = "rgba(255,255,255,.92)";
  context.fill();
  context.strokeStyle = "rgba(27,42,52,.55)";
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = INK;
  context.fillRect(x - 3.7, y - 1, 7.4, 5.4);
  context.beginPath();
  context.arc(x, y - 1.6, 2.3, Math.PI, 0);
  context.strokeStyle = INK;
  context.lineWidth = 1.4;
  context.stroke();
}

export function alarm(context, x, y) {
  context.beginPath();
  context.arc(x, y, 8, 0, 2 * Math.PI);
  context.fillStyle = "#B42318";
  context.fill();
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = "#fff";
  context.fillRect(x - 1.1, y - 4.6, 2.2, 5.6);
  context.fillRect(x - 1.1, y + 2.4, 2.2, 2.2);
}

export function chip(context, x, y, text, sign, font) {
  context.font = `700 13px ${font}`;
  const wide = context.measureText(text).width + 22;
  context.beginPath();
  context.roundRect(x - wide / 2, y - 12.5, wide, 25, 12.5);
  context.fillStyle = sign > 0 ? "#1B7A4B" : sign < 0 ? "#8A4B08" : "#4A5963";
  context.fill();
  context.strokeStyle = "#fff";
  context.lineWidth = 1.6;
  context.stroke();
  context.fillStyle = "#fff";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y + 0.5);
}

export function arrow(context, from, to) {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  context.strokeStyle = "#1D5B8F";
  context.lineWidth = 2.2;
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  for (const turn of [2.6, -2.6]) {
    context.moveTo(...to);
    context.lineTo(to[0] + 8 * Math.cos(angle + turn), to[1] + 8 * Math.sin(angle + turn));
  }
  context.stroke();
}

function tile(size, draw) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * 4;
  const context = canvas.getContext("2d");
  context.scale(4, 4);
  draw(context);
  return canvas;
}

const HATCH = tile(8, (context) => {
  context.fillStyle = "rgba(27,42,52,.38)";
  context.fillRect(0, 0, 2, 8);
});

const DOTS = tile(7, (context) => {
  context.fillStyle = "#8A959D";
  context.beginPath();
  context.arc(2, 2, 0.9, 0, 2 * Math.PI);
  context.fill();
});

function pattern(context, canvas, scale, degrees) {
  const made = context.createPattern(canvas, "repeat");
  made.setTransform(new DOMMatrix().rotate(degrees).scale(1 / (4 * scale)));
  return made;
}

export const hatch = (context, scale) => pattern(context, HATCH, scale, 45);
export const dots = (context, scale) => pattern(context, DOTS, scale, 0);

export function stripes(context, scale, colour) {
  const canvas = tile(14, (one) => {
    one.fillStyle = colour;
    one.fillRect(0, 0, 7, 14);
  });
  return pattern(context, canvas, scale, 45);
}
