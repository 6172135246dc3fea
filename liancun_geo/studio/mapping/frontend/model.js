// The plan as the browser knows it: state as acknowledged, and on top of it what was done but not
// yet acknowledged.
import { flagsOf, numbersOf } from "../liancun_geo.studio.mapping.component.browser/county.js";

export function planOf(county, state, pending) {
  const n = county.n;
  const plan = {
    of: numbersOf(state.of, n ? state.of.length / n : 1),
    leads: numbersOf(state.leads || "", leadWidth(n)),
    colours: numbersOf(state.colours || "", 1),
    locked: flagsOf(state.locked, n),
    changed: flagsOf(state.changed, n),
    broken: flagsOf(state.broken, n),
    former: state.former ? numbersOf(state.former, 1) : null,
    selected: state.selected || [],
    township: state.township ?? -1,
  };
  for (const event of pending) guess(county, plan, event);
  return plan;
}

function leadWidth(n) {
  let width = 2;
  while (64 ** width < n) width++;
  return width;
}

function guess(county, plan, event) {
  const alliance = (lead) => plan.leads.indexOf(lead);
  const place = (villages, number) => {
    for (const village of villages) {
      if (plan.locked[village] || plan.of[village] === number) continue;
      plan.of[village] = number;
      plan.changed[village] = 1;
    }
  };
  switch (event.type) {
    case "select": plan.selected = event.villages; break;
    case "township": plan.township = event.township; plan.selected = []; break;
    case "move": case "paint": {
      const number = alliance(event.to);
      if (number >= 0) place(event.villages, number);
      break;
    }
    case "leave_out": place(event.villages, -1); break;
    case "new": {
      plan.leads.push(event.village ?? event.villages[0]);
      plan.colours.push(freeColour(county, plan, event.villages));
      place(event.villages, plan.leads.length - 1);
      break;
    }
    case "lead": {
      const number = plan.of[event.village];
      if (number >= 0) plan.leads[number] = event.village;
      break;
    }
    case "lock": case "unlock": {
      const value = event.type === "lock" ? 1 : 0;
      for (const village of lockedBy(county, plan, event)) plan.locked[village] = value;
      break;
    }
    default: // the rest waits for its answer
  }
}

function lockedBy(county, plan, event) {
  const all = plan.of.map((_, village) => village);
  if (event.scope === "villages") return event.villages;
  if (event.scope === "alliance") {
    const number = plan.leads.indexOf(event.lead);
    return all.filter((village) => plan.of[village] === number);
  }
  if (event.scope === "township") return all.filter((village) => county.townshipOf[village] === event.township);
  return all;
}

function freeColour(county, plan, villages) {
  const near = new Set(villages.flatMap((village) => county.neighbours[village]).map((one) => plan.colours[plan.of[one]]));
  for (let colour = 0; colour < 10; colour++) if (!near.has(colour)) return colour;
  return 0;
}
