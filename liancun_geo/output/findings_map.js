"use strict";
// Texts come from the planners' files: they are set with textContent and fillText, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, villages } = data;
  const { entries: findings, texts } = data.findings;
  const LEVEL = data.levels.map(([name]) => name);
  const KIND = data.kinds.map(([name]) => name);
  const FONT = getComputedStyle(document.body).fontFamily;
  const TINT = { error: "#B42318", question: "#8A4B08", warning: "#8A4B08", note: "#65727B",
    accepted: "#1B7A4B" };
  // Hue, lightness and line differ, so that a kind is known in grey print and to any eye.
  const LOOK = {
    gap: { fill: "#C62A1C", line: "#7A1209", dash: [], alpha: 0.8 },
    overlap: { fill: "#F0A020", line: "#8A4B08", dash: [], alpha: 0.75, hatch: 1 },
    sliver: { fill: "#B79FD0", line: "#4B2E83", dash: [4, 2], alpha: 0.8 },
    invalid: { fill: "#9CC7EA", line: "#1D5B8F", dash: [6, 3], alpha: 0.35 },
    other: { fill: "#FFFFFF", line: "#3A4A55", dash: [2, 3], alpha: 0.25 },
  };

  // --- shapes ---------------------------------------------------------------------------------

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const DIGIT = new Uint8Array(128);
  for (let i = 0; i < 64; i++) DIGIT[LETTERS.charCodeAt(i)] = i;

  function unpack(text) {
    let at = 0;
    function number() {
      let value = 0, scale = 1, digit;
      do {
        digit = DIGIT[text.charCodeAt(at++)];
        value += (digit & 31) * scale;
        scale *= 32;
      } while (digit > 31);
      return value % 2 ? -(value + 1) / 2 : value / 2;
    }
    const shapes = [];
    while (at < text.length) {
      const shape = { lines: [], box: [Infinity, Infinity, -Infinity, -Infinity] };
      const box = shape.box;
      for (let lines = number(); lines > 0; lines--) {
        const count = number(), line = new Float64Array(2 * count);
        let x = 0, y = 0;
        for (let i = 0; i < count; i++) {
          line[2 * i] = x += number();
          line[2 * i + 1] = y += number();
          box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
          box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
        }
        shape.lines.push(line);
      }
      shapes.push(shape);
    }
    return shapes;
  }

  const isRing = (line) => line.length > 6 && line[0] === line[line.length - 2]
    && line[1] === line[line.length - 1];

  // Snapping every border to one grid thins them out and keeps neighbours together.
  function trace(path, shape, grid) {
    for (const line of shape.lines) {
      let px = NaN, py = NaN;
      for (let i = 0; i < line.length; i += 2) {
        const x = grid ? Math.round(line[i] / grid) * grid : line[i];
        const y = grid ? Math.round(line[i + 1] / grid) * grid : line[i + 1];
        if (x === px && y === py) continue;
        if (i) path.lineTo(x, y); else path.moveTo(x, y);
        px = x; py = y;
      }
      if (isRing(line)) path.closePath();
    }
    return path;
  }

  const pathOf = (shape) => (shape.path ??= trace(new Path2D(), shape, 0));

  function holds(shape, x, y) {
    const [left, top, right, bottom] = shape.box;
    if (x < left || x > right || y < top || y > bottom) return false;
    let inside = false;
    for (const line of shape.lines) {
      for (let i = 0, j = line.length - 2; i < line.length; j = i, i += 2) {
        const yi = line[i + 1], yj = line[j + 1];
        if (yi > y !== yj > y && x < (line[j] - line[i]) * (y - yi) / (yj - yi) + line[i]) {
          inside = !inside;
        }
      }
    }
    return inside;
  }

  const polygons = unpack(villages.shapes);
  const outlines = unpack(villages.outlines);
  const lacking = new Set(villages.without_row);
  unpack(data.findings.shapes).forEach((shape, number) => {
    findings[number].drawn = shape.lines.length ? shape : null;
  });

  function boxOf(one) {
    const boxes = one.drawn ? [one.drawn.box] : one.villages.slice(0, 50).map((v) => polygons[v].box);
    if (!one.drawn && one.at) boxes.push([one.at[0], one.at[1], one.at[0], one.at[1]]);
    return union(boxes);
  }

  function union(boxes) {
    const all = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [left, top, right, bottom] of boxes) {
      all[0] = Math.min(all[0], left); all[1] = Math.min(all[1], top);
      all[2] = Math.max(all[2], right); all[3] = Math.max(all[3], bottom);
    }
    return all[0] <= all[2] ? all : null;
  }

  const whole = union([...polygons.map((shape) => shape.box),
    ...findings.filter((one) => one.at).map(boxOf).filter(Boolean)]);
  const side = whole ? Math.max(whole[2] - whole[0], whole[3] - whole[1], 1) : 1;
  const GRID = side / 1600;

  // --- page -----------------------------------------------------------------------------------

  function put(parent, tag, text, attributes = {}) {
    const element = document.createElement(tag);
    if (text !== null && text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    parent.append(element);
    return element;
  }

  const fill = (template, values) =>
    template.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));

  const header = put(document.body, "header");
  put(header, "h1", data.title);
  const open = findings.some((one) => LEVEL[one.level] === "question");
  const bad = findings.some((one) => LEVEL[one.level] === "error");
  put(header, "span", data.verdict, { class: `verdict ${bad ? "bad" : open ? "open" : "good"}` });
  const sources = data.sources.join("  ");
  put(header, "span", sources, { class: "sources", title: sources });

  const main = put(document.body, "main");
  const canvas = put(main, "canvas", null, { id: "map", tabindex: "0", role: "img",
    "aria-label": data.title });
  const pen = canvas.getContext("2d");
  if (!polygons.length) put(main, "div", words.no_shapes, { class: "nothing" });
  const above = put(main, "div", null, { class: "tools top" });
  const back = put(above, "button", words.back, { id: "back", class: "back", hidden: "" });
  put(above, "button", words.print_list, { id: "print" }).onclick = () => window.print();
  const tools = put(main, "div", null, { class: "tools" });
  const plus = put(tools, "button", "+", { title: words.zoom_in, "aria-label": words.zoom_in });
  const minus = put(tools, "button", "−", { title: words.zoom_out, "aria-label": words.zoom_out });
  const all = put(tools, "button", words.fit_all, { id: "all" });
  const tip = put(main, "div", null, { class: "tip", hidden: "" });

  const footer = put(document.body, "footer");
  const aside = put(document.body, "aside");
  const filters = put(aside, "div", null, { class: "filters" });
  const list = put(aside, "ol", null, { id: "list" });

  // --- view -----------------------------------------------------------------------------------

  let view = { x: 0, y: 0, k: 1 };
  let earlier = null, chosen = null, hovered = -1, size = [1, 1], dpr = 1, due = false;
  let shown = findings.map((_, number) => number);

  function fit(box, share, most) {
    const k = Math.min(size[0] * share / Math.max(box[2] - box[0], 1),
      size[1] * share / Math.max(box[3] - box[1], 1), most);
    view = { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, k };
    redraw();
  }

  const least = () => Math.min(size[0], size[1]) / side / 3;
  const most = () => 20 * data.unit_m;  // pixels a unit: 20 px a metre

  function fitAll() {
    if (whole) fit(whole, 0.92, most());
  }

  function zoom(factor, x = size[0] / 2, y = size[1] / 2) {
    const k = Math.min(Math.max(view.k * factor, least()), most());
    const there = place(x, y);
    view = { k, x: there[0] - (x - size[0] / 2) / k, y: there[1] - (y - size[1] / 2) / k };
    redraw();
  }

  const place = (x, y) => [view.x + (x - size[0] / 2) / view.k, view.y + (y - size[1] / 2) / view.k];
  const pixel = (x, y) => [(x - view.x) * view.k + size[0] / 2, (y - view.y) * view.k + size[1] / 2];

  function redraw() {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; draw(); });
  }

  // --- drawing --------------------------------------------------------------------------------

  // Many small paths: adding to a long one takes the browser ever longer.
  const coarseOf = (shape) => (shape.coarse ??= trace(new Path2D(), shape, GRID));

  function pathsIn(shapes, far, [left, top, right, bottom]) {
    const found = [];
    shapes.forEach((shape, v) => {
      const [l, t, r, b] = shape.box;
      if (l > right || r < left || t > bottom || b < top) return;
      found.push([far ? coarseOf(shape) : pathOf(shape), v]);
    });
    return found;
  }

  // Stripes stay as wide on the screen whatever the scale.
  function stripes(ink, both) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8 * dpr;
    const brush = tile.getContext("2d");
    brush.scale(dpr, dpr);
    brush.strokeStyle = ink;
    brush.lineWidth = 1.4;
    brush.beginPath();
    for (const at of [-8, 0, 8]) {
      brush.moveTo(at, 8); brush.lineTo(at + 8, 0);
      if (both) { brush.moveTo(at, 0); brush.lineTo(at + 8, 8); }
    }
    brush.stroke();
    const pattern = pen.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / (view.k * dpr)));
    return pattern;
  }

  const toMap = () => pen.setTransform(view.k * dpr, 0, 0, view.k * dpr,
    (size[0] / 2 - view.x * view.k) * dpr, (size[1] / 2 - view.y * view.k) * dpr);
  const toScreen = () => pen.setTransform(dpr, 0, 0, dpr, 0, 0);

  function stroke(path, ink, width, dash = []) {
    pen.strokeStyle = ink;
    pen.lineWidth = width / view.k;
    pen.setLineDash(dash.map((one) => one / view.k));
    pen.stroke(path);
    pen.setLineDash([]);
  }

  function draw() {
    toScreen();
    pen.fillStyle = "#EDF1F3";
    pen.fillRect(0, 0, size[0], size[1]);
    pen.lineJoin = "round";
    const [left, top] = place(0, 0), [right, bottom] = place(size[0], size[1]);
    const far = view.k * GRID < 1.5;
    const paths = pathsIn(polygons, far, [left, top, right, bottom]);
    const hatch = lacking.size ? stripes("#5F6C75", false) : null;
    toMap();
    pen.fillStyle = "#DCE2E6";
    for (const [path] of paths) pen.fill(path);
    if (hatch) {
      pen.fillStyle = hatch;
      for (const [path, v] of paths) if (lacking.has(v)) pen.fill(path);
    }
    const crowded = far && polygons.length > 1500;
    for (const [path] of paths) stroke(path, crowded ? "#F4F6F7" : "#8A959D", far ? 0.8 : 1);
    if (far) for (const shape of outlines) stroke(pathOf(shape), "#3A4A55", 1.6);
    drawShapes([left, top, right, bottom]);
    if (chosen !== null && !findings[chosen].drawn) {
      for (const v of findings[chosen].villages.slice(0, 50)) {
        stroke(pathOf(polygons[v]), "#FFFFFF", 8);
        stroke(pathOf(polygons[v]), "#1D5B8F", 4);
      }
    }
    if (hovered >= 0) stroke(pathOf(polygons[hovered]), "#1B2A34", 2);
    toScreen();
    drawNames(far, [left, top, right, bottom]);
    drawMarks();
    drawScale();
    canvas.dataset.view = [view.x, view.y, view.k].map((one) => one.toPrecision(6)).join(" ");
    canvas.dataset.drawn = String(findings.length);
  }

  function outline(path) {
    stroke(path, "#FFFFFF", 11);
    stroke(path, "#1D5B8F", 8);
  }

  function drawShapes([left, top, right, bottom]) {
    const hatches = {};
    for (const number of [...shown].reverse()) {
      const one = findings[number];
      if (!one.drawn) continue;
      const [l, t, r, b] = one.drawn.box;
      if (l > right || r < left || t > bottom || b < top) continue;
      // What is smaller than its mark is seen as the mark alone.
      if (number !== chosen && Math.max(r - l, b - t) * view.k < 3) continue;
      const look = LOOK[KIND[one.kind]], path = pathOf(one.drawn);
      // Around the shape, not on it: a thin one keeps its colour.
      if (number === chosen) outline(path);
      pen.globalAlpha = look.alpha;
      pen.fillStyle = look.fill;
      if (one.drawn.lines.some(isRing)) pen.fill(path, "evenodd");
      pen.globalAlpha = 1;
      if (look.hatch && (r - l) * view.k > 12) {
        pen.fillStyle = hatches[look.line] ??= stripes(look.line, true);
        pen.fill(path, "evenodd");
      }
      stroke(path, look.line, 1.6, look.dash);
    }
  }

  function mark(brush, level, x, y, radius) {
    const ink = TINT[level];
    brush.lineWidth = 1.5;
    brush.strokeStyle = "#FFFFFF";
    brush.fillStyle = ink;
    brush.beginPath();
    if (level === "question") {
      const r = radius * 1.25;
      brush.moveTo(x, y - r); brush.lineTo(x + r, y); brush.lineTo(x, y + r); brush.lineTo(x - r, y);
    } else if (level === "warning") {
      const r = radius * 1.2;
      brush.moveTo(x, y - r); brush.lineTo(x + r, y + r * 0.8); brush.lineTo(x - r, y + r * 0.8);
      brush.strokeStyle = ink;
      brush.fillStyle = "#FFFFFF";
    } else {
      brush.arc(x, y, level === "error" ? radius : radius * 0.7, 0, 7);
      if (level === "note") { brush.strokeStyle = ink; brush.fillStyle = "#FFFFFF"; }
    }
    brush.closePath();
    brush.fill();
    brush.stroke();
    const sign = { error: "!", question: "?", warning: "!" }[level];
    if (sign && radius > 5) {
      brush.fillStyle = level === "warning" ? ink : "#FFFFFF";
      brush.font = `700 ${Math.round(radius * 1.6)}px ${FONT}`;
      brush.textAlign = "center";
      brush.textBaseline = "middle";
      brush.fillText(sign, x, y + (level === "warning" ? radius * 0.15 : 0));
    }
  }

  function markRadius() {
    return shown.length > 300 && view.k * side < 3000 ? 4 : 7;
  }

  function drawMarks() {
    const radius = markRadius();
    for (const number of [...shown].reverse()) {
      if (number !== chosen) drawMark(number, radius);
    }
    if (chosen === null || !findings[chosen].at) return;
    const [x, y] = pixel(...findings[chosen].at);
    drawMark(chosen, 8);
    pen.strokeStyle = "#1D5B8F";
    pen.lineWidth = 3;
    pen.beginPath();
    pen.arc(x, y, 16, 0, 7);
    pen.stroke();
  }

  function drawMark(number, radius) {
    const one = findings[number];
    if (!one.at) return;
    const [x, y] = pixel(...one.at);
    if (x < -20 || y < -20 || x > size[0] + 20 || y > size[1] + 20) return;
    // A shape large enough to be seen needs no mark that hides it.
    if (one.drawn && number === chosen) return;
    mark(pen, LEVEL[one.level], x, y, radius);
  }

  function drawNames(far, [left, top, right, bottom]) {
    const taken = [];
    function write(text, x, y, font, ink) {
      pen.font = font;
      const wide = pen.measureText(text).width / 2 + 3;
      if (taken.some(([a, b, w]) => Math.abs(a - x) < w + wide && Math.abs(b - y) < 17)) return;
      taken.push([x, y, wide]);
      pen.lineWidth = 3;
      pen.strokeStyle = "rgba(255,255,255,.9)";
      pen.fillStyle = ink;
      pen.strokeText(text, x, y);
      pen.fillText(text, x, y);
    }
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    if (far) {
      villages.townships.forEach((name, t) => {
        const at = villages.township_points[2 * t];
        if (at === null) return;
        write(name, ...pixel(at, villages.township_points[2 * t + 1]), `14px ${FONT}`, "#1D5B8F");
      });
    }
    const tall = 13 / view.k;
    polygons.forEach((shape, v) => {
      const [l, t, r, b] = shape.box, x = villages.points[2 * v], y = villages.points[2 * v + 1];
      if (x === null || x < left || x > right || y < top || y > bottom) return;
      const name = villages.names[v];
      if (r - l < 0.8 * tall * name.length || b - t < 2 * tall || taken.length > 400) return;
      const [px, py] = pixel(x, y);
      // Below the mark of a finding at the village.
      write(name, px, py + 17, `12px ${FONT}`, "#1B2A34");
    });
  }

  function drawScale() {
    if (!data.scaled) return;
    const metres = 90 / view.k * data.unit_m, power = 10 ** Math.floor(Math.log10(metres));
    const length = [5, 2, 1].find((step) => step * power <= metres) * power;
    const wide = length / data.unit_m * view.k, x = 14, y = size[1] - 14;
    const [key, number] = length >= 1000 ? ["scale_km", length / 1000] : ["scale_m", length];
    pen.lineWidth = 1.5;
    pen.strokeStyle = "#1B2A34";
    pen.beginPath();
    pen.moveTo(x, y - 5); pen.lineTo(x, y); pen.lineTo(x + wide, y); pen.lineTo(x + wide, y - 5);
    pen.stroke();
    pen.font = `12px ${FONT}`;
    pen.textAlign = "left";
    pen.textBaseline = "alphabetic";
    pen.fillStyle = "#1B2A34";
    pen.fillText(fill(words[key], { length: Number(number.toPrecision(3)) }), x + 4, y - 7);
  }

  // --- list -----------------------------------------------------------------------------------

  const rows = [];

  function rowOf(number) {
    if (rows[number]) return rows[number];
    const one = findings[number], row = rows[number] = document.createElement("li");
    const button = put(row, "button", null, { type: "button", "aria-expanded": "false" });
    put(put(button, "span", null, { class: `mark ${LEVEL[one.level]}`, "aria-hidden": "true" }), "i");
    const head = put(button, "span", null, { class: "head" });
    put(head, "span", data.levels[one.level][1], { class: "level" });
    put(head, "span", data.categories[one.category][1]);
    put(head, "span", one.id, { class: "id" });
    if (one.place) put(button, "span", one.place, { class: "place" });
    put(button, "span", one.what, { class: "what" });
    if (!one.at && one.local) put(button, "span", words.no_place, { class: "unplaced" });
    button.onclick = () => (chosen === number ? goBack() : choose(number));
    return row;
  }

  const textOf = (one) => (one.text ??= [one.id, one.place, one.what, one.search,
    ...one.villages.map((v) => villages.names[v])].join("\n").toLowerCase());

  // Thousands of entries are made as they are scrolled to.
  const end = document.createElement("li");
  end.className = "end";
  let listed = 0;

  function listUpTo(most) {
    const added = shown.slice(listed, most).map(rowOf);
    listed += added.length;
    end.before(...added);
    end.hidden = listed >= shown.length;
  }

  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) listUpTo(listed + 100);
  }, { root: list, rootMargin: "600px" }).observe(end);

  function sign(parent, paint, wide, high) {
    const own = put(parent, "canvas", null, { "aria-hidden": "true" });
    const scale = Math.max(2, Math.ceil(devicePixelRatio || 1));
    own.width = wide * scale;
    own.height = high * scale;
    const brush = own.getContext("2d");
    brush.scale(scale, scale);
    paint(brush);
  }

  function choose(number) {
    const first = chosen === null;
    unchoose();
    if (first) earlier = { ...view };
    chosen = number;
    const one = findings[number], row = rowOf(number);
    if (!row.isConnected) listUpTo(shown.indexOf(number) + 20);
    row.classList.add("chosen");
    row.firstChild.setAttribute("aria-expanded", "true");
    const more = put(row, "div", null, { class: "more" });
    put(more, "b", words.why);
    put(more, "div", texts[one.why]);
    put(more, "b", words.remedy);
    put(more, "div", one.advice >= 0 ? texts[one.advice] : one.remedy);
    row.scrollIntoView({ block: "nearest" });
    back.hidden = false;
    const box = one.at ? boxOf(one) : null;
    // Far enough away to know the surroundings: at least some 300 m across.
    if (box) fit(box, 0.45, Math.min(most(), size[1] / (300 / data.unit_m)));
    else redraw();
    canvas.dataset.chosen = one.id;
  }

  function unchoose() {
    if (chosen === null) return;
    const row = rows[chosen];
    row.classList.remove("chosen");
    row.firstChild.setAttribute("aria-expanded", "false");
    row.lastChild.remove();
    chosen = null;
    delete canvas.dataset.chosen;
  }

  function goBack() {
    unchoose();
    back.hidden = true;
    if (earlier) view = earlier;
    earlier = null;
    redraw();
  }

  // --- filters --------------------------------------------------------------------------------

  const wanted = { level: null, category: null, text: "", placed: false };
  const levels = put(filters, "div", null, { class: "levels" });
  const buttons = [null, ...LEVEL.keys()].map((level) => {
    const count = findings.filter((one) => level === null || one.level === level).length;
    const name = level === null ? words.all_levels : data.levels[level][1];
    const button = put(levels, "button", fill(words.all_counted, { name, count }), {
      type: "button", "aria-pressed": String(level === null),
      "data-level": level === null ? "" : LEVEL[level],
    });
    button.hidden = level !== null && !count;
    button.onclick = () => { wanted.level = level; filter(); };
    return [button, level];
  });
  const row = put(filters, "div", null, { class: "row" });
  const select = put(row, "select", null, { id: "category", "aria-label": words.all_categories });
  put(select, "option", words.all_categories, { value: "" });
  data.categories.forEach(([, name], category) => {
    const count = findings.filter((one) => one.category === category).length;
    if (count) put(select, "option", fill(words.all_counted, { name, count }), { value: category });
  });
  select.onchange = () => {
    wanted.category = select.value === "" ? null : Number(select.value);
    filter();
  };
  const search = put(row, "input", null, { type: "search", id: "search",
    placeholder: words.search, "aria-label": words.search });
  search.oninput = () => { wanted.text = search.value.trim().toLowerCase(); filter(); };
  const count = put(filters, "div", null, { class: "count" });
  const told = put(count, "span", null, { id: "count", "aria-live": "polite" });
  const label = put(count, "label");
  const placed = put(label, "input", null, { type: "checkbox", id: "placed" });
  put(label, "span", words.only_located);
  placed.onchange = () => { wanted.placed = placed.checked; filter(); };
  for (const note of data.notes) put(filters, "div", note, { class: "notes" });

  function filter() {
    shown = findings.map((_, number) => number).filter((number) => {
      const one = findings[number];
      return (wanted.level === null || one.level === wanted.level)
        && (wanted.category === null || one.category === wanted.category)
        && (!wanted.placed || one.at) && (!wanted.text || textOf(one).includes(wanted.text));
    });
    if (chosen !== null && !shown.includes(chosen)) goBack();
    for (const [button, level] of buttons) {
      button.setAttribute("aria-pressed", String(level === wanted.level));
    }
    told.textContent = fill(words.shown_of, { shown: shown.length, all: findings.length });
    list.replaceChildren(end);
    list.scrollTop = 0;
    listed = 0;
    listUpTo(60);
    if (!shown.length) {
      put(list, "li", findings.length ? words.none_chosen : words.nothing_found, { class: "empty" });
    }
    redraw();
  }

  // --- legend ---------------------------------------------------------------------------------

  function entry(name, paint) {
    const one = put(footer, "span", null, { class: "sign" });
    sign(one, paint, 24, 16);
    put(one, "span", name);
  }

  function patch(brush, look) {
    brush.globalAlpha = look.alpha;
    brush.fillStyle = look.fill;
    brush.fillRect(3, 2, 18, 12);
    brush.globalAlpha = 1;
    brush.strokeStyle = look.line;
    if (look.hatch) {
      brush.save();
      brush.beginPath(); brush.rect(3, 2, 18, 12); brush.clip(); brush.beginPath();
      for (let x = -8; x < 32; x += 7) {
        brush.moveTo(x, 15); brush.lineTo(x + 14, 1);
        if (look.hatch === 1) { brush.moveTo(x, 1); brush.lineTo(x + 14, 15); }
      }
      brush.stroke();
      brush.restore();
    }
    brush.setLineDash(look.dash);
    brush.lineWidth = 1.6;
    brush.strokeRect(3, 2, 18, 12);
  }

  function makeLegend() {
    if (polygons.length) {
      const plain = { fill: "#DCE2E6", line: "#8A959D", dash: [], alpha: 1 };
      entry(words.legend_village, (brush) => patch(brush, plain));
      if (lacking.size) {
        const look = { ...plain, line: "#5F6C75", hatch: 2 };
        entry(words.legend_without_row, (brush) => patch(brush, look));
      }
      if (outlines.some((shape) => shape.lines.length)) entry(words.legend_township, (brush) => {
        brush.strokeStyle = "#3A4A55"; brush.lineWidth = 2;
        brush.beginPath(); brush.moveTo(2, 8); brush.lineTo(22, 8); brush.stroke();
      });
    }
    data.kinds.forEach(([kind, name], number) => {
      if (findings.some((one) => one.drawn && one.kind === number)) {
        entry(name, (brush) => patch(brush, LOOK[kind]));
      }
    });
    data.levels.forEach(([level, name], number) => {
      if (findings.some((one) => one.at && one.level === number)) {
        entry(name, (brush) => mark(brush, level, 12, 8, 6));
      }
    });
    put(footer, "span", data.disclaimer, { class: "disclaimer" });
    footer.title = words.hint;
  }

  // --- mouse, keys, size ----------------------------------------------------------------------

  const pointers = new Map();
  let moved = 0;

  function near(x, y) {
    const reach = markRadius() + 5;
    const found = shown.filter((number) => {
      const one = findings[number];
      if (!one.at) return false;
      const [px, py] = pixel(...one.at);
      return Math.hypot(px - x, py - y) < reach || (one.drawn && holds(one.drawn, ...place(x, y)));
    });
    // Once more at the same place takes the next one there.
    return found.length ? found[(found.indexOf(chosen) + 1) % found.length] : null;
  }

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    moved = pointers.size > 1 ? 99 : 0;
  };
  canvas.onpointermove = (event) => {
    const here = [event.offsetX, event.offsetY], before = pointers.get(event.pointerId);
    if (!before) { hover(...here); return; }
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    pointers.set(event.pointerId, here);
    moved += Math.hypot(here[0] - before[0], here[1] - before[1]);
    if (others.length) {
      const other = others[0][1];
      const spread = (one) => Math.max(Math.hypot(one[0] - other[0], one[1] - other[1]), 1);
      zoom(spread(here) / spread(before), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
    } else if (moved > 3) {
      view = { ...view, x: view.x - (here[0] - before[0]) / view.k,
        y: view.y - (here[1] - before[1]) / view.k };
      redraw();
    }
  };
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    pointers.delete(event.pointerId);
    if (event.type === "pointerup" && moved <= 3) {
      const number = near(event.offsetX, event.offsetY);
      if (number !== null && number !== chosen) choose(number);
    }
  };
  canvas.onpointerleave = () => hover(-1e9, -1e9);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) / 300), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.ondblclick = (event) => zoom(2, event.offsetX, event.offsetY);

  function hover(x, y) {
    const at = place(x, y), before = hovered;
    hovered = polygons.findIndex((shape) => holds(shape, ...at));
    tip.hidden = hovered < 0;
    if (hovered >= 0) {
      const township = villages.townships[villages.township_of[hovered]];
      tip.textContent = [villages.names[hovered], township, villages.codes[hovered],
        lacking.has(hovered) ? words.legend_without_row : ""].filter(Boolean).join("\n");
      tip.style.left = `${Math.min(x + 14, size[0] - 200)}px`;
      tip.style.top = `${Math.min(y + 14, size[1] - 90)}px`;
    }
    if (hovered !== before) redraw();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen !== null) goBack();
    if (event.target !== canvas) return;
    const step = 80 / view.k;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step],
      ArrowDown: [0, step] };
    if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key in moves) {
      const [x, y] = moves[event.key];
      view = { ...view, x: view.x + x, y: view.y + y };
      event.preventDefault();
      redraw();
    }
  });
  back.onclick = goBack;
  plus.onclick = () => zoom(1.5);
  minus.onclick = () => zoom(1 / 1.5);
  all.onclick = () => { if (chosen !== null) earlier = null; fitAll(); };

  function resize() {
    const first = size[0] <= 1, before = size;
    size = [Math.max(main.clientWidth, 1), Math.max(main.clientHeight, 1)];
    dpr = Math.min(devicePixelRatio || 1, 3);
    canvas.width = size[0] * dpr;
    canvas.height = size[1] * dpr;
    if (first) fitAll();
    else view = { ...view, k: view.k * Math.min(size[0] / before[0], size[1] / before[1]) };
    draw();
  }

  makeLegend();
  filter();
  new ResizeObserver(resize).observe(main);
  window.addEventListener("beforeprint", () => { listUpTo(shown.length); resize(); });
})();
