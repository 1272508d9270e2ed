// What a device keeps of visits to companies: drafts and photos, until they have arrived (device-store.js).
"use strict";
const VisitStore = (() => {
  const device = deviceStore("visits", { drafts: "id", photos: "key" }, "door-visit-said");
  const { open, fact, setFact, keepSaid, said } = device;
  const draft = (id) => device.get("drafts", id);
  const drafts = (page) => device.ofPage("drafts", page);
  const keepDraft = (one) => device.put("drafts", one);
  const dropDraft = (id) => device.remove("drafts", id);
  const photos = (page) => device.ofPage("photos", page);
  const keepPhoto = (one) => device.put("photos", one);
  const dropPhoto = (key) => device.remove("photos", key);

  // Everything of one page that belongs to `owner`, and what makes the page work without a network.
  async function clear(page, owner, address) {
    for (const one of await drafts(page)) if (one.owner === owner) await dropDraft(one.id);
    for (const one of await photos(page)) if (one.owner === owner) await dropPhoto(one.key);
    await device.forgetSaid(address);
    await device.forgetPage(page);
  }

  return { open, draft, drafts, keepDraft, dropDraft, photos, keepPhoto, dropPhoto, fact, setFact, keepSaid, said, clear };
})();
