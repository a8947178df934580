/* What a door keeps on a phone: acts that were not sent yet, and what was last said about whom. Ids, numbers
   and times, no names. Everything is gone when the link dies; where a browser keeps nothing, memory must do. */

const KINDS = ["queue", "said", "clock", "totals"];

export function openStore(scope) {
  const memory = new Map();
  const name = (kind) => `door ${kind} ${scope}`;

  function read(kind, empty) {
    try {
      return JSON.parse(localStorage.getItem(name(kind))) ?? memory.get(kind) ?? empty;
    } catch {
      return memory.get(kind) ?? empty;
    }
  }

  function write(kind, value) {
    memory.set(kind, value);
    try {
      localStorage.setItem(name(kind), JSON.stringify(value));
    } catch {
      // full, or switched off: it is in memory
    }
  }

  return {
    queue: () => read("queue", []),
    add: (act) => write("queue", [...read("queue", []), act]),
    remove: (ids) => write("queue", read("queue", []).filter((act) => !ids.has(act.id))),
    said: () => read("said", {}),
    keepSaid: (said) => write("said", said),
    clock: () => read("clock", null),
    keepClock: (offset) => write("clock", offset),
    totals: () => read("totals", { came: 0, walkIns: 0, since: 0 }),
    keepTotals: (totals) => write("totals", totals),
    clear() {
      for (const kind of KINDS) {
        memory.delete(kind);
        try {
          localStorage.removeItem(name(kind));
        } catch {
          // nothing was kept there
        }
      }
    },
  };
}
