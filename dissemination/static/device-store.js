// What a page keeps on a device: rows in IndexedDB, until they have arrived; and what the server said last,
// in a cache that signing out clears (app.js), as the page itself.
"use strict";
function deviceStore(name, tables, cache) {
  let database = null;
  let inMemory = null; // where there is no cache (an insecure address)

  // `tables`: name -> key; each is found by its page, too.
  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(name, 1);
      asked.onupgradeneeded = () => {
        for (const [table, key] of Object.entries(tables)) {
          asked.result.createObjectStore(table, { keyPath: key }).createIndex("page", "page");
        }
        asked.result.createObjectStore("facts", { keyPath: "name" });
      };
      asked.onsuccess = () => { database = asked.result; resolve(); };
      asked.onerror = () => reject(asked.error);
    });
  }

  function within(table, mode, work) {
    return new Promise((resolve, reject) => {
      const change = database.transaction(table, mode);
      const asked = work(change.objectStore(table));
      // Only when the transaction is complete is it on the disk.
      change.oncomplete = () => resolve(asked && asked.result);
      change.onerror = change.onabort = () => reject(change.error);
    });
  }

  const get = (table, key) => within(table, "readonly", (all) => all.get(key));
  const ofPage = (table, page) => within(table, "readonly", (all) => all.index("page").getAll(page));
  const put = (table, row) => within(table, "readwrite", (all) => all.put(row));
  const remove = (table, key) => within(table, "readwrite", (all) => all.delete(key));
  const fact = async (key) => (await get("facts", key))?.value;
  const setFact = (key, value) => put("facts", { name: key, value });

  async function keepSaid(address, said) {
    inMemory = said;
    if (self.caches) await (await caches.open(cache)).put(address, new Response(JSON.stringify(said)));
  }
  async function said(address) {
    if (!self.caches) return inMemory;
    const kept = await (await caches.open(cache)).match(address);
    return kept ? kept.json() : null;
  }
  async function forgetSaid(address) {
    inMemory = null;
    if (self.caches) await (await caches.open(cache)).delete(address);
  }
  // What makes a page work without a network.
  async function forgetPage(page) {
    if (!self.caches) return;
    for (const kept of await caches.keys()) if (kept.startsWith(`door-page ${page} `)) await caches.delete(kept);
  }

  return { open, within, get, ofPage, put, remove, fact, setFact, keepSaid, said, forgetSaid, forgetPage };
}
