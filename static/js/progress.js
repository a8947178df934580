/* Something that goes on by itself: shows how far it is, until the page no longer says that it goes on. Whoever
   has no JavaScript has a link to look again.
   data-then="open"   what comes after it is another page: open that */

const EVERY_MILLISECONDS = 2000;

export default function progress(element) {
  const look = async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const goesOn = page.querySelector(`#${element.id}[data-behaviour~="progress"]`);
        if (!goesOn && element.dataset.then === "open") {
          location.replace(answer.url);
          return;
        }
        if (!answer.redirected) {
          const fresh = page.getElementById(element.id);
          if (fresh && fresh.innerHTML !== element.innerHTML) element.replaceChildren(...fresh.childNodes);
          if (!goesOn) return;
        }
      }
    } catch {
      // a bad connection: the next look may be luckier
    }
    setTimeout(look, EVERY_MILLISECONDS);
  };
  setTimeout(look, EVERY_MILLISECONDS);
}
