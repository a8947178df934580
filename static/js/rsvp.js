/* The RSVP form: one form is one answer. The page is the same for everybody, so the id that tells a second
   click from a second person is made here; it is random and says nothing about the browser. */

const WAIT_MILLISECONDS = 8000;

function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only on secure origins
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default function rsvp(element) {
  const form = element.closest("form") ?? element.querySelector("form");
  const id = form?.querySelector("input[data-request-id]");
  if (!id) return;
  if (!id.value) id.value = freshId();
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    form.dataset.sending = "yes";
    setTimeout(() => delete form.dataset.sending, WAIT_MILLISECONDS); // the network may have lost it
  });
  addEventListener("pageshow", () => delete form.dataset.sending);
}
