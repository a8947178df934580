/* Brings acts to the server when there is a connection, in batches, as often as it takes: each has an id of
   its own, so one that is sent twice is done once. Takes back what other phones said. */

const BATCH = 100;
const LOOK_AGAIN_MILLISECONDS = 20_000;
const LONGEST_WAIT_MILLISECONDS = 15_000;

export class DoorDeadError extends Error {}

export class DoorSync {
  constructor(root, state, { changed, told, late, dead }) {
    this.urls = root.dataset;
    this.state = state;
    this.tell = { changed, told, late, dead };
    this.isBusy = false;
    this.isStopped = false;
  }

  start() {
    addEventListener("online", () => this.run());
    addEventListener("offline", () => this.told("away"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.run(); });
    setInterval(() => { if (!document.hidden) this.run(); }, LOOK_AGAIN_MILLISECONDS);
    return this.run();
  }

  stop() {
    this.isStopped = true;
  }

  told(kind) {
    if (this.isStopped) return;
    this.tell.told(kind, this.state.store.queue().length);
  }

  async run() {
    if (this.isBusy || this.isStopped) return;
    this.isBusy = true;
    try {
      if (!this.isLoaded) await this.load();
      while (this.state.store.queue().length) {
        this.told("unsent");
        await this.send(this.state.store.queue().slice(0, BATCH));
      }
      await this.listen();
      this.told("sent");
    } catch (fault) {
      if (fault instanceof DoorDeadError) {
        this.tell.dead();
      } else {
        this.told("away");
      }
    } finally {
      this.isBusy = false;
    }
    if (!this.isStopped && this.isAgain) {
      this.isAgain = false;
      await this.run();
    }
  }

  /* Something was pressed; if we are under way already, go once more. */
  poke() {
    if (this.isBusy) this.isAgain = true;
    this.told("unsent");
    return this.run();
  }

  async load() {
    const answer = await this.ask(this.urls.people);
    this.state.load(answer);
    this.tell.changed();
    this.isLoaded = true;
  }

  async listen() {
    const { since } = this.state.store.totals();
    const news = await this.ask(`${this.urls.news}?since=${since}`);
    this.state.setClock(news.now);
    this.hear(news);
  }

  hear(news) {
    this.state.hear(news);
    this.tell.changed(news.arrivals.map(([who]) => who));
  }

  async send(acts) {
    const { since } = this.state.store.totals();
    const body = JSON.stringify({ sent_at: this.state.now(), since, acts });
    const headers = { "Content-Type": "application/json" };
    if (this.urls.csrf) headers["X-CSRFToken"] = this.urls.csrf;
    const answer = await this.ask(this.urls.acts, { method: "POST", body, headers });
    if (answer === null) { // refused as a whole: find the one that is wrong, and let the others through
      if (acts.length === 1) this.state.store.remove(new Set([acts[0].id]));
      else for (const act of acts) await this.send([act]);
      return;
    }
    const outcomes = Object.entries(answer.outcomes);
    this.state.keep(acts.filter((act) => act.who && answer.outcomes[act.id] === "done").map(
      (act) => [act.who, act.kind === "arrive" ? act.people : 0, act.at, act.id]));
    this.state.store.remove(new Set(outcomes.map(([id]) => id)));
    this.hear(answer);
    for (const act of acts) {
      if (["late", "unknown"].includes(answer.outcomes[act.id])) this.tell.late(answer.outcomes[act.id], act.who);
    }
  }

  async ask(url, options = {}) {
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(LONGEST_WAIT_MILLISECONDS), ...options });
    if (answer.status === 404) throw new DoorDeadError();
    if (answer.status === 422) return null;
    if (answer.redirected || answer.status === 400) location.assign(this.urls.page); // signed out meanwhile
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }
}
