// What a phone at the door keeps (device-store.js). Acts: until they are sent. The list of people: until
// somebody signs out, the workshop is closed, or its time is over.
"use strict";
const DoorStore = (() => {
  const device = deviceStore("door", { acts: "id" }, "door-list");
  const { open, fact, setFact } = device;
  const put = (act) => device.put("acts", act);
  const remove = (id) => device.remove("acts", id);
  const acts = (page) => device.ofPage("acts", page);

  // An act that was answered: its state is changed only if it is still there.
  function settle(id, changes) {
    return device.within("acts", "readwrite", (all) => {
      const asked = all.get(id);
      asked.onsuccess = () => { if (asked.result) all.put({ ...asked.result, ...changes }); };
      return null;
    });
  }

  async function clear(page, address) {
    await device.forgetSaid(address);
    for (const act of await acts(page)) await remove(act.id);
    await device.forgetPage(page);
  }

  return {
    open, put, remove, acts, settle, fact, setFact, clear,
    keepList: device.keepSaid, list: device.said, forgetList: device.forgetSaid,
  };
})();
