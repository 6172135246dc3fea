// Streamlit's component protocol by hand, and events that are sent until they are acknowledged.
// A message ends the run that is under way: sent too soon again, no run would ever end.
const RESEND_MS = 4000;
const POLL_MS = 500;
// What is worked out beside the page is asked for a few times only: it is no answer to a click.
const LATER_MS = 1200;
const MOST_LATER = 6;

export function connect(onRender) {
  const post = (type, rest = {}) =>
    window.parent.postMessage({ isStreamlitMessage: true, type, ...rest }, "*");
  let number = 0;
  let pending = [];
  let have = null;
  let asked = null;
  let timer = 0;
  let polling = 0;
  let polls = 0;
  let later = { rev: null, left: 0 };

  // While something is computed the map asks for it, each time after the last answer; the page
  // round it need not run anew.
  function poll(state) {
    clearTimeout(polling);
    if (later.rev !== state.rev) later = { rev: state.rev, left: MOST_LATER };
    if (!state.busy && !(state.later && later.left > 0)) return;
    if (!state.busy) later.left -= 1;
    polling = setTimeout(() => ask(Boolean(state.busy)), state.busy ? POLL_MS : LATER_MS);
  }

  // A message may be lost between two runs of the page: what is awaited is asked for until told.
  function ask(again) {
    polls += 1;
    push();
    if (again) polling = setTimeout(() => ask(true), RESEND_MS);
  }

  function push() {
    post("streamlit:setComponentValue", { value: { have, pending, polls }, dataType: "json" });
    clearTimeout(timer);
    if (pending.length) timer = setTimeout(push, RESEND_MS);
  }

  function render(args) {
    number = Math.max(number, args.ack || 0);
    const before = pending.length;
    pending = pending.filter((event) => event.id > args.ack);
    if (!pending.length) clearTimeout(timer);
    let fresh = null;
    if (args.static && args.static.id === args.id && args.id !== have) {
      fresh = args.static;
      have = args.id;
      push();
    } else if (args.id !== have && asked !== args.id) {
      asked = args.id;
      have = null;
      push();
    } else if (pending.length && before === pending.length) {
      push(); // nothing of it was heard: a rerun swallowed the message
    }
    poll(args.state || {});
    if (have === args.id) onRender(fresh, args.state, pending);
  }

  window.addEventListener("message", (message) => {
    if (message.source !== window.parent || !message.data) return;
    if (message.data.type === "streamlit:render") render(message.data.args || {});
  });
  post("streamlit:componentReady", { apiVersion: 1 });
  post("streamlit:setFrameHeight", { height: 600 });

  return {
    send(type, fields = {}) {
      const event = { id: ++number, type, ...fields };
      pending = [...pending, event];
      push();
      return event;
    },
    get pending() {
      return pending;
    },
  };
}
