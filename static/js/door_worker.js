/* Keeps one door's page, its list and its scripts on the phone, so that it opens without a connection. Its
   scope is that page and nothing else. `self.doorUntil`, set by the server above this line, is when the link
   dies; then, or when the server no longer knows the link, everything is removed. */

const PAGE = new URL(self.registration.scope).pathname;
const PEOPLE = `${PAGE}/people.json`;
const CACHE = `door ${PAGE}`;
const LONGEST_WAIT_MILLISECONDS = 4000;
const SLOW_FOR_MILLISECONDS = 30_000;

let slowUntil = 0; // a connection that let us wait once is not waited for again at once

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
  if (event.data?.forget) event.waitUntil(forget());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (Date.now() > self.doorUntil) {
    event.waitUntil(forget());
    return;
  }
  if (pathname === PAGE || pathname === PEOPLE) event.respondWith(fresh(event.request, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(file(event.request));
});

async function forget() {
  await caches.delete(CACHE);
  await self.registration.unregister();
}

/* What the page has loaded, what it may load later, and the page itself. */
async function keep(urls) {
  const cache = await caches.open(CACHE);
  const files = urls.filter((url) => {
    const { origin, pathname } = new URL(url);
    return origin === self.location.origin && pathname.startsWith("/static/");
  });
  await Promise.all([PAGE, PEOPLE, ...new Set(files)].map(async (url) => {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(url, answer);
  }));
}

function inTime(request) {
  if (Date.now() < slowUntil) return Promise.reject(new Error("slow"));
  const wait = new Promise((_, fail) => {
    setTimeout(() => fail(new Error("slow")), LONGEST_WAIT_MILLISECONDS);
  });
  return Promise.race([fetch(request), wait]);
}

async function kept(key) {
  const cache = await caches.open(CACHE);
  return cache.match(key, { ignoreVary: true });
}

/* The newest page and list, else what is kept. */
async function fresh(request, key) {
  let answer;
  try {
    answer = await inTime(request);
  } catch (fault) {
    slowUntil = Date.now() + SLOW_FOR_MILLISECONDS;
    return (await kept(key)) ?? Promise.reject(fault);
  }
  slowUntil = 0;
  if (answer.status === 404) await forget();
  else if (answer.ok && !answer.redirected && !new URL(request.url).search) {
    const cache = await caches.open(CACHE);
    await cache.put(key, answer.clone());
  }
  return answer;
}

/* A script or a style: from the server, so that page and scripts are of one version, else what is kept. */
async function file(request) {
  try {
    return await inTime(request);
  } catch (fault) {
    return (await kept(request)) ?? fetch(request).catch(() => Promise.reject(fault));
  }
}
