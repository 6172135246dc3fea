// The panel on the right: why a village is where it is, and what can be done about it.
import { button, byId, closePopup, h, icon, popup, popupOpen, say } from "./dom.js";

const PARTS = ["proximity", "contrast", "industry", "size"];
const MOST = { legal: 3, blocked: 2 };

export class InspectorPanel {
  constructor(app) {
    this.app = app;
    this.told = null;
    this.open = {};
    this.rows = [];
    this.awaited = null;
  }

  show() {
    const { app } = this;
    // While an edit of the same villages is on its way the panel stays: a blink would be worse.
    const settled = app.speaksOfSelection();
    const told = settled ? app.state.inspector || null : null;
    const key = JSON.stringify([told, this.listed(), app.plan.selected, settled, this.open, app.plan.selected.map((one) => [app.plan.of[one], app.plan.locked[one]]), app.county.told.language]);
    if (key === this.told) return;
    if (this.about !== app.plan.selected.join()) {
      this.open = {};
      this.about = app.plan.selected.join();
    }
    this.told = key;
    const box = byId("inspector");
    const top = box.scrollTop;
    const focused = document.activeElement && box.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    this.rows = told && told.moves ? told.moves.legal : [];
    box.replaceChildren(...this.sections(told).filter(Boolean));
    box.scrollTop = top;
    if (focused) box.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    if (told) this.keepAwaited();
  }

  sections(told) {
    const chosen = this.app.plan.selected;
    if (this.app.lines.editing) return this.app.lines.sections(this.app.state.inspector);
    if (!told) return [this.head(null), chosen.length ? h("section", { class: "sec" }, h("div", { class: "waiting" }), h("div", { class: "waiting" }), h("div", { class: "waiting" })) : null];
    return [this.head(told), this.problems(told), told.card ? this.card(told.card) : null, told.moves ? this.moves(told.moves) : null, this.totals(told), this.history(told), this.alliances()];
  }

  head(told) {
    const { app } = this;
    const chosen = app.plan.selected;
    const [one] = chosen;
    let title = told ? told.title : "";
    let tags = told ? told.tags || [] : [];
    if (!told && chosen.length === 1) {
      title = app.county.names[one];
      tags = app.plan.of[one] >= 0 ? [app.allianceName(app.plan.of[one])] : [say("legend_left_out")];
    } else if (!told && chosen.length) title = say("many_title", { n: chosen.length });
    const more = button({ class: "bare", title: say("more"), "aria-label": say("more"), "data-focus": "more", onclick: () => {
      const at = more.getBoundingClientRect();
      app.acts.menu(at.right - 210, at.bottom + 4);
    } }, icon("more"));
    const shut = button({ class: "bare shut", title: say("close"), "aria-label": say("close"), onclick: () => byId("inspector").classList.remove("open") }, icon("x", 16));
    const head = h("section", { class: "sec" },
      h("div", { class: "row top" }, h("div", { class: "titles" }, h("span", { class: "name" }, title), tags.map((tag) => h("span", { class: "tag" }, tag))), more, shut));
    if (told && told.facts) head.append(h("div", { class: "facts", title: told.facts }, told.facts));
    if (chosen.length) head.append(this.actions());
    else head.append(h("div", { class: "hint" }, told && told.hint ? told.hint : say("no_selection")));
    return head;
  }

  actions() {
    const { acts } = this.app;
    const locked = acts.allLocked();
    const out = button({ class: "btn", "data-focus": "out", disabled: !acts.free().some((one) => this.app.plan.of[one] >= 0), onclick: () => acts.leaveOut(out) }, icon("out", 16), say("act_leave_out"));
    return h("div", { class: "row acts" },
      button({ class: "btn", "data-focus": "lock", onclick: () => acts.lock() }, icon(locked ? "unlock" : "lock", 16), say(locked ? "act_unlock" : "act_lock")),
      button({ class: "btn", "data-focus": "lead", disabled: !acts.canLead(), onclick: () => acts.lead() }, icon("star", 16), say("act_lead")), out);
  }

  problems(told) {
    const found = told.problems || [];
    if (!found.length) return null;
    return h("section", { class: "sec" }, h("h3", {}, say("problems_title")), found.map((text) => h("div", { class: "problem" }, text)),
      h("div", { class: "row" }, button({ class: "btn", onclick: () => this.app.acts.seeProblem() }, icon("eye", 16), say("see_problem")),
        button({ class: "btn fill", onclick: () => this.app.send("repair") }, say("repair"))));
  }

  card(card) {
    const section = h("section", { class: "sec" }, h("div", { class: "row" }, h("h3", {}, card.title), h("span", { class: "grow" }),
      card.score ? h("span", { class: "score" }, card.score) : null, card.of ? h("span", { class: "quiet" }, card.of) : null));
    const parts = card.rows.filter((row) => PARTS.includes(row.part) && row.share > 0);
    if (card.score) section.append(h("div", { class: "bar", "aria-hidden": "true" }, parts.map((row) => h("i", { class: row.part, style: { width: `${Math.min(100, 100 * row.share)}%` } }))));
    for (const row of card.rows) section.append(whyRow(row));
    if (card.more && card.more.length) {
      if (this.open.why) for (const row of card.more) section.append(whyRow(row, true));
      section.append(this.toggle("why", say("why_more")));
    }
    return section;
  }

  toggle(name, text) {
    return button({ class: "btn link", "data-focus": name, "aria-expanded": String(Boolean(this.open[name])), onclick: () => {
      this.open[name] = !this.open[name];
      this.show();
    } }, this.open[name] ? say("moves_less") : text);
  }

  moves(moves) {
    const section = h("section", { class: "sec moves" }, h("div", { class: "row" }, h("h3", {}, say("moves_title")), h("span", { class: "grow" }), h("span", { class: "quiet" }, say("moves_note"))));
    for (const row of moves.common || []) {
      section.append(h("div", { class: "common" }, row.title, row.reason ? h("small", {}, row.reason) : null,
        row.event ? button({ class: "btn link", onclick: () => this.app.acts.apply(row) }, row.button || row.title) : null));
    }
    const best = moves.legal.findIndex((row) => row.event);
    const legal = this.open.legal ? moves.legal : moves.legal.slice(0, MOST.legal);
    legal.forEach((row, k) => section.append(this.move(row, k, k === best && row.sign > 0)));
    if (moves.legal.length > MOST.legal) section.append(this.toggle("legal", say("moves_rest_legal", { n: moves.legal.length - MOST.legal })));
    const blocked = this.open.blocked ? moves.blocked : moves.blocked.slice(0, MOST.blocked);
    for (const row of blocked) {
      section.append(h("div", { class: "move no" }, h("span", { class: "d" }, icon("x", 16)), h("div", { class: "tx" }, h("b", {}, row.title), h("small", {}, row.reason))));
    }
    if (moves.blocked.length > MOST.blocked) section.append(this.toggle("blocked", say("moves_rest", { n: moves.blocked.length - MOST.blocked })));
    return section;
  }

  move(row, k, best) {
    const { app } = this;
    const preview = (lead) => () => {
      if (app.preview === lead) return;
      app.preview = lead;
      app.draw();
    };
    const here = preview(Number.isInteger(row.lead) ? row.lead : -1);
    const act = row.event ? button({ class: best ? "btn fill" : "btn", "data-focus": `move${k}`, onclick: () => app.acts.apply(row, act), onfocus: here, onblur: preview(-1) }, row.button || row.title) : null;
    return h("div", { class: "move", onpointerenter: here, onpointerleave: preview(-1) },
      h("span", { class: `d ${row.sign > 0 ? "plus" : row.sign < 0 ? "minus" : ""}` }, row.change || ""),
      h("div", { class: "tx" }, h("b", {}, row.title), h("small", {}, row.reason)), act);
  }

  // Keys may be quicker than the list of moves: they wait for it, as long as the selection stays.
  focusMoves() {
    byId("inspector").classList.add("open");
    this.awaited = this.app.speaksOfSelection() ? null : { about: this.about, number: 0 };
    if (!this.awaited) byId("inspector").querySelector('[data-focus^="move"]')?.focus();
  }

  pressNumber(number) {
    if (this.awaited) this.awaited.number ||= number;
    else if (document.activeElement.closest(".moves")) this.applyMove(number);
  }

  keepAwaited() {
    const awaited = this.awaited;
    this.awaited = null;
    if (!awaited || awaited.about !== this.about || popupOpen()) return;
    this.focusMoves();
    if (awaited.number) this.applyMove(awaited.number);
  }

  applyMove(number) {
    const row = this.rows.filter((one) => one.event)[number - 1];
    if (row) this.app.acts.apply(row);
  }

  totals(told) {
    if (!told.totals || !told.totals.length) return null;
    const always = !this.app.plan.selected.length ? "always" : "";
    return h("section", { class: `sec wide ${always}` }, h("div", { class: "row" }, h("h3", {}, told.totals_title || ""), h("span", { class: "grow" }),
      told.totals_tag ? h("span", { class: "tag warn" }, told.totals_tag) : null),
    h("div", { class: "grid" }, told.totals.map((cell) => h("div", {}, h("span", {}, cell.name), h("b", {}, cell.value)))));
  }

  history(told) {
    const rows = told.history || [];
    const always = !this.app.plan.selected.length ? "always" : "";
    const all = told.entries || rows.length;
    const shown = this.open.history ? rows : rows.slice(0, 5);
    const section = h("section", { class: `sec wide ${always}` }, h("div", { class: "row" }, h("h3", {}, say("history_title")), h("span", { class: "grow" }),
      rows.length > shown.length || this.open.history ? this.toggle("history", say("history_all", { n: all })) : null));
    if (!rows.length) section.append(h("div", { class: "hint" }, say("history_none")));
    for (const row of shown) section.append(this.entry(row, told.cursor));
    return section;
  }

  // The alliances in view while nothing is selected, for whoever works through a township.
  listed() {
    const { county, plan, lines } = this.app;
    if (plan.selected.length || lines.editing) return [];
    const rows = plan.leads.map((lead, number) => ({ lead, name: this.app.allianceName(number), colour: plan.colours[number], villages: 0, weak: 0 }));
    plan.of.forEach((number, village) => {
      if (number < 0) return;
      rows[number].villages++;
      if (county.weak[village]) rows[number].weak++;
    });
    return rows.filter((one) => one.villages && (plan.township < 0 || county.townshipOf[one.lead] === plan.township));
  }

  alliances() {
    const { app } = this;
    const rows = this.listed();
    if (!rows.length) return null;
    return h("section", { class: "sec" }, h("div", { class: "row" }, h("h3", {}, say("alliances_title"))), rows.map((one) => {
      const { palette } = app.county.told;
      return button({ class: "entry of", "data-focus": `of${one.lead}`, title: say("alliances_hint"), onclick: () => app.select([one.lead]) },
        h("i", { class: "sq", style: { background: palette[one.colour % palette.length] } }), h("span", {}, one.name),
        h("small", {}, one.weak ? say("alliances_weak", { n: one.weak }) : ""), h("small", {}, say("alliances_size", { n: one.villages })));
    }));
  }

  entry(row, cursor) {
    const { app } = this;
    const note = button({ class: "bare", title: say("history_note"), "aria-label": say("history_note"), onclick: () => this.note(row, note) }, icon("note", 16));
    const here = row.n === cursor ? "here" : "";
    return h("div", { class: "row" },
      button({ class: `entry ${row.undone ? "undone" : ""} ${here}`, onclick: () => app.send("jump", { n: row.n }) },
        h("small", {}, row.time), h("span", {}, row.text, row.note ? h("i", {}, row.note) : null),
        row.change ? h("em", { class: row.sign > 0 ? "plus" : row.sign < 0 ? "minus" : "" }, row.change) : null), note);
  }

  note(row, anchor) {
    const input = h("input", { type: "text", maxlength: 200, value: row.note || "", "aria-label": say("history_note") });
    const form = h("form", { class: "form", onsubmit: (event) => {
      event.preventDefault();
      closePopup();
      this.app.send("note", { n: row.n, text: input.value });
    } }, h("h4", {}, say("history_note")), input);
    popup(form, anchor);
    input.focus();
  }
}

function whyRow(row, more = false) {
  const square = h("i", { class: `sq ${PARTS.includes(row.part) ? row.part : ""}` });
  const kind = ["ok", "warn"].includes(row.kind) ? row.kind : "";
  const value = row.value === "✓" ? icon("check", 16) : row.value;
  return h("div", { class: "why" }, square, h("span", { class: "k" }, row.name), h("span", { class: `t ${more ? "more" : ""}`, title: row.text }, row.text),
    h("span", { class: `pt ${kind}` }, value, row.of ? h("small", {}, row.of) : null));
}
