// Cards of villages, alliances and townships. Every text is set as text, whatever it looks like.

export function put(parent, tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== null && text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

// Sentences of the catalogue; their {places} are filled as plain text.
export function sayer(words) {
  return (key, params = {}) => String(words[key] ?? key)
    .replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(params, name) ? String(params[name]) : place));
}

export class Cards {
  // pick: { village(i), alliance(i), close() }
  constructor(box, data, county, say, pick) {
    Object.assign(this, { box, data, county, say, pick });
    this.members = data.alliances.map(() => []);
    data.plan.of.forEach((number, village) => {
      if (number >= 0 && data.plan.leads[number] !== village) this.members[number].push(village);
    });
  }

  hide() {
    this.box.hidden = true;
    this.box.replaceChildren();
  }

  begin(title, tags) {
    this.box.replaceChildren();
    this.box.hidden = false;
    this.box.scrollTop = 0;
    const head = put(this.box, "div", null, { class: "head" });
    put(head, "h2", title, { tabindex: "-1" });
    const close = put(head, "button", "×", { class: "close", "aria-label": this.say("close") });
    close.onclick = () => this.pick.close();
    const line = put(this.box, "p", null, { class: "tags" });
    for (const [text, kind] of tags) if (text) put(line, "span", text, { class: `tag ${kind || ""}` });
  }

  rows() {
    return put(this.box, "dl");
  }

  row(list, label, value) {
    const line = put(list, "div");
    put(line, "dt", label);
    return put(line, "dd", value);
  }

  link(parent, text, act) {
    const button = put(parent, "button", text, { class: "link", type: "button" });
    button.onclick = act;
    return button;
  }

  village(village) {
    const { data, county, say } = this;
    const number = data.plan.of[village];
    const lead = number < 0 ? -1 : data.plan.leads[number];
    const role = number < 0 ? "role_left_out" : lead === village ? "role_lead" : "role_member";
    this.begin(county.names[village], [
      [say(role), number < 0 ? "quiet" : lead === village ? "lead" : ""],
      [county.told.townships[county.townshipOf[village]]],
      [county.weak[village] ? say("tag_weak") : "", "weak"],
    ]);
    const list = this.rows();
    if (number >= 0) {
      this.link(this.row(list, say("alliance"), null), data.alliances[number].name, () => this.pick.alliance(number));
      if (lead !== village) this.link(this.row(list, say("lead"), null), county.names[lead], () => this.pick.village(lead));
      const way = data.villages.distance_km[village];
      if (way !== null) this.row(list, say("to_lead"), say("km", { value: way }));
    }
    for (const { label, unit, values, kind } of data.villages.columns) {
      const cell = this.row(list, label, this.value(values[village], unit, kind));
      if (values[village] === null) cell.className = "quiet";
    }
    if (data.codes[village]) this.row(list, say("code"), data.codes[village]);
    const reason = data.villages.reasons[village];
    if (reason) this.section(say("reason"), reason);
    if (lead === village) this.why(number);
    if (number >= 0) this.list(number, village);
    this.focus();
  }

  alliance(number) {
    const { data, county, say } = this;
    const told = data.alliances[number];
    this.begin(told.name, [[told.township], [told.type], [say("villages", { count: this.members[number].length + 1 })]]);
    const list = this.rows();
    const lead = data.plan.leads[number];
    this.link(this.row(list, say("lead"), null), county.names[lead], () => this.pick.village(lead));
    if (told.body) this.row(list, say("body"), told.body);
    if (told.core) this.row(list, say("core"), told.core);
    for (const [label, value] of told.totals) this.row(list, label, value);
    this.why(number);
    this.list(number, -1);
    this.focus();
  }

  township(township) {
    const { data, county, say } = this;
    const own = county.townshipOf.map((one, village) => (one === township ? village : -1)).filter((one) => one >= 0);
    const numbers = [...new Set(own.map((village) => data.plan.of[village]))].filter((one) => one >= 0).sort((a, b) => a - b);
    const out = own.filter((village) => data.plan.of[village] < 0);
    this.begin(county.told.townships[township], [[say("township_about", { villages: own.length, alliances: numbers.length, left_out: out.length })]]);
    const box = put(this.box, "div", null, { class: "members" });
    for (const number of numbers) this.chip(box, data.alliances[number].name, this.colour(number), () => this.pick.alliance(number));
    for (const village of out) this.chip(box, county.names[village], "", () => this.pick.village(village));
    this.focus();
  }

  value(value, unit, kind) {
    if (value === null) return this.say("no_value");
    if (typeof value === "string" || kind === "year") return String(value);
    const text = value.toLocaleString("en-US", { maximumFractionDigits: 2 }).replace("-", "−");
    return unit ? this.say("measured", { value: text, unit }) : text;
  }

  section(heading, text) {
    put(this.box, "h3", heading);
    if (text) put(this.box, "p", text, { class: "said" });
  }

  why(number) {
    const { why } = this.data.alliances[number];
    if (why) this.section(this.say("why_heading", { village: this.county.names[this.data.plan.leads[number]] }), why);
  }

  list(number, own) {
    const lead = this.data.plan.leads[number];
    this.section(this.say("members"));
    const box = put(this.box, "div", null, { class: "members" });
    for (const village of [lead, ...this.members[number]]) {
      const name = this.county.names[village];
      const chip = this.chip(box, village === lead ? `★ ${name}` : name, "", () => this.pick.village(village));
      if (village === own) chip.setAttribute("aria-current", "true");
    }
  }

  chip(parent, text, colour, act) {
    const chip = put(parent, "button", null, { type: "button", class: "chip" });
    if (colour) put(chip, "i").style.background = colour;
    put(chip, "span", text);
    chip.onclick = act;
    return chip;
  }

  colour(number) {
    const { palette } = this.county.told;
    return palette[this.data.plan.colours[number] % palette.length];
  }

  focus() {
    this.box.querySelector("h2").focus({ preventScroll: true });
  }
}
