// Keeps the page at the door of one workshop working without a network. The line before this file says
// what to keep: DOOR = {page, files, mark}. Keeps no names: the list is the page's own matter.
"use strict";
const CACHE = `door-page ${DOOR.page} ${DOOR.mark}`;
const PATIENCE = 4000; // milliseconds; a network that takes longer is as good as none

async function keepFiles() {
  const cache = await caches.open(CACHE);
  await Promise.allSettled(DOOR.files.map(async (file) => {
    if (!(await cache.match(file))) await cache.add(file);
  }));
}

async function keepPage(response) {
  // A redirect goes to the sign-in page: not what belongs here.
  if (!response.ok || response.redirected) return;
  await (await caches.open(CACHE)).put(DOOR.page, response);
}

async function page(request, event) {
  const fresh = fetch(request).then((response) => {
    const copy = response.clone();
    event.waitUntil(keepPage(copy).then(keepFiles));
    return response;
  });
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE); });
  const kept = () => caches.open(CACHE).then((cache) => cache.match(DOOR.page));
  try {
    return (await Promise.race([fresh, late])) || (await kept()) || (await fresh);
  } catch (error) {
    const found = await kept();
    if (found) return found;
    throw error;
  }
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  const first = fetch(DOOR.page, { credentials: "same-origin" }).then(keepPage);
  event.waitUntil(Promise.all([keepFiles(), first]));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith(`door-page ${DOOR.page} `) && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (url.pathname === DOOR.page && !url.searchParams.has("plain")) event.respondWith(page(event.request, event));
  } else if (DOOR.files.includes(url.pathname + url.search)) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
