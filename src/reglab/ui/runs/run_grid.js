// A table of runs in which groups open and close and ticked rows stay on top, as a treegrid for screen readers.
// Python draws the rows; the browser says what was pressed. Each press has a number and is sent again until Python has
// seen it, so that none is lost or counted twice, however slow the server is. Rows are kept by their keys: focus, the
// place of the scroll bar and the row under the pointer outlast updates.

const grids = new Map(); // key -> grid
const STUCK = 5; // pinned rows that stay in sight while the others scroll
const POINTS = window.matchMedia("(hover: hover)"); // a mouse, and no finger
const PAGE = 10; // rows of Page Up and Page Down

export default function ({ data, parentElement: place, setStateValue }) {
  const grid = gridIn(place, data.key);
  grid.data = data;
  grid.send = (value) => setStateValue("events", value);
  grid.events = grid.events.filter(([number]) => number > data.seen);
  grid.number = Math.max(grid.number, data.seen);
  draw(grid);
  return () => place.isConnected || grid.place !== place || grid.stop();
}

// Streamlit may replace the place of an element; the table then moves to the new one.
function gridIn(place, key) {
  const known = grids.get(key);
  if (known?.place === place) return known;
  if (!known || known.place.isConnected || known.stopped) return create(place, key);
  const { scrollTop } = known.box;
  place.append(known.box);
  Object.assign(known, { place });
  known.box.scrollTop = scrollTop;
  return known;
}

function create(place, key) {
  const box = element("div", { className: "reglab-runs" });
  const table = element("table", { role: "treegrid" });
  const [head, pinned, body] = ["thead", "tbody", "tbody"].map((name) => table.appendChild(element(name, { role: "rowgroup" })));
  table.setAttribute("aria-multiselectable", "true");
  pinned.setAttribute("aria-label", "Selected runs");
  box.append(table);
  place.append(box);
  const grid = { place, box, table, head, pinned, body, rows: new Map(), events: [], number: 0, current: null, top: null, columns: "" };
  grids.set(key, grid);
  table.addEventListener("keydown", (event) => onKey(grid, event));
  table.addEventListener("click", (event) => onClick(grid, event));
  table.addEventListener("focusin", (event) => mark(grid, event.target.closest("tbody tr")));
  body.addEventListener("mouseleave", () => draw(grid)); // what is pinned moves when no row is under the pointer
  const fitted = () => fit(grid);
  const observer = new ResizeObserver(fitted);
  observer.observe(document.body);
  const main = place.closest('[data-testid="stMainBlockContainer"]');
  if (main) observer.observe(main);
  window.addEventListener("resize", fitted);
  grid.stop = () => {
    grid.stopped = true;
    observer.disconnect();
    window.removeEventListener("resize", fitted);
  };
  return grid;
}

function draw(grid) {
  const { data, table, box, body } = grid;
  table.setAttribute("aria-label", data.label);
  table.setAttribute("aria-rowcount", data.count);
  drawHead(grid);
  grid.top = grid.top && POINTS.matches && body.matches(":hover") ? ticked(grid.top, data.pinned) : data.pinned;
  const before = grid.pinned.offsetHeight;
  const kept = new Set();
  place(grid, grid.pinned, grid.top.map((row) => ({ ...row, key: `top ${row.key}` })), kept);
  place(grid, body, data.rows, kept);
  for (const [key, row] of grid.rows) if (!kept.has(key)) row.remove(), grid.rows.delete(key);
  stick(grid);
  if (!grid.rows.has(grid.current)) grid.current = rowsOf(grid)[0]?.dataset.key ?? null;
  for (const row of rowsOf(grid)) row.tabIndex = row.dataset.key === grid.current ? 0 : -1;
  if (box.scrollTop) box.scrollTop += grid.pinned.offsetHeight - before;
  fit(grid);
}

// The rows on top as they stand, so that none moves under the pointer, with the ticks of ``pinned``.
function ticked(top, pinned) {
  const ids = new Set(pinned.map((row) => row.id));
  return top.map((row) => ({ ...row, tick: Number(ids.has(row.id)) }));
}

// The heads, made anew where they have changed.
function drawHead(grid) {
  const { data, head } = grid;
  const columns = JSON.stringify(data.columns);
  if (columns !== grid.columns) {
    grid.columns = columns;
    const focused = document.activeElement?.dataset?.column;
    const row = element("tr", { role: "row" });
    row.append(tickCell("th", "Select every row on this page"), ...data.columns.map(headCell));
    head.replaceChildren(row);
    const buttons = [...head.querySelectorAll("button")];
    const first = buttons.find((button) => button.dataset.column === focused) ?? buttons[0];
    for (const button of buttons) button.tabIndex = button === first ? 0 : -1;
    if (focused) first?.focus({ preventScroll: true });
  }
  const ticks = data.rows.filter((row) => row.kind !== "more").map((row) => tickOf(grid, row));
  setTick(head.querySelector("input"), ticks.every((tick) => tick === 1) ? 1 : ticks.some(Boolean) ? 2 : 0);
}

function headCell({ key, label, help, align, sort, sortable }, place) {
  const cell = element("th", { role: "columnheader", scope: "col", className: `${align} ${place ? "" : "name"}` });
  if (sort) cell.setAttribute("aria-sort", sort);
  const inner = element(sortable ? "button" : "span", { textContent: label, title: help });
  if (sortable) Object.assign(inner, { type: "button", tabIndex: -1 }).dataset.column = key;
  if (sort) inner.append(element("span", { className: "arrow", textContent: sort === "ascending" ? " ↑" : " ↓", ariaHidden: "true" }));
  cell.append(inner);
  return cell;
}

// The rows of a part of the table, in their order; those that are there already stay the same nodes.
function place(grid, part, rows, kept) {
  let next = part.firstElementChild;
  for (const row of rows) {
    const node = grid.rows.get(row.key) ?? grid.rows.set(row.key, newRow(row.key)).get(row.key);
    kept.add(row.key);
    fill(grid, node, row);
    if (node === next) next = next.nextElementSibling;
    else part.insertBefore(node, next);
  }
}

function newRow(key) {
  const node = element("tr", { role: "row", tabIndex: -1 });
  node.dataset.key = key;
  return node;
}

function fill(grid, node, row) {
  const facts = JSON.stringify([grid.data.columns.map(({ key, align }) => [key, align]), row]);
  node.row = row;
  if (node.facts !== facts) {
    node.facts = facts;
    node.className = `${row.kind} level${row.level}`;
    node.setAttribute("aria-level", row.level);
    if (row.kind === "group") node.setAttribute("aria-expanded", row.open);
    else node.removeAttribute("aria-expanded");
    node.replaceChildren(...cellsOf(grid, row));
  }
  if (row.kind === "more") return;
  const tick = tickOf(grid, row);
  setTick(node.querySelector("input"), tick);
  node.setAttribute("aria-selected", tick === 1);
}

function cellsOf(grid, row) {
  if (row.kind === "more") {
    const cell = element("td", { role: "gridcell", colSpan: grid.data.columns.length + 1, textContent: row.name });
    return [cell];
  }
  const name = element("td", { role: "gridcell", className: "name" });
  const inner = element("div", { className: "inner", title: row.title ?? row.name });
  if (row.kind === "group") {
    inner.append(element("button", { type: "button", tabIndex: -1, className: "twist", textContent: row.open ? "▾" : "▸", ariaLabel: `${row.open ? "Close" : "Open"} ${row.name}` }));
  }
  if (row.dot) inner.append(dot(row.dot));
  inner.append(element("span", { className: "text", textContent: row.name }));
  if (row.beside) inner.append(element("span", { className: "beside", textContent: row.beside }));
  name.append(inner);
  const cells = row.cells.map((cell, place) => dataCell(cell, grid.data.columns[place + 1]));
  return [tickCell("td", `Select ${row.name}`), name, ...cells];
}

function dataCell(cell, { align }) {
  const node = element("td", { role: "gridcell", className: align });
  if (typeof cell === "string") node.textContent = cell;
  else if (cell?.state) node.append(element("span", { className: `badge ${cell.state}`, textContent: cell.text, title: cell.title ?? "" }));
  else if (cell?.tags) for (const tag of cell.tags) node.append(element("span", { className: "badge tag", textContent: tag }));
  else if (cell?.curve?.length > 1) node.append(sparkline(cell.curve, cell.text));
  return node;
}

function dot(colour) {
  const node = element("span", { className: "dot", ariaHidden: "true" });
  node.style.background = colour;
  return node;
}

function sparkline(values, text) {
  const svg = (name, facts) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(facts)) node.setAttribute(key, value);
    return node;
  };
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, i) => `${(90 * i) / (values.length - 1) + 1},${19 - (17 * (value - low)) / (high - low || 1)}`);
  const drawing = svg("svg", { width: 92, height: 21, role: "img", "aria-label": text });
  drawing.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: "currentColor", "stroke-width": 1.4 }));
  return drawing;
}

function tickCell(kind, label) {
  const cell = element(kind, { role: kind === "th" ? "columnheader" : "gridcell", className: "tick" });
  cell.append(element("input", { type: "checkbox", tabIndex: kind === "th" ? 0 : -1, ariaLabel: label }));
  return cell;
}

function setTick(box, tick) {
  Object.assign(box, { checked: tick === 1, indeterminate: tick === 2 });
}

// 0, 1, or 2 for some of a group: as Python drew it, and what was pressed since.
function tickOf({ events }, { id, tick }) {
  return events.reduce((now, [, kind, value]) => (kind === "tick" && value.id === id ? Number(value.on) : kind === "all" ? Number(value) : now), tick);
}

function onClick(grid, event) {
  const row = event.target.closest("tbody tr")?.row;
  const box = event.target.closest("td.tick, th.tick")?.querySelector("input");
  const column = event.target.closest("button[data-column]")?.dataset.column;
  if (column) say(grid, "sort", column);
  else if (box && !row) say(grid, "all", event.target === box ? box.checked : !box.checked);
  else if (box) tick(grid, row);
  else if (row?.kind === "group" && event.target.closest("td.name")) say(grid, "open", { id: row.id, on: !row.open });
}

function tick(grid, row) {
  say(grid, "tick", { id: row.id, on: tickOf(grid, row) !== 1 });
}

function say(grid, kind, value) {
  grid.number = Math.max(grid.number + 1, Date.now());
  grid.events.push([grid.number, kind, value]);
  draw(grid);
  grid.send({ events: grid.events });
}

function onKey(grid, event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const row = event.target.closest("tbody tr");
  const done = row ? onRowKey(grid, row, event) : onHeadKey(grid, event);
  if (done) event.preventDefault();
}

function onRowKey(grid, node, { key, target }) {
  const { row } = node;
  const rows = rowsOf(grid);
  const at = rows.indexOf(node);
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -rows.length, End: rows.length };
  if (key in steps) return go(grid, rows[Math.min(rows.length - 1, Math.max(0, at + steps[key]))]);
  const group = row.kind === "group";
  if (group && ((key === "ArrowRight" && !row.open) || (key === "ArrowLeft" && row.open) || (key === "Enter" && target === node))) {
    say(grid, "open", { id: row.id, on: !row.open });
    return true;
  }
  if (key === "ArrowRight" && group) return go(grid, rows[at + 1]);
  if (key === "ArrowLeft" && row.level > 1) return go(grid, rows.slice(0, at).findLast((one) => one.row.level < row.level));
  if (key === " " && target === node && row.kind !== "more") {
    tick(grid, row);
    return true;
  }
  return false;
}

function onHeadKey({ head }, { key, target }) {
  const buttons = [...head.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(target) + { ArrowLeft: -1, ArrowRight: 1 }[key]];
  if (!next || !buttons.includes(target)) return false;
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
  return true;
}

function go(grid, node) {
  mark(grid, node);
  node?.focus();
  return Boolean(node);
}

function mark(grid, node) {
  if (!node || node.dataset.key === grid.current) return;
  const before = grid.rows.get(grid.current);
  if (before) before.tabIndex = -1;
  grid.current = node.dataset.key;
  node.tabIndex = 0;
}

function rowsOf({ table }) {
  return [...table.querySelectorAll("tbody tr")];
}

// The first pinned rows stand below the head, one below the other, in a third of the table at most.
function stick({ head, pinned, box }) {
  let top = head.offsetHeight;
  const most = Math.min(STUCK, Math.floor(box.clientHeight / 3 / (top || 1)));
  [...pinned.children].forEach((row, place) => {
    const stuck = place < most;
    row.classList.toggle("stuck", stuck);
    row.classList.toggle("last", place === pinned.children.length - 1);
    row.style.setProperty("--top", `${top}px`);
    if (stuck) top += row.offsetHeight;
  });
  box.style.setProperty("--stuck", `${top}px`);
}

// The table ends where the window does.
function fit({ box, data }) {
  if (!data) return;
  const scroller = box.closest('[data-testid="stMain"]');
  const top = box.getBoundingClientRect().top + (scroller?.scrollTop ?? window.scrollY);
  box.style.setProperty("--above", `${Math.round(top)}px`);
  box.style.setProperty("--below", data.below);
}

function element(name, { role, ...facts }) {
  const node = Object.assign(document.createElement(name), facts);
  if (role) node.setAttribute("role", role);
  return node;
}
