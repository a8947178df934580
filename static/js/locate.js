/* "Use my location" for a form that finds what is near. The browser's position is rounded to about a
   kilometre before it goes anywhere: enough to find a protest, too little to find a home. */

const DECIMALS = 2;
const WAIT_MILLISECONDS = 15_000;
const OLD_MILLISECONDS = 600_000;

export default function locate(form) {
  const { label, wait, failed } = form.dataset;
  if (!navigator.geolocation || !label) return; // no button that could not work, or that could not be read
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet";
  button.textContent = label;
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  (form.querySelector(".search-box__line") ?? form).append(button);
  form.append(said);

  button.addEventListener("click", () => {
    button.disabled = true;
    said.textContent = wait ?? "";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => go(form, coords),
      () => {
        button.disabled = false;
        said.textContent = failed ?? "";
      },
      { enableHighAccuracy: false, timeout: WAIT_MILLISECONDS, maximumAge: OLD_MILLISECONDS },
    );
  });
}

/* Ask by coordinates instead of by place, and leave everything else in the form as it is. */
function go(form, { latitude, longitude }) {
  const url = new URL(form.action, location.href);
  url.search = "";
  for (const [name, value] of new FormData(form)) {
    if (value && name !== "place") url.searchParams.append(name, value);
  }
  url.searchParams.set("lat", latitude.toFixed(DECIMALS));
  url.searchParams.set("lon", longitude.toFixed(DECIMALS));
  location.assign(url);
}
