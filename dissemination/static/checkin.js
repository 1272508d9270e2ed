// The page at the door. Acts are written on the phone first and sent when there is a network; the server
// keeps each once. What is shown is what the server last said, with what this phone recorded since.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("door");
  if (!root) return;
  const { page, list: listAt, scans: scansAt, worker, plain, jsqr, signIn } = root.dataset;
  const may = root.dataset.may === "yes";
  const texts = JSON.parse(root.dataset.texts);
  const part = (name) => document.getElementById(`door-${name}`);
  const MOST = 200, SHOWN = 25, RECENT = 8, EVERY = 15000, PATIENCE = 15000;
  const other = self.BroadcastChannel ? new BroadcastChannel(`door ${page}`) : null;

  let list = null; // {account, open, closed, leaves_phone_at, people, etag, fetched}
  let acts = []; // of this page: {id, page, owner, code, name, move, at, offset, undoes, admit, person, state, …}
  let offset = 0; // milliseconds to add to this phone's clock
  let device = "", lastSent = null, token = "";
  let condition = "sending"; // sending, good, offline, signed_out, no_right, server_trouble
  let busy = false, again = false;

  // Words.
  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  const count = (pair, n) => say(pair[n === 1 ? 0 : 1], { n });
  const wall = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", timeZone: root.dataset.zone });
  const clock = (at) => wall.format(new Date(at));
  const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").trim();
  const now = () => Date.now() + offset;
  const uuid = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
  function element(tag, values = {}, ...children) {
    const made = Object.assign(document.createElement(tag), values);
    made.append(...children);
    return made;
  }
  function button(text, press, kind = "btn btn-outline-primary") {
    const made = element("button", { type: "button", className: kind, textContent: text });
    made.addEventListener("click", press);
    return made;
  }
  function tell(text, kind = "good") {
    const said = element("p", { textContent: text });
    said.dataset.kind = kind;
    part("said").replaceChildren(said);
    if (navigator.vibrate) navigator.vibrate(kind === "good" ? 60 : [60, 80, 60]);
  }

  // What is so now: the server's word, and what this phone recorded since.
  const mine = (act) => !act.owner || !list || act.owner === list.account;
  const counts = (act) => act.state === "waiting" || (act.state === "sent" && act.sentAt > (list ? list.fetched : 0));
  function actsOf(person) {
    const found = new Map(person.acts.map(([id, move, at]) => [id, { id, move, at }]));
    for (const act of acts.filter((one) => one.code === person.code && counts(one) && mine(one))) {
      if (act.move !== "undo") found.set(act.id, { id: act.id, move: act.move, at: act.at + act.offset });
    }
    for (const act of acts) if (act.move === "undo" && counts(act) && mine(act)) found.delete(act.undoes);
    return [...found.values()].sort((a, b) => a.at - b.at);
  }
  function whereabouts(person) {
    const known = actsOf(person);
    const last = known[known.length - 1];
    if (!last) return { known, where: "away" };
    if (last.move === "out") return { known, where: "left", at: last.at };
    let first = last;
    for (const act of [...known].reverse()) { if (act.move !== "in") break; first = act; }
    return { known, where: "here", at: first.at };
  }
  const newcomers = () => acts.filter((act) => act.person && counts(act) && mine(act));
  const waiting = () => acts.filter((act) => act.state === "waiting" && mine(act));

  // Recording.
  async function record(act) {
    const made = {
      id: uuid(), page, owner: list ? list.account : "", code: "", name: "", at: Date.now(), offset, undoes: null,
      admit: false, person: null, state: "waiting", ...act,
    };
    await DoorStore.put(made);
    await refresh();
    if (other) other.postMessage("changed");
    sync();
    return made;
  }
  const enter = async (person) => {
    const act = await record({ move: "in", code: person.code, name: person.name, admit: person.standing !== "confirmed" });
    tell(say(texts.came, { name: person.name }));
    part("said").append(button(texts.undo, () => undoOwn(act)));
  };
  const depart = async (person) => {
    await record({ move: "out", code: person.code, name: person.name });
    tell(say(texts.left_now, { name: person.name, time: clock(now()) }));
  };
  async function takeBack(subject, ids) {
    for (const id of ids) await record({ move: "undo", undoes: id, code: subject.code, name: subject.name });
    tell(say(texts.undone, { name: subject.name }), "warn");
  }
  async function undoOwn(act) {
    if (!act.person) { await takeBack(act, [act.id]); return; }
    await DoorStore.remove(act.id); // a newcomer whom the server does not know yet
    await refresh();
    tell(say(texts.undone, { name: act.name }), "warn");
  }
  async function scanned(text) {
    const code = (/^TD:([A-Z2-7]{16})$/.exec(text.trim().toUpperCase()) || [])[1];
    if (!code) { tell(texts.not_ours, "wrong"); return; }
    const person = list && list.people.find((one) => one.code === code);
    if (!person) {
      if (!acts.some((act) => act.code === code && act.state === "waiting")) await record({ move: "in", code });
      tell(texts.unknown_code, "warn");
      return;
    }
    const { where, at } = whereabouts(person);
    if (where === "here") { tell(say(texts.came_before, { name: person.name, time: clock(at) }), "warn"); return; }
    if (person.standing === "confirmed") { await enter(person); return; }
    tell(`${person.name}: ${texts.standing[person.standing]}`, "warn");
    part("said").append(button(texts.press_let_in, () => enter(person), "btn btn-primary door-wide"));
  }

  // Talking to the server.
  async function ask(address, options = {}) {
    const signal = AbortSignal.timeout ? AbortSignal.timeout(PATIENCE) : undefined;
    return fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store", signal, ...options });
  }
  function trouble(answer) {
    if (answer.type === "opaqueredirect" || answer.status === 401) return "signed_out";
    if (answer.status === 403 || answer.status === 404) return "no_right";
    return answer.ok || answer.status === 304 ? "" : "server_trouble";
  }
  async function fetchList() {
    const before = Date.now();
    const answer = await ask(listAt, { headers: list ? { "If-None-Match": list.etag } : {} });
    const wrong = trouble(answer);
    if (wrong) return wrong;
    token = answer.headers.get("X-CSRFToken") || token;
    offset = Math.round(Number(answer.headers.get("X-Now")) - (before + Date.now()) / 2) || 0;
    await DoorStore.setFact("offset", offset);
    const fetched = before;
    if (answer.status === 304) list = { ...list, fetched };
    else list = { ...(await answer.json()), etag: answer.headers.get("ETag"), fetched };
    if (list.closed) { await DoorStore.forgetList(listAt); list.people = []; list.etag = ""; }
    else await DoorStore.keepList(listAt, list);
    return "";
  }
  async function sendBatch(batch) {
    const scans = batch.map(({ id, code, move, at, offset: known, undoes, admit, person }) => ({ id, code, move, at, offset: known, undoes, admit, person }));
    const body = JSON.stringify({ sent_at: Date.now(), device, scans });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await ask(scansAt, { method: "POST", body, headers });
    const wrong = trouble(answer);
    if (wrong) return wrong;
    token = answer.headers.get("X-CSRFToken") || token;
    const sentAt = Date.now();
    for (const { id, outcome, why } of (await answer.json()).answers) {
      if (outcome === "accepted" || outcome === "repeated") await DoorStore.settle(id, { state: "sent", sentAt, outcome });
      else if (outcome === "not_now") await DoorStore.settle(id, { outcome, why });
      else await DoorStore.settle(id, { state: "problem", sentAt, outcome, why });
    }
    await DoorStore.setFact(`sent ${page}`, sentAt);
    return "";
  }
  async function exchange() {
    let wrong = await fetchList();
    await refresh();
    const queue = waiting();
    if (wrong || !queue.length || !may) return wrong;
    for (let n = 0; n < queue.length && !wrong; n += MOST) wrong = await sendBatch(queue.slice(n, n + MOST));
    return wrong || fetchList();
  }
  async function sync() {
    if (busy) { again = true; return; }
    busy = true;
    try {
      // Of two tabs one sends; the server would keep what both send once anyway.
      const turn = navigator.locks ? navigator.locks.request(`door ${page}`, exchange) : exchange();
      condition = (await turn) || "good";
    } catch (error) {
      condition = "offline";
      if (!(error instanceof TypeError) && !/Timeout|Abort|Network/.test(error.name)) condition = "server_trouble";
    }
    busy = false;
    await refresh();
    if (other) other.postMessage("changed");
    if (again) { again = false; sync(); }
  }

  // Showing.
  async function refresh() {
    acts = await DoorStore.acts(page);
    lastSent = (await DoorStore.fact(`sent ${page}`)) || null; // perhaps by another tab
    acts.sort((a, b) => a.at - b.at);
    for (const old of acts.filter((act) => act.state === "sent").slice(0, -200)) await DoorStore.remove(old.id);
    show();
  }
  function showState() {
    const n = waiting().length;
    const state = part("state");
    const words = {
      sending: texts.sending,
      good: lastSent ? say(texts.all_sent, { time: clock(lastSent + offset) }) : texts.nothing_to_send,
      offline: n ? count(texts.offline, n) : texts.offline_empty,
    };
    let kind = condition;
    if (kind === "good" && n) kind = waiting().every((act) => act.outcome === "not_now") ? "good" : "sending";
    let text = words[kind] || texts[kind];
    if (list && list.closed) text += ` ${texts.closed}`;
    if (!list && kind === "offline") text += ` ${texts.no_list}`;
    if (state.textContent === text || state.dataset.text === text) return;
    state.dataset.kind = { good: "good", sending: "sending", offline: "offline" }[kind] || "trouble";
    state.dataset.text = text;
    state.replaceChildren(text);
    if (kind === "signed_out") state.append(" ", element("a", { href: signIn, textContent: texts.sign_in }));
  }
  function showCount() {
    const people = list ? list.people.map((person) => ({ person, ...whereabouts(person) })) : [];
    const extra = newcomers().length;
    const here = people.filter((one) => one.where === "here").length + extra;
    const left = people.filter((one) => one.where === "left").length;
    const all = people.filter((one) => (one.person.standing === "confirmed" && one.person.attends === "room") || one.where !== "away").length + extra;
    part("count").textContent = say(texts.count, { n: here, all }) + (left ? ` · ${count(texts.left, left)}` : "");
    const foreign = acts.filter((act) => act.state === "waiting" && !mine(act)).length;
    part("others").hidden = !foreign;
    part("others").textContent = foreign ? count(texts.others, foreign) : "";
  }
  function row(person) {
    const { known, where, at } = whereabouts(person);
    const label = [texts.standing[person.standing], person.attends === "online" ? texts.online : ""].filter(Boolean).join(", ");
    const facts = [element("span", { className: "door-name", textContent: person.name }), element("span", { textContent: person.company })];
    if (label) facts.push(" ", element("span", { className: "status status-warning", textContent: label }));
    const made = element("li");
    if (where === "here" || !may) {
      made.append(element("div", { className: "door-there" }, ...facts, " ", where === "here" ? element("span", { className: "status status-success", textContent: say(texts.since, { time: clock(at) }) }) : ""));
      if (may) {
        made.append(element("div", { className: "door-small" },
          button(texts.press_out, () => depart(person)),
          button(texts.press_undo, () => takeBack(person, known.map((act) => act.id)))));
      }
      return made;
    }
    if (where === "left") facts.push(" ", element("span", { className: "status status-secondary", textContent: say(texts.left_at, { time: clock(at) }) }));
    const press = element("span", { className: "door-press", textContent: person.standing === "confirmed" ? texts.press_in : texts.press_let_in });
    const big = button("", () => enter(person), "door-person");
    big.append(...facts, " ", press);
    made.append(big);
    return made;
  }
  let shown = "";
  function showPeople() {
    const words = fold(part("search").value).split(" ").filter(Boolean);
    const found = (list ? list.people : []).filter((person) => words.every((word) => person.find.includes(word)));
    const first = found.slice(0, SHOWN);
    const mark = JSON.stringify([first.map((person) => [person, actsOf(person)]), words.length && !found.length]);
    if (mark === shown) return; // nothing changed: what has the focus keeps it
    shown = mark;
    const rows = first.map(row);
    if (list && !found.length && words.length) rows.push(element("li", { textContent: texts.nobody }));
    part("people").replaceChildren(...rows);
    part("more").hidden = found.length <= SHOWN;
    part("more").textContent = found.length > SHOWN ? count(texts.more, found.length - SHOWN) : "";
  }
  function showRecent() {
    const undone = new Set(acts.filter((act) => act.move === "undo").map((act) => act.undoes));
    const recent = acts.filter((act) => act.move !== "undo" && act.state !== "problem" && !undone.has(act.id) && mine(act)).slice(-RECENT).reverse();
    part("recent").replaceChildren(...recent.map((act) => {
      const what = act.person ? texts.act_new : act.move === "in" ? texts.act_in : texts.act_out;
      const state = act.outcome === "not_now" ? say(texts.outcome.not_now, { name: act.name }) : act.state === "sent" ? texts.sent : texts.waits;
      const line = element("li", {}, element("span", { textContent: `${clock(act.at + act.offset)} ${act.name || texts.act_unknown}: ${what} (${state})` }));
      if (may && (!act.person || act.state === "waiting")) {
        const undo = button(texts.undo, () => undoOwn(act));
        undo.setAttribute("aria-label", `${texts.undo}: ${act.name}`);
        line.append(undo);
      }
      return line;
    }));
  }
  function showProblems() {
    const wrong = acts.filter((act) => act.state === "problem" && mine(act));
    part("problems").hidden = !wrong.length;
    part("problems").querySelector("ul").replaceChildren(...wrong.map((act) => {
      const words = say(texts.outcome[act.outcome] || texts.outcome.invalid, { name: act.name || texts.act_unknown, time: clock(act.at + act.offset), why: act.why || "" });
      const line = element("li", {}, element("span", { textContent: words }));
      if (act.outcome === "without_seat") {
        line.append(button(texts.press_let_in, async () => {
          await DoorStore.remove(act.id);
          await record({ move: "in", code: act.code, name: act.name, admit: true, at: act.at, offset: act.offset });
        }));
      }
      line.append(button(texts.drop, async () => { await DoorStore.remove(act.id); await refresh(); }, "btn btn-outline-secondary"));
      return line;
    }));
  }
  function show() {
    showState();
    showCount();
    showPeople();
    showRecent();
    showProblems();
  }

  // The camera.
  let looking = false;
  async function toggleCamera() {
    if (looking) { stopCamera(); return; }
    part("view").hidden = false;
    part("scan").textContent = texts.stop;
    looking = true;
    try {
      await DoorCamera.start(part("video"), jsqr, scanned);
    } catch (error) {
      stopCamera();
      tell(texts[`camera_${error.message}`] || texts.camera_failed, "wrong");
      part("search").focus();
    }
  }
  function stopCamera() {
    DoorCamera.stop(part("video"));
    looking = false;
    part("view").hidden = true;
    part("scan").textContent = texts.scan;
  }

  // Beginning.
  async function install() {
    const ready = part("ready");
    if (!self.isSecureContext || !navigator.serviceWorker) { ready.textContent = texts.never_ready; tell(texts.never_ready, "warn"); return; }
    ready.textContent = texts.not_ready;
    try {
      await navigator.serviceWorker.register(worker, { scope: page, updateViaCache: "none" });
    } catch { return; /* offline, or signed out: the one that was installed goes on */ }
    finally { navigator.serviceWorker.getRegistration(page).then((known) => { if (known && known.active) ready.textContent = texts.ready; }); }
    await navigator.serviceWorker.ready;
    ready.textContent = texts.ready;
    root.dataset.ready = "yes";
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  }
  async function begin() {
    root.hidden = false;
    try {
      await DoorStore.open();
    } catch {
      tell(texts.no_storage, "wrong");
      part("said").append(element("a", { href: plain, textContent: plain }));
      return;
    }
    offset = (await DoorStore.fact("offset")) || 0;
    device = (await DoorStore.fact("device")) || `phone-${uuid().slice(0, 4)}`;
    await DoorStore.setFact("device", device);
    list = await DoorStore.list(listAt);
    if (list && list.leaves_phone_at < now()) { await DoorStore.forgetList(listAt); list = null; }
    await refresh();
    install();
    sync();
    setInterval(() => { if (document.visibilityState === "visible") sync(); }, EVERY);
    self.addEventListener("online", sync);
    self.addEventListener("offline", sync);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") sync(); else if (looking) stopCamera();
    });
    if (other) other.onmessage = refresh;
  }
  part("search").addEventListener("input", showPeople);
  part("scan").addEventListener("click", toggleCamera);
  part("scan").hidden = !may;
  part("clear").addEventListener("click", async () => {
    const n = acts.filter((act) => act.state === "waiting").length;
    if (n && !self.confirm(say(texts.clear_waiting, { n }))) return;
    await DoorStore.clear(page, listAt);
    list = null;
    await refresh();
    tell(texts.cleared);
  });
  const form = part("walk-in");
  if (form) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const person = Object.fromEntries(new FormData(form).entries());
      if (!person.given_name.trim() || !person.family_name.trim()) { tell(texts.name_missing, "wrong"); form.elements.given_name.focus(); return; }
      const name = `${person.family_name} ${person.given_name}`.trim();
      await record({ move: "in", name, person });
      form.reset();
      part("new").open = false;
      tell(say(texts.came, { name }));
    });
  }
  begin();
});
