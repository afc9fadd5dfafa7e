/* Brings the page's tables to life; without it the page can be read as it is. Texts are put in as texts, never as markup. */
const DataTable = library.jQuery.fn.dataTable;
const words = JSON.parse(document.getElementById("words").textContent);
const fill = (word, values) => word.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const make = (tag, attributes = {}, ...inside) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
};
const say = (text) => {
  const said = document.getElementById("said");
  said.textContent = "";
  setTimeout(() => (said.textContent = text), 50);
};

/* --- what was packed (auditor/render/packing.py) --- */
const unpack = async (element) => {
  const bytes = Uint8Array.from(atob(element.textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
};
const KEYS = words.keys;
const AT = Object.fromEntries(KEYS.map((key, at) => [key, at + 1]));
const parcels = [...document.querySelectorAll("script.rows")];
const details = new Map();

/* Rows of every parcel: [rank, ...texts, parcel, place in it], gravest first. */
async function findings() {
  const unpacked = await Promise.all(parcels.map(unpack));
  const rows = unpacked.flatMap(({ texts, rows }, parcel) =>
    rows.map(([rank, ...cells], place) => [rank, ...cells.map((cell) => texts[cell]), parcel, place]));
  return rows.sort((one, other) => one[0] - other[0]);
}

const MARKED = ["resource_id", "machine_id", "resource_group", "subscription_id", "machine_name", "extension_name"];
async function detailOf(row) {
  const [parcel, place] = row.slice(-2);
  if (!details.has(parcel)) details.set(parcel, await unpack(document.getElementById(`details-${parcel}`)));
  const { texts, pieces, details: all } = details.get(parcel);
  const [told, evidence, facts, [machine, subscription]] = all[place];
  const text = (at) => texts[at];
  const own = { machine_id: text(machine), subscription_id: text(subscription) };
  const meant = (mark) => MARKED[mark.charCodeAt(0) - 1];
  const whole = (at) => text(at).replace(/[\u0001-\u0006]/g, (mark) => own[meant(mark)] ?? row[AT[meant(mark)]]);
  const pairs = [];
  for (let at = 0; at < facts.length; at += 2) pairs.push([text(facts[at]), whole(facts[at + 1])]);
  return { told: told.map(whole), evidence: evidence.map((piece) => pieces[piece].map(text)), facts: pairs };
}

/* --- a finding that is opened --- */
function command(name, text) {
  if (!text) return [];
  const button = make("button", { type: "button", class: "copy", "aria-label": `${words.copy}: ${name}` }, words.copy);
  button.addEventListener("click", () => copy(text, button));
  return [make("div", { class: "shell" }, make("b", {}, name), button), make("pre", { class: "command", tabindex: "0" }, make("code", {}, text))];
}

async function copy(text, button) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copiedByHand(text, button);
  button.textContent = done ? words.copied : words.copy_failed;
  say(done ? words.copied : words.copy_failed);
  setTimeout(() => (button.textContent = words.copy), 2500);
}

/* Browsers that keep the clipboard from files still copy what is selected. */
function copiedByHand(text, button) {
  const area = make("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  button.after(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  button.focus();
  return done;
}

function opened({ told: [todo, way, cli, powershell, history, portal], evidence, facts }) {
  const parts = [];
  if (history) parts.push(make("p", { class: "history" }, make("b", {}, words.history), " ", history));
  if (todo) {
    const said = [make("h3", {}, words.remediation), make("p", {}, todo)];
    if (way) said.push(make("p", {}, make("b", {}, words.in_portal), " ", way));
    parts.push(make("div", { class: "todo" }, ...said, ...command(words.azure_cli, cli), ...command(words.azure_powershell, powershell)));
  }
  if (portal.startsWith("https://")) parts.push(make("p", { class: "portal" }, make("a", { href: portal, rel: "noopener noreferrer", target: "_blank" }, words.open_in_portal)));
  if (evidence.length) {
    const head = make("tr", {}, ...words.evidence_heads.map((label) => make("th", { scope: "col" }, label)));
    const lines = evidence.map(([label, shown, source, at]) => make("tr", {}, make("th", { scope: "row" }, label), make("td", { class: "shown" }, shown), make("td", {}, source), make("td", { class: "k-time" }, at)));
    parts.push(make("div", { class: "sheet", role: "group", tabindex: "0", "aria-label": words.evidence },
      make("table", { class: "evidence" }, make("caption", {}, words.evidence), make("thead", {}, head), make("tbody", {}, ...lines))));
  }
  parts.push(make("dl", { class: "facts" }, ...facts.map(([label, value]) => make("div", value.length > 40 ? { class: "wide" } : {}, make("dt", {}, label), make("dd", {}, value)))));
  return make("div", { class: "opened" }, ...parts);
}

async function toggle(table, line, wanted) {
  const row = table.row(line), button = row.node()?.querySelector("button.open");
  const open = wanted ?? !row.child.isShown();
  if (open) row.child(opened(await detailOf(row.data())), "below").show();
  else row.child.hide();
  button?.setAttribute("aria-expanded", String(open));
  row.node()?.classList.toggle("is-open", open);
}

/* --- tables --- */
const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
/* What is not there comes last, whichever way a column is sorted: nobody sorts to read empty cells. */
const sorted = (way) => (one, other) => (one === "") - (other === "") || way * collator.compare(one, other);
DataTable.type("natural", { order: { asc: sorted(1), desc: sorted(-1) } });
/* As findings.csv does: no spreadsheet may take a text for a formula. */
const guarded = (text) => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text);
const number = new Intl.NumberFormat(document.documentElement.lang);
const cut = document.getElementById("cut");
if (cut) document.getElementById("page-cut").textContent = JSON.parse(cut.textContent);
const language = { ...words.table, emptyTable: words.table.zeroRecords };

const csv = (name, body) => ({
  extend: "csvHtml5", text: words.export, filename: `${words.file}-${name}`, bom: true,
  exportOptions: { escapeExcelFormula: false, stripHtml: false, decodeEntities: false, stripNewlines: false, format: { body } },
});

function dressed(element, name, options, body) {
  const table = new DataTable(element, {
    language, autoWidth: false, order: [], pageLength: 25, lengthMenu: [25, 50, 100, 500], deferRender: true,
    layout: { topStart: "search", topEnd: { buttons: [csv(name, body)] }, bottomStart: ["info", "pageLength"], bottomEnd: { paging: { buttons: 5, firstLast: false } } },
    ...options,
  });
  const container = table.table().container();
  container.querySelectorAll(".dt-paging nav").forEach((nav) => nav.setAttribute("aria-label", `${words.table.pages} ${element.caption?.textContent ?? ""}`.trim()));
  container.querySelectorAll("input[type=search]").forEach((input) => input.setAttribute("aria-label", `${words.table.search} ${element.caption?.textContent ?? ""}`.trim()));
  return table;
}

const cellText = (_data, _row, _column, node) => guarded(node.innerText.trim());

/* A table that the page holds as markup: its cells say how they sort (data-order). */
function revive(element) {
  const name = element.dataset.name, rows = element.tBodies[0].rows.length;
  const columns = [...element.tHead.rows[0].cells].map((cell) => (cell.classList.contains("k-number") ? { type: "num" } : { type: "natural" }));
  const layout = rows <= 5 ? { layout: { topStart: null, topEnd: { buttons: [csv(name, cellText)] }, bottomStart: null, bottomEnd: null } } : {};
  return dressed(element, name, { columns, paging: rows > 25, info: rows > 10, ...layout }, cellText);
}

/* What a cell shows: always a node, for the library takes a string for markup. */
const severity = (value) => make("small", { class: `v-${value}` }, words.severities[value]);
const badge = (status) => make("span", { class: `badge s-${status}` }, words.statuses[status]);
const shows = {
  status: (row) => badge(row[AT.status]),
  rule_id: (row) => make("span", {}, row[AT.rule_id], severity(row[AT.severity])),
  machine_name: (row) => make("span", { class: "who" },
    make("button", { type: "button", class: "open", "aria-expanded": "false" }, row[AT.machine_name] || row[AT.resource_id]),
    make("small", {}, words.kinds[row[AT.machine_kind]] ?? row[AT.machine_kind])),
  subscription_name: (row) => make("span", {}, row[AT.subscription_name], make("small", {}, row[AT.location])),
  reason: (row) => make("span", { class: "reason" }, row[AT.reason]),
  installed_version: (row) => row[AT.installed_version] || row[AT.latest_version]
    ? make("span", { class: "versions" }, `${row[AT.installed_version] || words.not_known} → ${row[AT.latest_version] || words.not_known}`) : "",
  change: (row) => (row[AT.change] ? make("em", { class: `change c-${row[AT.change]}` }, words.changes[row[AT.change]] ?? row[AT.change]) : ""),
};
const plain = {
  status: (row) => words.statuses[row[AT.status]], severity: (row) => words.severities[row[AT.severity]],
  change: (row) => words.changes[row[AT.change]] ?? row[AT.change],
  machine_kind: (row) => words.kinds[row[AT.machine_kind]] ?? row[AT.machine_kind],
};
const ranks = { status: Object.keys(words.statuses), severity: Object.keys(words.severities) };

function column(key) {
  return {
    title: words.columns[key], name: key, visible: words.shown.includes(key), className: `c-${key}`,
    type: ranks[key] ? "num" : "natural",
    data: (row, kind) => {
      if (kind === "display") return (shows[key] ?? ((it) => document.createTextNode(plain[key]?.(it) ?? it[AT[key]])))(row);
      if (kind === "sort" || kind === "type") return ranks[key] ? ranks[key].indexOf(row[AT[key]]) : row[AT[key]];
      return plain[key]?.(row) ?? row[AT[key]];
    },
  };
}

/* The findings' table has filters beside its search; each is a word of the address too. */
async function reviveFindings() {
  const rows = await findings();
  const element = document.getElementById("all-findings");
  const table = dressed(element, "findings", {
    data: rows, columns: KEYS.map(column), createdRow: (line, row) => line.classList.add(`s-${row[AT.status]}`),
    buttons: undefined,
  }, (_data, at, column) => {
    const row = table.row(at).data(), key = KEYS[column];
    return guarded(plain[key]?.(row) ?? row[AT[key]]);
  });
  element.addEventListener("click", (event) => {
    const line = event.target.closest("tr");
    if (line && table.row(line).data() && !event.target.closest("a") && !getSelection().toString()) toggle(table, line).then(() => remember("findings"));
  });
  facets(table, rows);
  return table;
}

function facets(table, rows) {
  const bar = document.getElementById("filters");
  for (const key of words.filters) {
    const found = [...new Set(rows.map((row) => row[AT[key]]))].filter(Boolean);
    if (found.length < 2 && key !== "change") continue;
    if (!found.length) continue;
    found.sort(ranks[key] ? (one, other) => ranks[key].indexOf(one) - ranks[key].indexOf(other) : collator.compare);
    const pick = make("select", { name: key }, make("option", { value: "" }, words.any), ...found.map((value) => {
      const row = []; row[AT[key]] = value;
      return make("option", { value }, (plain[key]?.(row) ?? value).slice(0, 80));
    }));
    pick.addEventListener("change", () => { narrow(table, key, pick.value); table.draw(); remember("findings"); });
    bar.append(make("label", {}, make("span", {}, words.columns[key]), pick));
  }
  const clear = make("button", { type: "button", class: "clear" }, words.clear);
  clear.addEventListener("click", () => { show("findings", new URLSearchParams()); remember("findings"); });
  bar.append(clear);
}

function narrow(table, key, value) {
  const search = table.column(`${key}:name`).search;
  search.fixed("facet", value ? (_text, row) => row[AT[key]] === value : null);
}

/* --- the address: #TABLE?q=...&sort=COLUMN or -COLUMN&page=N, for findings also the filters and open=RULE|RESOURCE --- */
const tables = new Map();
let quiet = false;

function remember(name) {
  if (quiet) return;
  const table = tables.get(name), told = new URLSearchParams();
  if (table.search()) told.set("q", table.search());
  if (name === "findings") {
    for (const pick of document.querySelectorAll("#filters select")) if (pick.value) told.set(pick.name, pick.value);
    const open = table.rows((_at, row, line) => line?.classList.contains("is-open")).data()[0];
    if (open) told.set("open", `${open[AT.rule_id]}|${open[AT.resource_id]}`);
  }
  const [first] = table.order();
  if (first?.[1]) told.set("sort", `${first[1] === "desc" ? "-" : ""}${first[0]}`);
  if (table.page()) told.set("page", table.page() + 1);
  const query = String(told);
  history.replaceState(null, "", `#${name}${query && `?${query}`}`);
}

async function show(name, told) {
  const table = tables.get(name);
  quiet = true;
  table.search(told.get("q") ?? "");
  const sort = told.get("sort");
  table.order(sort && Math.abs(sort) < table.columns().count() ? [[Math.abs(sort), sort.startsWith("-") ? "desc" : "asc"]] : []);
  if (name === "findings") {
    for (const pick of document.querySelectorAll("#filters select")) {
      pick.value = told.get(pick.name) ?? "";
      narrow(table, pick.name, pick.value);
    }
  }
  table.draw();
  const [rule, resource] = (told.get("open") ?? "").split(/\|(.*)/s);
  const wanted = rule && table.rows({ order: "applied", search: "applied" }).data().toArray()
    .findIndex((row) => row[AT.rule_id] === rule && row[AT.resource_id] === resource);
  const page = wanted >= 0 && rule ? Math.floor(wanted / table.page.len()) : Number(told.get("page") ?? 1) - 1;
  if (page > 0 && page < table.page.info().pages) table.page(page).draw("page");
  if (rule && wanted >= 0) {
    const line = table.row((_at, row) => row[AT.rule_id] === rule && row[AT.resource_id] === resource).node();
    await toggle(table, line, true);
    line.scrollIntoView({ block: "center" });
  }
  quiet = false;
}

async function follow(moved) {
  const [name, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
  const table = tables.get(name);
  if (!name && moved && tables.has("findings")) await show("findings", new URLSearchParams()); /* back where the page began */
  if (table && query) await show(name, new URLSearchParams(query));
  if (table && !query.includes("open=")) document.getElementById(name)?.scrollIntoView();
}

/* --- the page as a whole --- */
const root = document.documentElement;
try {
  if (parcels.length) tables.set("findings", await reviveFindings());
  root.classList.add("scripted");
  for (const link of document.querySelectorAll("a[data-view]")) if (tables.has("findings")) link.href = `#findings?${link.dataset.view}`;
  for (const element of document.querySelectorAll("table[data-name]")) tables.set(element.dataset.name, revive(element));
  for (const [name, table] of tables) table.on("search order page", () => setTimeout(() => remember(name)));
  await follow();
  addEventListener("hashchange", follow);
  root.dataset.ready = "yes";
} catch (error) {
  root.classList.remove("scripted"); /* what is there without scripts stays readable */
  throw error;
}
/* Paper has no second page of a table. */
const lengths = new Map();
addEventListener("beforeprint", () => tables.forEach((table, name) => {
  if (name === "findings") return;
  lengths.set(name, table.page.len());
  quiet = true;
  table.page.len(-1).draw();
}));
addEventListener("afterprint", () => {
  lengths.forEach((length, name) => tables.get(name).page.len(length).draw());
  quiet = false;
});
