// What the pointer does on the map: select, brush, lasso, measure; tool tips and the menu.
import { byId, h, say } from "./dom.js";
import { membersOf } from "./acts.js";

const CLICK_PX = 4;

export class Pointer {
  constructor(app) {
    this.app = app;
    this.tool = "select";
    this.drag = null;
    this.measured = [];
    const box = app.map.getContainer();
    this.box = box;
    this.tip = h("div", { id: "tip", hidden: true });
    byId("overmap").append(this.tip);
    box.addEventListener("pointerdown", (event) => this.down(event));
    box.addEventListener("pointermove", (event) => this.moved(event));
    window.addEventListener("pointerup", (event) => this.up(event));
    window.addEventListener("pointercancel", () => this.abandon());
    box.addEventListener("pointerleave", () => this.hover(-1));
    box.addEventListener("dblclick", (event) => this.doubled(event));
    box.addEventListener("contextmenu", (event) => this.menu(event));
    box.addEventListener("pointerenter", () => takeFocus());
    app.map.on("movestart zoomstart", () => this.hover(-1));
  }

  // Lets go of a stroke or a loop as if it had never begun; tells whether there was one.
  abandon() {
    const { drag, app } = this;
    if (app.lines.abandon()) return true;
    if (!drag || (this.tool !== "brush" && this.tool !== "lasso")) return false;
    this.drag = null;
    app.brushed = [];
    app.trace = null;
    app.draw();
    return true;
  }

  choose(tool) {
    this.abandon();
    this.tool = tool;
    for (const name of ["brush", "lasso", "measure", "barrier", "link"]) this.box.classList.toggle(name, tool === name);
    if (tool === "brush" || tool === "lasso") this.app.map.dragging.disable();
    else this.app.map.dragging.enable();
    this.measured = [];
    this.app.trace = tool === "measure" ? (context, drawing) => this.traceMeasure(context, drawing) : null;
    this.tellMeasured();
    this.app.lines.begin(tool);
    this.app.toolbar.show();
    this.app.draw();
  }

  at(event) {
    const box = this.box.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  down(event) {
    if (event.button !== 0 || !this.app.county) return;
    const point = this.at(event);
    this.drag = { start: point, last: point, villages: [], path: [[point.x, point.y]], moved: false };
    const village = this.app.drawing.villageAt(point);
    // Released outside the window it still ends here.
    if (this.tool === "brush" || this.tool === "lasso") this.box.setPointerCapture(event.pointerId);
    if (this.tool === "brush" && village >= 0) this.beginBrush(village);
    if (this.tool === "lasso") this.app.trace = (context) => this.traceLasso(context);
  }

  moved(event) {
    if (!this.app.county) return;
    const point = this.at(event);
    const { drag } = this;
    if (drag) {
      const far = Math.hypot(point.x - drag.start.x, point.y - drag.start.y);
      drag.moved ||= far > CLICK_PX;
      if (this.tool === "brush" && drag.lead !== undefined) this.brushTo(drag.last, point);
      if (this.tool === "lasso") {
        drag.path.push([point.x, point.y]);
        this.app.drawing.overlay();
      }
      drag.last = point;
      if (drag.moved) this.hover(-1);
      return;
    }
    const village = this.app.drawing.villageAt(point);
    this.hover(village, point);
    if (this.tool === "barrier" || this.tool === "link") this.app.lines.moved(point);
    if (this.tool === "measure" && this.measured.length) {
      this.pointer = this.app.map.containerPointToLatLng([point.x, point.y]);
      this.app.drawing.overlay();
    }
  }

  up(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag || !this.app.county) return;
    if (this.tool === "brush") return this.endBrush(drag);
    if (this.tool === "lasso") return this.endLasso(drag, event);
    if (drag.moved) return;
    const village = this.app.drawing.villageAt(drag.start);
    if (this.tool === "measure") return this.addMeasured(drag.start);
    if (this.tool === "barrier" || this.tool === "link") return this.app.lines.click(this.tool, village, drag.start);
    this.click(village, event);
  }

  click(village, event) {
    const { app } = this;
    const chosen = app.plan.selected;
    if (village < 0) {
      if (!event.shiftKey) app.select([]);
      return;
    }
    if (event.shiftKey) {
      app.select(chosen.includes(village) ? chosen.filter((one) => one !== village) : [...chosen, village]);
    } else if ((event.ctrlKey || event.metaKey) && chosen.length) {
      const number = app.plan.of[village];
      if (number >= 0 && chosen.some((one) => app.plan.of[one] !== number)) app.acts.move(app.plan.leads[number]);
    } else {
      if (app.plan.township >= 0 && app.county.townshipOf[village] !== app.plan.township) return;
      app.select([village]);
    }
  }

  doubled(event) {
    if (this.tool === "measure") return this.endMeasure();
    if (this.tool === "barrier") return this.app.lines.end();
    if (this.app.lines.editing) return;
    const village = this.app.drawing.villageAt(this.at(event));
    if (village < 0) return;
    const { plan, county } = this.app;
    const number = plan.of[village];
    if (plan.township >= 0 && county.townshipOf[village] !== plan.township) {
      this.app.send("township", { township: county.townshipOf[village] });
      this.app.fit(county.townshipOf[village]);
    } else if (number >= 0 && plan.leads[number] === village) this.app.select(membersOf(plan, number));
  }

  menu(event) {
    event.preventDefault();
    const { app } = this;
    if (!app.county || app.lines.editing) return;
    const village = app.drawing.villageAt(this.at(event));
    const mine = village >= 0 && (app.plan.township < 0 || app.county.townshipOf[village] === app.plan.township);
    if (mine && !app.plan.selected.includes(village)) app.select([village]);
    app.acts.menu(event.clientX, event.clientY);
  }

  hover(village, point) {
    const { app, tip } = this;
    if (village !== app.hover) {
      app.hover = village;
      app.drawing.view.hover = village;
      if (app.county) app.drawing.overlay();
      this.box.classList.toggle("pick", village >= 0 && this.tool === "select");
      this.tellTip();
    }
    // The panel says all of a selected village; a tool tip would only hide its neighbours.
    tip.hidden = village < 0 || !point || (app.plan.selected.length === 1 && app.plan.selected[0] === village);
    if (point) {
      const wide = tip.offsetWidth;
      const left = point.x + 14 + wide > this.box.clientWidth ? point.x - wide - 10 : point.x + 14;
      Object.assign(tip.style, { left: `${left}px`, top: `${Math.max(4, point.y - 8)}px` });
    }
  }

  // Also when an answer comes while the pointer rests: the best move may be known only now.
  tellTip() {
    const { app, tip } = this;
    const village = app.hover;
    if (village < 0 || !app.county) return;
    // The panel says all of it now.
    if (app.plan.selected.length === 1 && app.plan.selected[0] === village) tip.hidden = true;
    const best = app.state.facts && app.state.facts.best && app.state.facts.best[village];
    const foreign = app.plan.township >= 0 && app.county.townshipOf[village] !== app.plan.township;
    tip.replaceChildren(h("span", {}, app.placeText(village)));
    if (foreign) tip.append(h("div", { class: "quiet" }, app.county.told.townships[app.county.townshipOf[village]]));
    if (best) tip.append(h("div", { class: best.startsWith("+") ? "plus" : "minus" }, say("tip_best", { change: best })));
  }

  // --- brush: the first village gives the alliance, the others are painted into it
  beginBrush(village) {
    const { plan, county } = this.app;
    const number = plan.of[village];
    if (number < 0) return;
    // By its lead: an answer on its way may number the alliances anew.
    this.drag.lead = plan.leads[number];
    this.drag.colour = county.told.palette[plan.colours[number]];
    this.drag.inside = new Set(membersOf(plan, number));
  }

  brushTo(from, to) {
    const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / 4));
    for (let k = 1; k <= steps; k++) {
      const point = { x: from.x + ((to.x - from.x) * k) / steps, y: from.y + ((to.y - from.y) * k) / steps };
      this.brush(this.app.drawing.villageAt(point));
    }
  }

  brush(village) {
    const { drag, app } = this;
    if (village < 0 || drag.inside.has(village)) return;
    const { plan, county } = app;
    const { lead } = drag;
    const legal = !plan.locked[village] && county.townshipOf[village] === county.townshipOf[lead] &&
      plan.leads[plan.of[village]] !== village && county.neighbours[village].some((one) => drag.inside.has(one));
    if (!legal) return this.flash(village);
    drag.inside.add(village);
    drag.villages.push(village);
    app.brushed = [...app.brushed, { village, colour: drag.colour }];
    app.drawing.view.brushed = app.brushed;
    app.drawing.overlay();
  }

  flash(village) {
    const { app } = this;
    if (app.flashed.includes(village)) return;
    app.flashed = [...app.flashed, village];
    app.drawing.view.flashed = app.flashed;
    app.drawing.overlay();
    setTimeout(() => {
      app.flashed = app.flashed.filter((one) => one !== village);
      app.drawing.view.flashed = app.flashed;
      app.drawing.overlay();
    }, 350);
  }

  endBrush(drag) {
    const { app } = this;
    app.brushed = [];
    if (drag.villages.length) app.send("paint", { villages: drag.villages, to: drag.lead });
    else app.draw();
  }

  // --- lasso: villages whose label point lies inside
  endLasso(drag, event) {
    const { app } = this;
    app.trace = null;
    if (!drag.moved) {
      this.click(app.drawing.villageAt(drag.start), event);
      app.draw();
      return;
    }
    const loop = new Path2D();
    drag.path.forEach(([x, y], k) => (k ? loop.lineTo(x, y) : loop.moveTo(x, y)));
    loop.closePath();
    const context = app.drawing.over.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    const inside = app.county.points.map((_, village) => village).filter((village) =>
      app.drawing.inScope(village) && context.isPointInPath(loop, ...app.drawing.toScreen(app.county.points[village])));
    const chosen = event.shiftKey ? app.plan.selected : [];
    app.select([...new Set([...chosen, ...inside])]);
    app.draw();
  }

  traceLasso(context) {
    if (!this.drag) return;
    context.beginPath();
    this.drag.path.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = "rgba(29,91,143,.10)";
    context.fill();
    context.strokeStyle = "#1D5B8F";
    context.lineWidth = 1.6;
    context.setLineDash([5, 4]);
    context.stroke();
    context.setLineDash([]);
  }

  // --- measure
  addMeasured(point) {
    this.done = this.done ? (this.measured = [], false) : false;
    this.measured.push(this.app.map.containerPointToLatLng([point.x, point.y]));
    this.pointer = null;
    this.tellMeasured();
    this.app.drawing.overlay();
  }

  endMeasure() {
    this.done = true;
    this.pointer = null;
    this.app.drawing.overlay();
  }

  tellMeasured() {
    const old = byId("measure");
    if (old) old.remove();
    if (this.tool !== "measure") return;
    const told = this.measured.length > 1 ? say("measured", { length: lengthText(lengthOf(this.measured)) }) : say("measure_start");
    byId("overmap").append(h("div", { id: "measure", class: "floats", role: "status" }, told));
  }

  traceMeasure(context) {
    const places = this.pointer && !this.done ? [...this.measured, this.pointer] : this.measured;
    if (!places.length) return;
    const points = places.map((place) => this.app.map.latLngToContainerPoint(place));
    for (const [colour, width] of [["#fff", 5], ["#1D5B8F", 2.4]]) {
      context.beginPath();
      points.forEach((point, k) => (k ? context.lineTo(point.x, point.y) : context.moveTo(point.x, point.y)));
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
    for (const point of points) {
      context.beginPath();
      context.arc(point.x, point.y, 3.5, 0, 2 * Math.PI);
      context.fillStyle = "#1D5B8F";
      context.fill();
    }
  }
}

function lengthOf(places) {
  let sum = 0;
  for (let k = 1; k < places.length; k++) sum += places[k - 1].distanceTo(places[k]);
  return sum;
}

function lengthText(metres) {
  if (metres < 1000) return say("scale_m", { n: Math.round(metres) });
  return say("scale_km", { n: (metres / 1000).toFixed(metres < 10000 ? 2 : 1) });
}

// Keys work as soon as the pointer is over the map, unless somebody types elsewhere.
function takeFocus() {
  try {
    const outside = window.parent.document;
    if (!outside.hasFocus() || document.hasFocus()) return;
    const at = outside.activeElement;
    if (at && at !== outside.body && at.tagName !== "IFRAME") return;
    byId("map").focus({ preventScroll: true });
  } catch { /* another origin: a click gives the focus */ }
}
