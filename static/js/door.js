/* The door of a protest on a phone with a bad connection: what is pressed counts here at once and is sent when
   it can be. Without this script the same page works by forms. */

import { DoorState, codeHash } from "./door_state.js";
import { openStore } from "./door_store.js";
import { DoorSync } from "./door_sync.js";
import { DoorView } from "./door_view.js";

const TOO_QUICK_MILLISECONDS = 600; // a second tap on the place where the first button stood
const CODE = /^DOA1:/u;
const LATER = ["door_camera.js", "../vendor/qr/decode.js", "../vendor/qr/index.js"];

export default function door(root) {
  const store = openStore(root.dataset.page);
  const state = new DoorState(store);
  const view = new DoorView(root, state);
  const pressed = new Map();
  const keeper = keepPage(root);
  const sync = new DoorSync(root, state, {
    changed: (whos) => {
      if (!whos) view.draw();
      else for (const who of whos) view.redraw(who);
      view.count();
    },
    told: (kind, unsent) => view.tell(kind, unsent),
    late: (kind, who) => view.say(kind, nameOf(who)),
    dead: () => end(),
  });

  function nameOf(who) {
    const guest = state.byWho.get(who);
    return guest ? view.nameOf(guest) : "";
  }

  function end() {
    sync.stop();
    store.clear();
    view.empty();
    keeper?.forget();
  }

  function press(kind, who, people) {
    const last = pressed.get(who) ?? 0;
    if (who && Date.now() - last < TOO_QUICK_MILLISECONDS) return;
    pressed.set(who, Date.now());
    state.press(kind, who, people);
    if (who) view.redraw(who);
    else view.count();
    sync.poke();
  }

  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (!sync.isLoaded) return; // the server does it
    event.preventDefault();
    if (!form.dataset.door) return; // the search has found already
    const who = form.closest("[data-who]")?.dataset.who ?? "";
    const people = who ? Number(form.querySelector("select")?.value ?? 0) : Number(event.submitter?.value ?? 1);
    press(form.dataset.door, who, people);
  });

  view.search.addEventListener("input", () => {
    view.only = "";
    if (sync.isLoaded) view.draw();
  });

  async function read(text) {
    const guest = CODE.test(text) ? state.byWho.get(await codeHash(text)) : null;
    if (!guest) return view.say("stranger");
    view.only = guest.who;
    view.search.value = "";
    const isHere = (state.here()[guest.who]?.[0] ?? 0) > 0;
    const isWaiting = guest.status === "waitlisted";
    if (!isHere && !isWaiting) press("arrive", guest.who, guest.size);
    view.draw();
    return view.say(isHere ? "twice" : isWaiting ? "waiting" : "arrived", view.nameOf(guest));
  }

  const until = Number(root.dataset.until);
  if (until && Date.now() > until) {
    end();
    return;
  }
  if (until) setTimeout(end, Math.min(until - Date.now(), 2 ** 31 - 1));
  view.tell("loading");
  sync.start().then(() => { if (sync.isLoaded) keeper?.keep(); });
  if (navigator.mediaDevices?.getUserMedia && crypto.subtle) {
    import("./door_camera.js").then(({ offerCamera }) => offerCamera(root, read));
  }
}

/* A helper's page is kept by a service worker of its own; an organiser's, which has a session, by nobody. */
function keepPage(root) {
  const { worker, page } = root.dataset;
  if (!worker || !navigator.serviceWorker) return null;
  const ready = navigator.serviceWorker
    .register(worker, { scope: page, updateViaCache: "none" })
    .then((registration) => active(registration))
    .catch(() => null);
  return {
    async keep() {
      const files = performance.getEntriesByType("resource").map((entry) => entry.name);
      const later = LATER.map((file) => new URL(file, import.meta.url).href);
      (await ready)?.active.postMessage({ keep: [...files, ...later] });
    },
    async forget() {
      const registration = await ready;
      registration?.active.postMessage({ forget: true });
      await registration?.unregister();
    },
  };
}

function active(registration) {
  const coming = registration.active ?? registration.waiting ?? registration.installing;
  if (coming.state === "activated") return registration;
  return new Promise((done) => {
    coming.addEventListener("statechange", () => { if (coming.state === "activated") done(registration); });
  });
}
