// The figures of a chart as a table. Its button shows itself to the pointer and to the keyboard; Python makes the table,
// and the next message of the chart brings it. The dialog is a modal one of the browser: Escape closes it, and the
// focus returns to the button.

function addTableButton(chart) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "reglab-table-button", textContent: "⊞" });
  button.title = "Figures as a table";
  button.addEventListener("click", () => ((chart.wantsCsv = false), chart.askTable?.()));
  chart.tableButton = button;
  chart.node.append(button);
}

// Titles are Plotly's little HTML, read as a document that is never shown.
function titleOf({ name, figure }) {
  if (name) return name;
  const [title] = (figure.layout.meta?.heading?.title ?? figure.layout.title?.text ?? "").split("<br>");
  return new DOMParser().parseFromString(title, "text/html").body.textContent.trim();
}

function nameChart({ node, message, tableButton }) {
  const title = titleOf(message);
  if (node.getAttribute("aria-label") === title) return;
  node.setAttribute("role", "figure");
  node.setAttribute("aria-label", title);
  tableButton.setAttribute("aria-label", `${title}: figures as a table`);
}

function answerTable(chart) {
  const { table } = chart.message;
  if (!table || table.number === chart.tableNumber) return;
  chart.tableNumber = table.number;
  if (chart.wantsCsv) saveCsv(chart, table);
  else openTable(chart, table);
}

function openTable(chart, table) {
  const dialog = make("dialog", { className: "reglab-table" });
  const heading = make("h2", { id: `reglab-table-${table.number}`, textContent: titleOf(chart.message) || table.title });
  dialog.setAttribute("aria-labelledby", heading.id);
  const close = make("button", { type: "button", textContent: "Close" });
  close.addEventListener("click", () => dialog.close());
  const head = make("header", {}, [heading, csvLink(chart, table), close]);
  const about = make("p", { textContent: aboutText(table) });
  dialog.append(head, about, ...(table.rows.length ? [scrolling(table, heading.id)] : []));
  dialog.addEventListener("close", () => leaveTable(chart, dialog));
  wearTheme(dialog, chart.node);
  document.body.append(dialog);
  chart.dialog = dialog;
  dialog.showModal();
}

function leaveTable(chart, dialog) {
  URL.revokeObjectURL(dialog.querySelector("a").href);
  dialog.remove();
  chart.dialog = null;
}

function aboutText({ subtitle, rows, left }) {
  if (!rows.length) return "The chart has no figures yet.";
  const more = left ? `The first ${rows.length.toLocaleString("en")} rows; the CSV file has ${left.toLocaleString("en")} more.` : "";
  return [subtitle, more].filter(Boolean).join(". ");
}

function csvLink(chart, { csv }) {
  const href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  return make("a", { href, download: `${fileOf(chart)}.csv`, textContent: "Download CSV" });
}

// A region that scrolls must be reached by the keyboard, and so have a name.
function scrolling({ columns, numeric, rows }, label) {
  const cells = (row) => row.map((text, place) => cell(place ? "td" : "th", text, numeric[place], "row"));
  const top = make("tr", {}, columns.map((text, place) => cell("th", text, numeric[place], "col")));
  const body = rows.map((row) => make("tr", {}, cells(row)));
  const region = make("div", { tabIndex: 0 }, [make("table", {}, [make("thead", {}, [top]), make("tbody", {}, body)])]);
  region.setAttribute("role", "region");
  region.setAttribute("aria-labelledby", label);
  return region;
}

function cell(tag, text, numeric, scope) {
  const made = make(tag, { textContent: text, className: numeric ? "number" : "" });
  if (tag === "th") made.scope = scope;
  return made;
}

function make(tag, properties, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// The dialog lies outside of the page's own elements, which have the theme's colours as variables.
function wearTheme(dialog, node) {
  const style = getComputedStyle(node);
  for (const name of ["background-color", "secondary-background-color", "text-color", "border-color", "link-color", "font"])
    dialog.style.setProperty(`--st-${name}`, style.getPropertyValue(`--st-${name}`));
}
