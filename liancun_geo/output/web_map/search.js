// Finding by name: villages (by code as well), alliances, townships; the beginning of a name first.
import { put } from "cards.js";

const MOST_HITS = 12;

export class Search {
  constructor(box, data, county, say, pick) {
    Object.assign(this, { say, pick });
    const { townships } = county.told;
    this.entries = [
      ...townships.map((name, i) => ({ name, about: say("kind_township"), go: () => pick.township(i) })),
      ...data.alliances.map((one, i) => ({ name: one.name, about: say("kind_alliance", { township: one.township }), go: () => pick.alliance(i) })),
      ...county.names.map((name, i) => ({ name, code: data.codes[i], about: say("kind_village", { township: townships[county.townshipOf[i]] }), go: () => pick.village(i) })),
    ];
    this.input = put(box, "input", null, { type: "search", id: "find", placeholder: say("search"), "aria-label": say("search"), autocomplete: "off", spellcheck: "false" });
    this.hits = put(box, "div", null, { id: "hits", hidden: "" });
    this.input.addEventListener("input", () => this.show());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.hits.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => {
      if (!box.contains(event.target)) this.hits.hidden = true;
    });
  }

  found(text) {
    const wanted = text.toLowerCase();
    const rank = ({ name, code }) => {
      const at = name.toLowerCase().indexOf(wanted);
      return at === 0 ? 0 : at > 0 ? 1 : code && wanted.length > 3 && code.startsWith(wanted) ? 2 : 3;
    };
    const ranked = this.entries.map((one, i) => [rank(one), i]).filter(([place]) => place < 3);
    return ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, i]) => this.entries[i]);
  }

  show() {
    const text = this.input.value.trim();
    this.hits.replaceChildren();
    this.hits.hidden = !text;
    if (!text) return;
    const found = this.found(text);
    for (const one of found.slice(0, MOST_HITS)) {
      const hit = put(this.hits, "button", null, { type: "button" });
      put(hit, "b", one.name);
      put(hit, "span", one.about);
      hit.onclick = () => this.go(one);
    }
    if (!found.length) put(this.hits, "p", this.say("search_none", { text }));
    if (found.length > MOST_HITS) put(this.hits, "p", this.say("search_more", { count: found.length - MOST_HITS }));
  }

  go(one) {
    this.hits.hidden = true;
    this.input.value = one.name;
    one.go();
  }

  key(event) {
    const buttons = [...this.hits.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Enter" && event.target === this.input && buttons.length) buttons[0].click();
    else if (event.key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
    else if (event.key === "ArrowUp") (at > 0 ? buttons[at - 1] : this.input).focus();
    else if (event.key === "Escape") this.hits.hidden = true;
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
