/* The button of components/copy_link.html: appears where copying works, copies, and says so. */

const SAID_FOR_MILLISECONDS = 2500;

export default function copy(element) {
  const input = element.querySelector("input");
  const button = element.querySelector("button");
  const status = element.querySelector("[data-copy-status]");
  if (!navigator.clipboard) return; // only on secure origins; the text can still be selected
  const usual = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      input.focus();
      input.select();
      return;
    }
    button.textContent = button.dataset.done;
    status.textContent = button.dataset.done;
    setTimeout(() => {
      button.textContent = usual;
      status.textContent = "";
    }, SAID_FOR_MILLISECONDS);
  });
}
