// Tools floating over the map: toolbar, search, zoom, the chip of the selection.
import { button, byId, closePopup, h, icon, popup, say } from "./dom.js";

export class Toolbar {
  constructor(app) {
    this.app = app;
    this.limit = undefined;
  }

  build() {
    const { app } = this;
    const made = JSON.stringify([app.lines.editing, app.county.told.language]);
    if (this.made === made) return;
    this.made = made;
    const over = byId("overmap");
    for (const old of ["tools", "search", "zoom", "count", "scale", "drawer"]) byId(old)?.remove();
    this.buttons = {};
    const tool = (name, symbol, key, run) => {
      const made = button({ class: "tool", title: key ? say("tool_key", { tool: say(`tool_${name}`), key }) : say(`tool_${name}`), onclick: () => { run(); made.blur(); } },
        icon(symbol), h("span", {}, say(`tool_${name}`)));
      made.dataset.tool = name;
      this.buttons[name] = made;
      return made;
    };
    const pick = (name, symbol, key) => tool(name, symbol, key, () => app.pointer.choose(name));
    const bar = h("div", { id: "tools", class: "floats", role: "toolbar", "aria-label": say("toolbar") });
    if (app.lines.editing) {
      bar.append(pick("select", "cursor", "V"), pick("barrier", "wave", "B"), pick("link", "link", "L"), sep(), tool("undo", "undo", "Ctrl+Z", () => app.acts.undo()));
    } else bar.append(
      pick("select", "cursor", "V"), pick("brush", "brush", "B"), pick("lasso", "lasso", "L"), sep(),
      tool("lock", "lock", "K", () => app.acts.lock()), tool("lead", "star", "D", () => app.acts.lead()),
      tool("new", "new", "N", () => app.acts.make()), sep(),
      tool("undo", "undo", "Ctrl+Z", () => app.acts.undo()), tool("redo", "redo", "Ctrl+Y", () => app.acts.redo()), sep());
    this.optimise = h("div", { class: "optimise" });
    if (!app.lines.editing) bar.append(this.optimise);
    over.append(bar, this.search(), this.zoom(), h("div", { id: "scale", "aria-hidden": "true" }),
      button({ id: "drawer", class: "floats", title: say("drawer"), onclick: () => byId("inspector").classList.toggle("open") }, icon("left")));
    this.busy = null;
  }

  show() {
    if (!this.buttons) return;
    const { app, buttons } = this;
    for (const name of ["select", "brush", "lasso", "barrier", "link"]) {
      if (!buttons[name]) continue;
      const on = app.pointer.tool === name;
      buttons[name].classList.toggle("on", on);
      buttons[name].setAttribute("aria-pressed", String(on));
    }
    this.measure.classList.toggle("on", app.pointer.tool === "measure");
    buttons.undo.disabled = !app.state.undo;
    if (app.lines.editing) return;
    const locked = app.acts.allLocked();
    buttons.lock.replaceChildren(icon(locked ? "unlock" : "lock"), h("span", {}, say(locked ? "tool_unlock" : "tool_lock")));
    buttons.lock.disabled = !app.acts.lockable();
    buttons.lead.disabled = !app.acts.canLead();
    buttons.new.disabled = !app.acts.free().length;
    buttons.redo.disabled = !app.state.redo;
    this.showOptimise();
    this.showCount();
  }

  showCount() {
    byId("count")?.remove();
    const n = this.app.plan.selected.length;
    if (n < 2) return;
    byId("overmap").append(h("div", { id: "count", role: "status" }, say("selected_count", { n }),
      button({ title: say("act_clear"), "aria-label": say("act_clear"), onclick: () => this.app.select([]) }, icon("x", 16))));
  }

  limitText() {
    const most = this.limit === undefined ? this.app.state.max_moves : this.limit;
    return most === null || most === undefined ? say("optimise_any") : say("optimise_limit", { n: most });
  }

  showOptimise() {
    const { app } = this;
    const { busy } = app.state;
    const sent = app.pending.some((event) => event.type === "reoptimise" || event.type === "repair");
    const told = JSON.stringify([busy || null, sent, this.limitText()]);
    if (told === this.busy) return;
    this.busy = told;
    if (busy || sent) {
      const text = busy && busy.text ? busy.text : say("moves_waiting");
      const bar = busy && Number.isFinite(busy.share) ? h("progress", { max: 1, value: busy.share }) : h("small", {}, "");
      const wheel = icon("opt");
      wheel.classList.add("spin");
      this.optimise.replaceChildren(button({ onclick: () => app.send("cancel"), title: say("cancel") }, wheel, h("span", {}, h("b", {}, text), bar)),
        button({ onclick: () => app.send("cancel") }, say("cancel")));
      return;
    }
    const more = button({ title: say("optimise_title"), "aria-label": say("optimise_title"), "aria-haspopup": "dialog", onclick: () => this.limits(more) }, icon("down", 16));
    this.optimise.replaceChildren(
      button({ onclick: () => this.go() }, icon("opt"), h("span", {}, h("b", {}, say("optimise")), h("small", {}, this.limitText()))), more);
  }

  go() {
    const most = this.limit === undefined ? this.app.state.max_moves : this.limit;
    this.app.send("reoptimise", most === null || most === undefined ? {} : { max_moves: most });
  }

  limits(anchor) {
    const any = 31;
    const now = this.limit === undefined ? this.app.state.max_moves : this.limit;
    const value = now === null || now === undefined ? any : Math.min(now, any - 1);
    const text = h("b", {}, this.limitText());
    const slider = h("input", { type: "range", min: 1, max: any, value, "aria-label": say("optimise_title"), oninput: () => {
      const chosen = Number(slider.value);
      this.limit = chosen >= any ? null : chosen;
      text.textContent = this.limitText();
      this.showOptimise();
    } });
    const form = h("div", { class: "form", role: "dialog" }, h("h4", {}, say("optimise_title")), slider, text, h("p", {}, say("optimise_note")),
      h("div", { class: "row" }, h("span", { class: "grow" }), button({ class: "btn fill", onclick: () => { closePopup(); this.go(); } }, say("optimise_go"))));
    popup(form, this.optimise.isConnected ? this.optimise : anchor);
    slider.focus();
  }

  zoom() {
    const { app } = this;
    const one = (symbol, key, run) => button({ title: say(key), "aria-label": say(key), onclick: run }, icon(symbol));
    this.measure = one("ruler", "tool_measure", () => app.pointer.choose(app.pointer.tool === "measure" ? "select" : "measure"));
    return h("div", { id: "zoom", class: "floats" },
      one("plus", "zoom_in", () => app.map.zoomIn(0.5, { animate: false })),
      one("minus", "zoom_out", () => app.map.zoomOut(0.5, { animate: false })),
      one("fit", "zoom_fit", () => app.fit()), this.measure,
      one("print", "print", () => window.print()));
  }

  search() {
    const { app } = this;
    const list = h("ul", { role: "listbox", hidden: true });
    let hits = [];
    let at = 0;
    const close = () => { list.hidden = true; hits = []; };
    const take = (village) => { close(); input.value = ""; input.blur(); this.go_to(village); };
    const show = () => {
      const text = input.value.trim().toLowerCase();
      if (!text) return close();
      const { names, told, townshipOf } = app.county;
      const score = (name) => (name.toLowerCase().startsWith(text) ? 0 : 1);
      hits = names.map((_, village) => village).filter((village) => names[village].toLowerCase().includes(text))
        .sort((a, b) => Number(townshipOf[b] === app.plan.township) - Number(townshipOf[a] === app.plan.township) || score(names[a]) - score(names[b]) || a - b).slice(0, 8);
      at = Math.min(at, Math.max(hits.length - 1, 0));
      list.replaceChildren(...(hits.length ? hits.map((village, k) => h("li", { role: "option", "aria-selected": String(k === at), onpointerdown: (event) => { event.preventDefault(); take(village); } },
        h("span", {}, names[village]), h("small", {}, told.townships[townshipOf[village]])))
        : [h("li", { class: "none" }, say("search_none", { name: input.value.trim() }))]));
      list.hidden = false;
    };
    const input = h("input", { type: "search", placeholder: say("search"), "aria-label": say("search"), autocomplete: "off", maxlength: 60,
      oninput: () => { at = 0; show(); }, onfocus: show, onblur: close,
      onkeydown: (event) => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          at = (at + (event.key === "ArrowDown" ? 1 : -1) + hits.length) % (hits.length || 1);
          show();
        } else if (event.key === "Enter" && hits.length) take(hits[at]);
        else if (event.key === "Escape") { input.value = ""; input.blur(); byId("map").focus(); }
      } });
    this.input = input;
    return h("div", { id: "search", class: "floats" }, h("label", {}, icon("search", 16), input), list);
  }

  // Search is one of the two things that may move the view.
  go_to(village) {
    const { app } = this;
    const township = app.county.townshipOf[village];
    if (app.plan.township >= 0 && app.plan.township !== township) {
      app.send("township", { township });
      app.fit(township);
    }
    const [lon, lat] = app.county.lonlat[village];
    app.select([village]);
    if (!app.map.getBounds().pad(-0.1).contains([lat, lon])) app.map.setView([lat, lon], app.map.getZoom(), { animate: false });
    if (app.county.radii[village] * 2 ** (app.map.getZoom() - 14) < 12) app.zoomTo([village, ...app.county.neighbours[village]]);
    byId("map").focus({ preventScroll: true });
  }
}

function sep() {
  return h("span", { class: "sep" });
}
