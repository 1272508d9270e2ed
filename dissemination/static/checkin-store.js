// What a phone at the door keeps. Acts: in IndexedDB, until they are sent. The list of people: in a cache
// that is cleared when somebody signs out (app.js), when the workshop is closed, and in time.
"use strict";
const DoorStore = (() => {
  const LISTS = "door-list";
  let database = null;

  function open() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open("door", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("acts", { keyPath: "id" }).createIndex("page", "page");
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

  const put = (act) => within("acts", "readwrite", (acts) => acts.put(act));
  const remove = (id) => within("acts", "readwrite", (acts) => acts.delete(id));
  const acts = (page) => within("acts", "readonly", (all) => all.index("page").getAll(page));
  const fact = async (name) => (await within("facts", "readonly", (all) => all.get(name)))?.value;
  const setFact = (name, value) => within("facts", "readwrite", (all) => all.put({ name, value }));

  // An act that was answered: its state is changed only if it is still there.
  function settle(id, changes) {
    return within("acts", "readwrite", (all) => {
      const asked = all.get(id);
      asked.onsuccess = () => { if (asked.result) all.put({ ...asked.result, ...changes }); };
      return null;
    });
  }

  let inMemory = null; // where there is no cache (an insecure address)
  async function keepList(address, list) {
    inMemory = list;
    if (!self.caches) return;
    await (await caches.open(LISTS)).put(address, new Response(JSON.stringify(list)));
  }
  async function list(address) {
    if (!self.caches) return inMemory;
    const kept = await (await caches.open(LISTS)).match(address);
    return kept ? kept.json() : null;
  }
  async function forgetList(address) {
    inMemory = null;
    if (self.caches) await (await caches.open(LISTS)).delete(address);
  }

  async function clear(page, address) {
    await forgetList(address);
    for (const act of await acts(page)) await remove(act.id);
    if (!self.caches) return;
    for (const name of await caches.keys()) if (name.startsWith(`door-page ${page} `)) await caches.delete(name);
  }

  return { open, put, remove, acts, settle, fact, setFact, keepList, list, forgetList, clear };
})();
