/* Names of places under the big input of components/search_box.html while somebody types. They come from this
   site's own index; nobody else is asked, and no browser keeps them. */

const PAUSE_MILLISECONDS = 150; // between the last key and the question
const SHORTEST = 2;

export default function suggest(form) {
  const input = form.querySelector("input[type=search]");
  const list = document.createElement("datalist");
  list.id = `${input.id}-suggestions`;
  form.append(list);
  input.setAttribute("list", list.id);
  let asked = "";
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MILLISECONDS);
  });

  async function ask() {
    const text = input.value.trim();
    if (text.length < SHORTEST || text === asked || isChosen(text)) return;
    asked = text;
    try {
      const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: text })}`);
      if (!answer.ok || text !== asked) return; // somebody typed on meanwhile
      const names = await answer.json();
      list.replaceChildren(...names.map((name) => new Option(name, name)));
    } catch (fault) {
      console.warn("no suggestions", fault);
    }
  }

  function isChosen(text) {
    return [...list.options].some(({ value }) => value === text);
  }
}
