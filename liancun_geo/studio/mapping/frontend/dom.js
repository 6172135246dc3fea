// Elements by hand: text only ever becomes a text node, never markup.
import { ICONS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

export function h(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", size === 20 ? "ic" : "ic s");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] || "");
  svg.append(path);
  return svg;
}

export function byId(id) {
  return document.getElementById(id);
}

// Sentences of the catalogue; their {places} are filled as plain text.
let words = {};

export function setWords(told) {
  words = told || {};
}

export function say(key, params = {}) {
  const sentence = words[key];
  if (typeof sentence !== "string") return key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

export function button(options, ...children) {
  return h("button", { type: "button", ...options }, ...children);
}

// A panel over the page that closes on Escape and on a click beside it.
let open = null;

export function closePopup() {
  if (!open) return false;
  const { panel, back } = open;
  open = null;
  panel.remove();
  if (back && back.isConnected) back.focus();
  return true;
}

export function popup(panel, anchor, { x, y, below = true } = {}) {
  closePopup();
  const back = document.activeElement;
  panel.classList.add("popup");
  byId("floating").append(panel);
  const box = panel.getBoundingClientRect();
  const at = anchor ? anchor.getBoundingClientRect() : { left: x, right: x, top: y, bottom: y };
  const left = Math.max(8, Math.min(at.left, innerWidth - box.width - 8));
  const low = at.bottom + (anchor ? 6 : 0);
  const top = below && low + box.height < innerHeight - 8 ? low : Math.max(8, at.top - box.height - 6);
  Object.assign(panel.style, { left: `${left}px`, top: `${top}px` });
  open = { panel, back };
  return panel;
}

export function popupOpen() {
  return open ? open.panel : null;
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.panel.contains(event.target)) closePopup();
}, true);
