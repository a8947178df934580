/* The door's page, drawn again from what the phone knows. The pattern of a row is in the page, so that all
   words are the server's. */

import { spoken } from "./door_state.js";

const MOST_ROWS = 60;
const SAID_FOR_MILLISECONDS = 6000;

export class DoorView {
  constructor(root, state) {
    this.root = root;
    this.state = state;
    this.list = root.querySelector("[data-list]");
    this.pattern = root.querySelector("template[data-row]").content.firstElementChild;
    this.search = root.querySelector("input[type=search]");
    this.numbers = new Intl.NumberFormat(document.documentElement.lang || "en");
    this.only = ""; // the one that was scanned
  }

  part(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  nameOf(guest) {
    return guest.name || spoken(guest.code);
  }

  draw() {
    const here = this.state.here();
    const found = this.only
      ? [this.state.byWho.get(this.only)].filter(Boolean)
      : this.state.find(this.search.value);
    const shown = found.slice(0, MOST_ROWS);
    this.list.replaceChildren(...shown.map((guest) => this.row(guest, here[guest.who]?.[0] ?? 0)));
    this.part("more").hidden = found.length <= MOST_ROWS;
    this.part("nobody").hidden = found.length > 0;
    this.part("pages").hidden = true;
    this.search.form.querySelector("button").hidden = true; // it is found while it is typed
    this.count();
  }

  /* One row again, where it stands: whoever works by keyboard stays there. */
  redraw(who) {
    const old = this.list.querySelector(`[data-who="${who}"]`);
    const guest = this.state.byWho.get(who);
    if (old && guest) {
      const had = old.contains(document.activeElement);
      const row = this.row(guest, this.state.here()[who]?.[0] ?? 0);
      old.replaceWith(row);
      if (had) row.querySelector("form:not([hidden]) button").focus();
    }
    this.count();
  }

  row(guest, people) {
    const row = this.pattern.cloneNode(true);
    const name = this.nameOf(guest);
    row.dataset.who = guest.who;
    row.classList.toggle("door-row--here", people > 0);
    row.querySelector("[data-name]").textContent = name;
    row.querySelector("[data-code]").textContent = spoken(guest.code);
    for (const mark of row.querySelectorAll("[data-status]")) {
      if (mark.dataset.status !== guest.status) mark.remove();
    }
    const [arrive, undo] = ["arrive", "undo"].map((kind) => row.querySelector(`form[data-door=${kind}]`));
    arrive.hidden = people > 0;
    undo.hidden = people === 0;
    const sizes = row.querySelector("[data-size]");
    while (sizes.options.length > guest.size) sizes.options[0].remove();
    sizes.selectedIndex = 0;
    sizes.hidden = guest.size === 1;
    sizes.id = `people-${guest.who.slice(0, 12)}`;
    row.querySelector("[data-size-label]").htmlFor = sizes.id;
    for (const button of row.querySelectorAll("button")) {
      button.setAttribute("aria-label", button.getAttribute("aria-label").replace("{name}", name));
    }
    const said = row.querySelector("[data-here]");
    said.textContent = said.textContent.replace("{people}", people).replace("{size}", guest.size);
    return row;
  }

  count() {
    const counts = this.state.counts();
    const capacity = Number(this.root.dataset.capacity);
    if (capacity) counts.room = Math.max(0, capacity - counts.here);
    for (const [name, number] of Object.entries(counts)) {
      const place = this.root.querySelector(`[data-count=${name}]`);
      if (place) place.textContent = this.numbers.format(number);
    }
  }

  /* How it stands with the connection. Never hidden: a helper has to know. */
  tell(kind, unsent = 0) {
    const state = this.part("state");
    const text = state.dataset[kind].replace("{n}", this.numbers.format(unsent));
    state.hidden = false;
    if (state.textContent !== text) state.textContent = text;
  }

  /* Something that just happened, for a few seconds. */
  say(kind, name = "") {
    const box = this.part("news-list");
    clearTimeout(this.silence);
    box.hidden = false;
    this.part("news-text").textContent = box.dataset[kind].replace("{name}", name);
    this.silence = setTimeout(() => { box.hidden = true; }, SAID_FOR_MILLISECONDS);
  }

  /* The link is dead: nothing of anybody stays on the page. */
  empty() {
    this.list.replaceChildren();
    const text = this.part("news-list").dataset.dead;
    const last = document.createElement("p");
    last.className = "door__news";
    last.setAttribute("role", "alert");
    last.textContent = text;
    this.root.replaceChildren(last);
  }
}
