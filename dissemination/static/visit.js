// The visit to a company, written down where it takes place. Every change is kept on the device at once;
// the sheet leaves when its writer says so and there is a network, and the server takes each sheet once.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("visit");
  if (!root) return;
  const { page, data: dataAt, sheets: sheetsAt, photos: photosAt, worker, signIn } = root.dataset;
  const texts = JSON.parse(root.dataset.texts);
  const part = (name) => document.getElementById(`visit-${name}`);
  const form = part("form");
  const EVERY = 15000, PATIENCE = 30000, MOST_PHOTOS = Number(root.dataset.mostPhotos), HEAVIEST = Number(root.dataset.heaviest);
  const SIMPLE = ["visited_on", "visited_from", "visited_until", "strengths", "weaknesses", "summary", "signed_by", "signed_role"];
  const AREA = ["type", "priority", "title", "description", "proposed_action", "expected_result", "deadline"];
  const other = self.BroadcastChannel ? new BroadcastChannel(`visit ${page}`) : null;

  let said = null; // what the server said last: {account, version, company, contacts, facts, photos, open}
  let draft = null; // {id, page, owner, base, facts, state: editing|waiting, key, changed, why}
  let photos = []; // of this device, not sent: {key, page, owner, blob, thumb, caption, department}
  let token = "", condition = "sending", saving = null, busy = false, again = false, lastSent = null;

  // Words.
  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  const wall = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: root.dataset.zone });
  const clock = (at) => wall.format(new Date(at));
  const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: root.dataset.zone }).format(new Date());
  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  function tell(text, kind = "good") {
    const line = document.createElement("p");
    line.dataset.kind = kind;
    line.textContent = text;
    part("said").replaceChildren(...(text ? [line] : []));
  }
  const mine = (one) => said && one.owner === said.account;

  // The form and its facts.
  const rows = (name) => [...part(name).querySelectorAll("li")];
  const of = (row, name) => row.querySelector(`[data-name="${name}"]`);
  function addRow(list, values, names) {
    const row = part(`${list}-row`).content.firstElementChild.cloneNode(true);
    for (const name of names) if (values[name] !== undefined && values[name] !== null) of(row, name).value = values[name];
    part(list).append(row);
    return row;
  }
  function addPerson(values) {
    const row = addRow("people", values, ["name", "role"]);
    row.dataset.contact = values.contact_id || "";
    of(row, "remove").addEventListener("click", () => { row.remove(); part("add-person").focus(); offerContacts(); changed(); });
    return row;
  }
  function addArea(values) {
    const row = addRow("areas", values, AREA);
    row.dataset.key = values.key || uuid();
    of(row, "remove").addEventListener("click", () => {
      const name = of(row, "title").value.trim();
      if (name && !self.confirm(say(texts.remove_area, { name }))) return;
      row.remove();
      part("add-area").focus();
      number();
      changed();
    });
    for (const [name, step] of [["up", -1], ["down", 1]]) {
      of(row, name).addEventListener("click", () => {
        const all = rows("areas"), beside = all[all.indexOf(row) + step];
        if (!beside) return;
        if (step < 0) beside.before(row); else beside.after(row);
        of(row, name).focus();
        number();
        changed();
      });
    }
    return row;
  }
  function number() {
    rows("areas").forEach((row, at, all) => {
      of(row, "number").textContent = say(texts.area, { n: at + 1 });
      of(row, "up").disabled = at === 0;
      of(row, "down").disabled = at === all.length - 1;
    });
  }
  function offerContacts() {
    const there = rows("people").map((row) => row.dataset.contact);
    const left = (said ? said.contacts : []).filter((one) => !there.includes(String(one.contact_id)));
    part("contacts").replaceChildren(...left.map((one) => {
      const press = document.createElement("button");
      press.type = "button";
      press.className = "btn btn-outline-primary";
      press.textContent = say(texts.add_contact, { name: one.name });
      press.addEventListener("click", () => { addPerson(one); offerContacts(); part("add-person").focus(); changed(); });
      return press;
    }));
  }
  function fill(facts) {
    for (const name of SIMPLE) form.elements[name].value = facts[name] || "";
    for (const box of form.querySelectorAll('[name="departments"]')) box.checked = (facts.departments || []).includes(box.value);
    part("people").replaceChildren();
    part("areas").replaceChildren();
    (facts.people || []).forEach(addPerson);
    (facts.areas || []).forEach(addArea);
    for (const field of form.querySelectorAll("[data-score]")) field.value = facts.scores?.[field.dataset.score]?.points || "";
    for (const field of form.querySelectorAll("[data-note]")) field.value = facts.scores?.[field.dataset.note]?.note || "";
    VisitPad.show(facts.signature || "");
    form.elements.visited_on.readOnly = Boolean(said && said.visited);
    number();
    offerContacts();
  }
  function facts() {
    const found = Object.fromEntries(SIMPLE.map((name) => [name, form.elements[name].value]));
    found.departments = [...form.querySelectorAll('[name="departments"]:checked')].map((box) => box.value);
    found.people = rows("people").map((row) => ({ contact_id: Number(row.dataset.contact) || null, name: of(row, "name").value, role: of(row, "role").value }));
    found.areas = rows("areas").map((row) => ({ key: row.dataset.key, ...Object.fromEntries(AREA.map((name) => [name, of(row, name).value])) }));
    found.scores = {};
    for (const field of form.querySelectorAll("[data-score]")) {
      const name = field.dataset.score;
      const note = form.querySelector(`[data-note="${name}"]`).value;
      if (field.value || note) found.scores[name] = { points: Number(field.value) || 0, note };
    }
    found.signature = VisitPad.value();
    return found;
  }

  // Keeping.
  const id = () => `${page} ${said.account}`;
  function changed() {
    if (!said || !said.open) return;
    clearTimeout(saving);
    saving = setTimeout(save, 250);
  }
  async function save(changes = {}) {
    clearTimeout(saving);
    saving = null;
    const before = draft || { id: id(), page, owner: said.account, base: said.version };
    // Whoever goes on writing says again when it may leave.
    draft = { ...before, state: "editing", key: null, why: "", facts: facts(), changed: Date.now(), ...changes };
    try {
      await VisitStore.keepDraft(draft);
      root.dataset.kept = String(draft.changed);
    } catch {
      tell(texts.not_kept, "wrong");
    }
    if (other) other.postMessage("changed");
    show();
  }
  const flush = async () => { if (saving) await save(); };

  // Talking to the server.
  async function ask(address, options = {}) {
    const signal = AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined;
    return fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal, ...options });
  }
  function trouble(answer) {
    if (answer.type === "opaqueredirect" || answer.status === 401) return "signed_out";
    if (answer.status === 403 || answer.status === 404) return "no_right";
    return answer.ok || answer.status === 422 || answer.status === 409 ? "" : "server_trouble";
  }
  async function fetchSaid() {
    const answer = await ask(dataAt);
    const wrong = trouble(answer);
    if (wrong) return wrong;
    token = answer.headers.get("X-CSRFToken") || token;
    const before = said;
    said = await answer.json();
    await VisitStore.keepSaid(dataAt, said);
    if (!before || before.account !== said.account) await recall();
    else if (!draft && !saving && before.version !== said.version) fill({ visited_on: today(), ...said.facts });
    return "";
  }
  async function recall() {
    draft = (await VisitStore.draft(id())) || null;
    fill(draft ? draft.facts : { ...said.facts, visited_on: said.facts.visited_on || today() });
  }
  async function sendPhotos() {
    for (const photo of photos.filter(mine)) {
      const body = new FormData();
      for (const name of ["key", "caption", "department"]) body.append(name, photo[name] || "");
      body.append("file", photo.blob, "photo.jpg");
      const answer = await ask(photosAt, { method: "POST", body, headers: { "X-CSRFToken": token } });
      const wrong = trouble(answer);
      if (wrong) return wrong;
      if (!answer.ok) { await save({ why: (await answer.json()).why }); return "refused"; }
      await VisitStore.dropPhoto(photo.key);
    }
    return "";
  }
  async function sendSheet() {
    const sent = draft;
    const body = JSON.stringify({ key: sent.key, seen_version: sent.base, facts: sent.facts });
    const answer = await ask(sheetsAt, { method: "POST", body, headers: { "Content-Type": "application/json", "X-CSRFToken": token } });
    const wrong = trouble(answer);
    if (wrong) return wrong;
    const { outcome, why, version } = await answer.json();
    if (outcome === "refused") { await save({ why }); return "refused"; }
    lastSent = Date.now();
    await VisitStore.setFact(`sent ${id()}`, lastSent);
    await flush();
    if (draft && draft.key === sent.key) { await VisitStore.dropDraft(draft.id); draft = null; }
    else if (draft) { draft = { ...draft, base: version }; await VisitStore.keepDraft(draft); }
    tell(outcome === "to_compare" ? texts.to_compare : texts.arrived, outcome === "to_compare" ? "warn" : "good");
    return "";
  }
  async function exchange() {
    let wrong = await fetchSaid();
    await refresh();
    if (wrong || !draft || draft.state !== "waiting") return wrong;
    wrong = (await sendPhotos()) || (await sendSheet());
    wrong = wrong || (await fetchSaid());
    if (!draft && !saving) await recall(); // what was sent is the server's now
    return wrong;
  }
  async function sync() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      // Of two tabs one sends; the server would keep what both send once anyway.
      const turn = navigator.locks ? navigator.locks.request(`visit ${page}`, exchange) : exchange();
      condition = (await turn) || "good";
    } catch (error) {
      condition = error instanceof TypeError || /Timeout|Abort|Network/.test(error.name) ? "offline" : "server_trouble";
    }
    busy = false;
    await refresh();
    if (other) other.postMessage("sent");
    if (again) { again = false; sync(); }
  }

  // Showing.
  async function refresh() {
    photos = await VisitStore.photos(page);
    if (said) lastSent = (await VisitStore.fact(`sent ${id()}`)) || null;
    show();
  }
  function stateText() {
    if (!said) return condition === "offline" ? texts.no_data : texts[condition] || texts.sending;
    if (condition === "signed_out" || condition === "no_right" || condition === "server_trouble") return texts[condition];
    if (draft && draft.why) return say(texts.refused, { why: draft.why });
    if (draft && draft.state === "waiting") return condition === "offline" ? texts.waits : texts.sending;
    const kept = draft ? say(texts.kept, { time: clock(draft.changed) }) : lastSent ? say(texts.all_sent, { time: clock(lastSent) }) : texts.nothing_yet;
    if (condition === "offline") return `${texts.offline} ${kept}`;
    return draft || lastSent ? kept : `${texts.online} ${kept}`;
  }
  function show() {
    const state = part("state"), text = stateText();
    if (state.dataset.text !== text) {
      state.dataset.text = text;
      state.replaceChildren(text);
      if (condition === "signed_out") {
        const link = Object.assign(document.createElement("a"), { href: signIn, textContent: texts.sign_in });
        state.append(" ", link);
      }
    }
    const bad = draft && draft.why;
    state.dataset.kind = bad || ["signed_out", "no_right", "server_trouble"].includes(condition) ? "trouble" : condition === "offline" ? "offline" : draft && draft.state === "waiting" ? "sending" : "good";
    part("elsewhere").hidden = !(said && draft && draft.base !== said.version);
    form.hidden = !said || !said.open;
    part("closed").hidden = !said || said.open;
    showOthers();
    showPhotos();
  }
  async function showOthers() {
    if (!said) return;
    const foreign = (await VisitStore.drafts(page)).filter((one) => !mine(one)).length;
    part("others").hidden = !foreign;
  }
  let shown = "";
  function showPhotos() {
    const here = photos.filter(mine);
    const sent = said ? said.photos : 0;
    part("photo-count").textContent = say(texts.photos, { here: here.length, sent, most: MOST_PHOTOS });
    const mark = here.map((photo) => photo.key).join();
    if (mark === shown) return; // what has the focus keeps it
    shown = mark;
    part("photos").replaceChildren(...here.map((photo) => {
      const row = part("photos-row").content.firstElementChild.cloneNode(true);
      const picture = row.querySelector("img");
      picture.src = photo.thumb;
      for (const name of ["caption", "department"]) {
        const field = of(row, name);
        field.value = photo[name] || "";
        field.addEventListener("input", async () => { photo[name] = field.value; await VisitStore.keepPhoto(photo); });
      }
      of(row, "remove").addEventListener("click", async () => { if (!confirm(texts.remove_photo)) return; await VisitStore.dropPhoto(photo.key); part("camera").focus(); await refresh(); });
      return row;
    }));
  }
  async function take(files) {
    for (const file of files) {
      if (photos.filter(mine).length + (said ? said.photos : 0) >= MOST_PHOTOS) { tell(texts.too_many, "warn"); return; }
      try {
        const { blob, thumb } = await VisitPhotos.shrunk(file);
        if (blob.size > HEAVIEST) throw new Error("too heavy");
        await VisitStore.keepPhoto({ key: uuid(), page, owner: said.account, blob, thumb, caption: "", department: "" });
        await refresh();
        await save();
        tell(texts.photo_kept);
      } catch (error) {
        tell(error.name === "QuotaExceededError" ? texts.no_room : texts.photo_unreadable, "wrong");
      }
    }
  }

  // Beginning.
  async function install() {
    const ready = part("ready");
    if (!self.isSecureContext || !navigator.serviceWorker) { ready.textContent = texts.never_ready; tell(texts.never_ready, "warn"); return; }
    ready.textContent = texts.not_ready;
    try {
      await navigator.serviceWorker.register(worker, { scope: page, updateViaCache: "none" });
    } catch { /* offline, or signed out: the one that was installed goes on */ }
    const known = await navigator.serviceWorker.getRegistration(page);
    if (!known) return;
    await navigator.serviceWorker.ready;
    ready.textContent = texts.ready;
    root.dataset.ready = "yes";
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  }
  async function begin() {
    root.hidden = false;
    try {
      await VisitStore.open();
    } catch {
      tell(texts.no_storage, "wrong");
      return;
    }
    VisitPad.begin(part("pad"), changed);
    said = await VisitStore.said(dataAt);
    if (said) await recall();
    await refresh();
    install();
    await sync();
    setInterval(() => { if (document.visibilityState === "visible") sync(); }, EVERY);
    self.addEventListener("online", sync);
    self.addEventListener("offline", sync);
    self.addEventListener("pagehide", flush);
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") sync(); else flush(); });
    if (other) {
      other.onmessage = async () => {
        if (document.hasFocus() || saving || !said) return;
        await recall();
        await refresh();
      };
    }
  }
  form.addEventListener("input", (event) => { if (!event.target.closest("#visit-photos") && event.target !== part("camera")) changed(); });
  part("add-person").addEventListener("click", () => { of(addPerson({ name: "", role: "" }), "name").focus(); changed(); });
  part("add-area").addEventListener("click", () => { const row = addArea({ priority: "2" }); number(); of(row, "title").focus(); changed(); });
  part("pad-clear").addEventListener("click", () => { VisitPad.clear(); changed(); });
  part("camera").addEventListener("change", async () => { const files = [...part("camera").files]; part("camera").value = ""; await take(files); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!said) return;
    const nameless = rows("areas").find((row) => !of(row, "title").value.trim());
    if (nameless) { tell(texts.area_without_title, "wrong"); of(nameless, "title").focus(); return; }
    if (!form.elements.visited_on.value) { tell(texts.day_missing, "wrong"); form.elements.visited_on.focus(); return; }
    if (VisitPad.value() && !form.elements.signed_by.value.trim()) { tell(texts.signer_missing, "wrong"); form.elements.signed_by.focus(); return; }
    await save({ state: "waiting", key: uuid() });
    tell("");
    sync();
  });
  part("clear").addEventListener("click", async () => {
    if (!said || !self.confirm(texts.clear_sure)) return;
    clearTimeout(saving);
    saving = null;
    await VisitStore.clear(page, said.account, dataAt);
    draft = null;
    await VisitStore.keepSaid(dataAt, said);
    await recall();
    await refresh();
    tell(texts.cleared);
  });
  begin();
});
