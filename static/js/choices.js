/* Boxes folded under what is ticked: says so while they are ticked. The page itself says it when it opens. */

export default function choices(element) {
  element.addEventListener("change", () => sayTicked(element));
}

export function sayTicked(element) {
  const said = element.querySelector(".choices__ticked");
  const names = [...element.querySelectorAll(":checked")].map(({ labels }) => labels[0].textContent);
  said.textContent = names.join(", ") || said.dataset.none;
}
