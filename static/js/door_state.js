/* Who is expected and who is here, as this phone knows it: what the server said, and on top of it what was
   pressed here and not sent yet. The later press stands, as coordinator/checkin/rules.py has it. No DOM. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // coordinator/kit/ids.py
const LETTERS = 6;
const WRONG_CLOCK_MILLISECONDS = 60_000; // less is the way of an answer through the network

export function shortCode(who) {
  const number = parseInt(who.slice(0, 8), 16) >>> 2;
  return Array.from({ length: LETTERS }, (_, place) => ALPHABET[(number >>> (5 * (LETTERS - 1 - place))) & 31]).join("");
}

export function spoken(short) {
  return `${short.slice(0, 3)} ${short.slice(3)}`.toUpperCase();
}

export function meantLetters(text) {
  return text.toLowerCase().replace(/[\s-]/gu, "").replace(/o/gu, "0").replace(/[il]/gu, "1");
}

export async function codeHash(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isNewer(at, id, said) {
  return !said || at > said[1] || (at === said[1] && id > said[2]);
}

export class DoorState {
  constructor(store) {
    this.store = store;
    this.guests = [];
    this.byWho = new Map();
    this.lastAt = 0;
  }

  /* Our clock, set by the server's: only a clock that is really wrong is moved, so that two presses on one
     phone never change their order. */
  now() {
    this.lastAt = Math.max(Date.now() + (this.store.clock() ?? 0), this.lastAt + 1);
    return this.lastAt;
  }

  setClock(serverNow) {
    const offset = serverNow - Date.now();
    const known = this.store.clock();
    if (known === null || Math.abs(offset - known) > WRONG_CLOCK_MILLISECONDS) {
      this.store.keepClock(Math.abs(offset) > WRONG_CLOCK_MILLISECONDS ? offset : 0);
    }
  }

  /* The whole list. One that was kept on the phone is older than what the phone has heard since. */
  load(answer) {
    this.guests = answer.guests.map(([who, name, size, status]) => ({
      who, name, size, status, code: shortCode(who), folded: name.toLowerCase(),
    }));
    this.byWho = new Map(this.guests.map((guest) => [guest.who, guest]));
    const arrivals = answer.guests.filter((row) => row[6]).map(([who, , , , people, at, id]) => [who, people, at, id]);
    if (answer.now >= this.store.totals().since) this.hear({ ...answer, arrivals });
    else this.keep(arrivals);
  }

  hear(news) {
    this.keep(news.arrivals);
    this.store.keepTotals({ came: news.came, walkIns: news.walk_ins, since: news.now });
  }

  keep(arrivals) {
    const said = this.store.said();
    for (const [who, people, at, id] of arrivals) {
      if (isNewer(at, id, said[who])) said[who] = [people, at, id];
    }
    this.store.keepSaid(said);
  }

  press(kind, who, people) {
    const act = { id: freshId(), kind, at: this.now(), people };
    if (who) act.who = who;
    this.store.add(act);
    return act;
  }

  /* How many of each party are here, with what was not sent. */
  here() {
    const said = { ...this.store.said() };
    for (const act of this.store.queue()) {
      if (act.who && isNewer(act.at, act.id, said[act.who])) {
        said[act.who] = [act.kind === "arrive" ? act.people : 0, act.at, act.id];
      }
    }
    return said;
  }

  counts() {
    const { came, walkIns } = this.store.totals();
    const said = this.store.said();
    const here = this.here();
    let people = came;
    let others = walkIns;
    const open = new Set();
    for (const act of this.store.queue()) {
      if (act.who) open.add(act.who);
      else others = Math.max(0, others + act.people);
    }
    for (const who of open) people += (here[who]?.[0] ?? 0) - (said[who]?.[0] ?? 0);
    return { here: people + others, walk_ins: others };
  }

  find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return this.guests;
    const letters = meantLetters(text);
    return this.guests.filter(
      (guest) => guest.folded.startsWith(wanted) || (letters.length > 2 && guest.code.startsWith(letters)),
    );
  }
}
