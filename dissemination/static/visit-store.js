// What a device keeps of visits to companies: drafts and photos in IndexedDB, until they have arrived. What
// the server said last stands in a cache that signing out clears (app.js), with the page itself.
"use strict";
const VisitStore = (() => {
  const SAID = "door-visit-said";
  let database = null;

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open("visits", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("drafts", { keyPath: "id" }).createIndex("page", "page");
        asked.result.createObjectStore("photos", { keyPath: "key" }).createIndex("page", "page");
        asked.result.createObjectStore("facts", { keyPath: "name" });
      };
      asked.onsuccess = () => { database = asked.result; resolve(); };
      asked.onerror = () => reject(asked.error);
    });
  }

  function within(store, mode, work) {
    return new Promise((resolve, reject) => {
      const change = database.transaction(store, mode);
      const asked = work(change.objectStore(store));
      // Only when the transaction is complete is it on the disk.
      change.oncomplete = () => resolve(asked && asked.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }

  const draft = (id) => within("drafts", "readonly", (all) => all.get(id));
  const drafts = (page) => within("drafts", "readonly", (all) => all.index("page").getAll(page));
  const keepDraft = (one) => within("drafts", "readwrite", (all) => all.put(one));
  const dropDraft = (id) => within("drafts", "readwrite", (all) => all.delete(id));
  const photos = (page) => within("photos", "readonly", (all) => all.index("page").getAll(page));
  const keepPhoto = (one) => within("photos", "readwrite", (all) => all.put(one));
  const dropPhoto = (key) => within("photos", "readwrite", (all) => all.delete(key));
  const fact = async (name) => (await within("facts", "readonly", (all) => all.get(name)))?.value;
  const setFact = (name, value) => within("facts", "readwrite", (all) => all.put({ name, value }));

  let inMemory = null; // where there is no cache (an insecure address)
  async function keepSaid(address, said) {
    inMemory = said;
    if (self.caches) await (await caches.open(SAID)).put(address, new Response(JSON.stringify(said)));
  }
  async function said(address) {
    if (!self.caches) return inMemory;
    const kept = await (await caches.open(SAID)).match(address);
    return kept ? kept.json() : null;
  }

  // Everything of one page that belongs to `owner`, and what makes the page work without a network.
  async function clear(page, owner, address) {
    for (const one of await drafts(page)) if (one.owner === owner) await dropDraft(one.id);
    for (const one of await photos(page)) if (one.owner === owner) await dropPhoto(one.key);
    inMemory = null;
    if (!self.caches) return;
    await (await caches.open(SAID)).delete(address);
    for (const name of await caches.keys()) if (name.startsWith(`door-page ${page} `)) await caches.delete(name);
  }

  return { open, draft, drafts, keepDraft, dropDraft, photos, keepPhoto, dropPhoto, fact, setFact, keepSaid, said, clear };
})();
