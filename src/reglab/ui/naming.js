// Names for assistive technology, which must tell the buttons and progress bars of a page apart. A label that stands
// several times gets what it belongs to: "Start: Your own sweep", "Increment: Epochs", "Reset axes: Gap". That is its
// chart, its field, the sentence it explains, or else the title before it. A progress bar gets the title alone.

const NAMED = 'button:not([role="radio"]), [role="progressbar"]';
const TITLES = "h1, h2, h3, h4, strong";
const TEXTS = '[data-testid="stMarkdown"], [data-testid="stHeading"], [data-testid="stCaptionContainer"]';
const ICONS = { "play_arrow icon": "Play", "pause icon": "Pause", "delete icon": "Delete" };
const LONGEST = 60; // characters of what a label belongs to
let waiting = false;

new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    nameAll();
  });
}).observe(document.body, { childList: true, subtree: true, characterData: true });

export default function () {
  nameAll();
}

function nameAll() {
  const main = document.querySelector('[data-testid="stMain"]');
  if (!main) return;
  for (const part of main.querySelectorAll('.katex-display, .stHtml > div, pre')) reachByKeyboard(part);
  const shown = [...main.querySelectorAll(NAMED)].filter((node) => node.checkVisibility());
  const titles = [...main.querySelectorAll(TITLES)];
  const taken = new Set();
  for (const [label, nodes] of Map.groupBy(shown, labelOf))
    for (const node of nodes) name(node, isAlone(node, label, nodes) ? label : distinct([label, ownerOf(node, titles)], taken));
}

// What scrolls must be reached by the keyboard.
function reachByKeyboard(node) {
  const scrolls = node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight;
  if (scrolls !== (node.tabIndex === 0)) node.tabIndex = scrolls ? 0 : -1;
}

// The button that has a key on the keyboard is that of the page itself.
function isAlone(node, label, nodes) {
  return Boolean(label) && (nodes.length === 1 || node.querySelector("kbd") !== null);
}

// What Streamlit calls it; its text without icons, whose names are text too.
function labelOf(node) {
  if (node.role === "progressbar") return "";
  node.dataset.reglabLabel ??= node.getAttribute("aria-label") ?? "";
  if (node.dataset.reglabLabel) return node.dataset.reglabLabel;
  return ICONS[textOf(node)] ?? textOf(node);
}

function textOf(node) {
  const copy = node.cloneNode(true);
  copy.querySelectorAll('[aria-hidden="true"], kbd').forEach((hidden) => hidden.remove());
  return copy.textContent.trim();
}

function ownerOf(node, titles) {
  const chart = node.closest("[data-reglab-chart]")?.getAttribute("aria-label");
  const field = node.closest(".stNumberInput, .stSelectbox, .stMultiSelect")?.querySelector("label")?.textContent;
  const text = node.dataset.reglabLabel === "Help" ? node.closest(TEXTS)?.textContent : "";
  const owner = (chart || field || text || titleOf(node, titles)).trim();
  return owner.length > LONGEST ? `${owner.slice(0, LONGEST - 1)}…` : owner;
}

// The last title before a node, in the smallest part of the page that has one.
function titleOf(node, titles) {
  for (let part = node.parentElement; part; part = part.parentElement) {
    const before = titles.filter((title) => part.contains(title) && isBefore(title, node));
    if (before.length) return before.at(-1).textContent;
  }
  return "";
}

function isBefore(title, node) {
  return Boolean(title.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function distinct(parts, taken) {
  const text = parts.filter(Boolean).join(": ");
  let found = text;
  for (let number = 2; taken.has(found); number++) found = `${text} (${number})`;
  taken.add(found);
  return found;
}

// A button whose own text is its name needs no other.
function name(node, text) {
  const before = node.getAttribute("aria-label") ?? "";
  const wanted = node.role !== "progressbar" && !node.dataset.reglabLabel && textOf(node) === text ? "" : text;
  if (wanted && wanted !== before) node.setAttribute("aria-label", wanted);
  if (!wanted && before) node.removeAttribute("aria-label");
}
