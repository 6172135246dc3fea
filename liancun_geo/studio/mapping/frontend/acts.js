// What can be done with the selection, from whichever button, key or menu.
import { button, byId, closePopup, h, popup, popupOpen, say } from "./dom.js";

export class Acts {
  constructor(app) {
    this.app = app;
  }

  get selected() {
    return this.app.plan.selected;
  }

  lockable() {
    return this.selected.length > 0;
  }

  allLocked() {
    return this.selected.length > 0 && this.selected.every((one) => this.app.plan.locked[one]);
  }

  lock() {
    if (!this.lockable()) return;
    this.app.send(this.allLocked() ? "unlock" : "lock", { scope: "villages", villages: this.selected });
  }

  canLead() {
    const { plan } = this.app;
    const [one] = this.selected;
    return this.selected.length === 1 && plan.of[one] >= 0 && plan.leads[plan.of[one]] !== one;
  }

  lead() {
    if (this.canLead()) this.app.send("lead", { village: this.selected[0] });
  }

  free() {
    return this.selected.filter((one) => !this.app.plan.locked[one]);
  }

  make() {
    const villages = this.free();
    if (villages.length) this.app.send("new", { villages });
  }

  move(to) {
    const villages = this.free();
    if (villages.length) this.app.send("move", { villages, to });
  }

  undo() {
    if (this.app.state.undo || this.app.pending.length) this.app.send("undo");
  }

  redo() {
    if (this.app.state.redo) this.app.send("redo");
  }

  // A village is left out for a reason; the reason is asked for, the answer goes on paper.
  leaveOut(anchor) {
    const villages = this.free().filter((one) => this.app.plan.of[one] >= 0);
    if (!villages.length) return;
    const go = () => {
      const chosen = panel.querySelector("input[type=radio]:checked");
      const reason = chosen && chosen.value ? chosen.value : other.value.trim();
      if (!reason) {
        other.focus();
        return;
      }
      closePopup();
      this.app.send("leave_out", { villages, reason });
    };
    const other = h("input", { type: "text", maxlength: 200, "aria-label": say("reason_other"), oninput: () => {
      panel.querySelector("input[value='']").checked = true;
    } });
    const choices = ["reason_1", "reason_2", "reason_3", "reason_other"].map((key, k) =>
      h("label", {}, h("input", { type: "radio", name: "reason", value: key === "reason_other" ? "" : say(key), checked: k === 0 }), say(key)));
    const panel = h("form", { class: "form", onsubmit: (event) => { event.preventDefault(); go(); } },
      h("h4", {}, say("reason_title")), choices, other,
      h("div", { class: "row" }, h("span", { class: "grow" }), button({ class: "btn", onclick: closePopup }, say("cancel")),
        h("button", { class: "btn fill", type: "submit" }, say("reason_go"))));
    const at = anchor || byId("map");
    popup(panel, anchor ? at : null, anchor ? {} : this.middle());
    panel.querySelector("input").focus();
  }

  middle() {
    const box = byId("map").getBoundingClientRect();
    return { x: box.left + box.width / 2 - 140, y: box.top + box.height / 2 - 120 };
  }

  // The same moves as the inspector, where the pointer is.
  menu(x, y) {
    const { app } = this;
    this.menuAt = { x, y, settled: app.settled() };
    const { plan, county, state } = app;
    const items = [];
    const add = (text, run, { disabled = false, change = "", sign = 0 } = {}) => items.push(button({
      role: "menuitem", disabled, onclick: () => { closePopup(); run(); },
    }, text, change && h("em", { class: sign > 0 ? "plus" : sign < 0 ? "minus" : "" }, change)));
    const rule = () => { if (items.length && items.at(-1).tagName !== "HR") items.push(h("hr")); };
    const chosen = this.selected;
    const [first] = chosen;
    const number = first === undefined ? -1 : plan.of[first];
    if (chosen.length) {
      const moves = app.settled() && state.inspector && state.inspector.moves;
      for (const row of moves ? moves.legal.slice(0, 5) : []) {
        if (row.event) add(row.title, () => this.apply(row), { change: row.change || "", sign: row.sign || 0 });
      }
      rule();
      add(say(this.allLocked() ? "act_unlock" : "act_lock"), () => this.lock());
      if (this.canLead()) add(say("act_lead"), () => this.lead());
      add(say("act_new"), () => this.make());
      if (chosen.some((one) => plan.of[one] >= 0)) add(say("act_leave_out"), () => this.leaveOut());
      if (chosen.length === 2) {
        const [a, b] = chosen;
        rule();
        add(say("act_together"), () => app.send("together", { a, b }));
        add(say("act_apart"), () => app.send("apart", { a, b }));
        add(say("act_untie"), () => app.send("untie", { a, b }));
      }
    }
    if (number >= 0) {
      const lead = plan.leads[number];
      const members = membersOf(plan, number);
      const whole = members.every((one) => plan.locked[one]);
      rule();
      add(say("act_select_alliance"), () => app.select(members));
      add(say(whole ? "act_unlock_alliance" : "act_lock_alliance"), () => app.send(whole ? "unlock" : "lock", { scope: "alliance", lead }));
      if (chosen.length > 1 && chosen.length < members.length && chosen.every((one) => plan.of[one] === number)) {
        add(say("act_split"), () => app.send("split", { lead, villages: chosen }));
      }
      for (const other of neighboursOf(county, plan, number).slice(0, 3)) {
        add(say("act_merge", { alliance: app.allianceName(other) }), () => app.send("merge", { lead, to: plan.leads[other] }));
      }
      add(say("act_dissolve"), () => app.send("dissolve", { lead }));
    }
    rule();
    const township = plan.township >= 0 ? plan.township : first === undefined ? -1 : county.townshipOf[first];
    if (township >= 0) {
      add(say("act_lock_township"), () => app.send("lock", { scope: "township", township }));
      add(say("act_unlock_township"), () => app.send("unlock", { scope: "township", township }));
    }
    add(say("act_lock_all"), () => app.send("lock", { scope: "all" }));
    add(say("act_unlock_all"), () => app.send("unlock", { scope: "all" }));
    if (chosen.length) add(say("act_clear"), () => app.select([]));
    const panel = popup(h("div", { class: "menu", role: "menu" }, items), null, { x, y });
    const enabled = [...panel.querySelectorAll("button:not(:disabled)")];
    panel.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = enabled.indexOf(document.activeElement);
      enabled[(at + step + enabled.length) % enabled.length].focus();
    });
    if (enabled.length) enabled[0].focus({ preventScroll: true });
  }

  // A menu that was open before the moves were known gets them when they come.
  refreshMenu() {
    const panel = popupOpen();
    if (!panel || !panel.classList.contains("menu") || this.menuAt.settled || !this.app.settled()) return;
    this.menu(this.menuAt.x, this.menuAt.y);
  }

  // Does what a row of the list of moves offers.
  apply(row, anchor) {
    if (!row || !row.event) return;
    const { type, ...fields } = row.event;
    this.app.preview = -1;
    if (type === "leave_out" && !fields.reason) this.leaveOut(anchor);
    else this.app.send(type, fields);
  }

  seeProblem() {
    const { plan } = this.app;
    const broken = plan.of.map((_, village) => village).filter((village) => plan.broken[village]);
    if (!broken.length) return;
    if (plan.township >= 0 && !broken.some((one) => this.app.county.townshipOf[one] === plan.township)) {
      this.app.send("township", { township: this.app.county.townshipOf[broken[0]] });
    }
    this.app.zoomTo(broken);
  }
}

export function membersOf(plan, number) {
  const found = [];
  plan.of.forEach((one, village) => { if (one === number) found.push(village); });
  const lead = plan.leads[number];
  return [lead, ...found.filter((village) => village !== lead)];
}

export function neighboursOf(county, plan, number) {
  const near = new Set();
  plan.of.forEach((one, village) => {
    if (one !== number) return;
    for (const other of county.neighbours[village]) {
      const there = plan.of[other];
      if (there >= 0 && there !== number && county.townshipOf[other] === county.townshipOf[village]) near.add(there);
    }
  });
  return [...near].sort((a, b) => a - b);
}
