// A Plotly figure in a DOM node that outlives updates: they go through Plotly.react, so zoom, hidden legend entries and
// the node itself stay. Streamlit may also replace the place of an element, when a rerun of the page meets a tick of a
// fragment; then the node moves to the new place. The file is an ES module that is loaded once per page.

const charts = new Map(); // key -> chart
const mounts = {}; // key -> how many nodes were made; tests assert that it stays 1
const PATIENCE = 10_000; // milliseconds until a chart that has lost its place is freed
const WIDE = 1600; // pixels of a window, seen from afar, on which the smallest text is 14 pixels high in place of 12
const PAPER = { width: 640, height: 340 }; // pixels of a chart on A4 or Letter, as in print.css
const LIGHT = { paper: "#ffffff", panel: "#f2f5f8", text: "#1c2733", heading: "#1c2733", line: "#d4dce4" };
const INK_FACTOR = 1.5; // lines and markers of a presentation
let printing = false;

// A browser prints at once what is there: before it does, charts are redrawn as wide as the paper, dark on light.
window.addEventListener("beforeprint", () => print(true));
window.addEventListener("afterprint", () => print(false));

function print(begins) {
  printing = begins;
  for (const chart of charts.values()) if (window.Plotly && chart.message) draw(chart);
}

export default function ({ data, parentElement: place, setTriggerValue }) {
  const message = JSON.parse(new TextDecoder().decode(data));
  const chart = chartIn(place, message);
  chart.message = message;
  chart.instead = null;
  chart.tell = message.clickable ? (point) => setTriggerValue("click", point) : null;
  chart.askTable = () => setTriggerValue("table", true);
  nameChart(chart);
  answerTable(chart);
  loadPlotly(message.plotly).then(() => draw(chart), (error) => complain(chart, error));
  // Streamlit also calls this for a superseded update of a place that stays.
  return () => place.isConnected || leave(chart, place);
}

function chartIn(place, message) {
  const { key } = message;
  const known = charts.get(key);
  if (known?.place === place) return known;
  const chart = known && !known.place.isConnected ? known : create(message);
  clearTimeout(chart.leaving);
  chart.place = place;
  place.appendChild(chart.node);
  charts.set(key, chart);
  return chart;
}

function create(message) {
  const { key } = message;
  const node = document.createElement("div");
  mounts[key] = (mounts[key] ?? 0) + 1;
  Object.assign(node.dataset, { testid: "reglab-chart", reglabChart: key, mounts: mounts[key], updates: 0 });
  Object.assign(node.style, { width: "100%", height: heightOf(message) });
  const chart = { key, node, place: null, message: null, tell: null, held: false, pointer: null };
  addTableButton(chart);
  chart.observer = new ResizeObserver(() => requestAnimationFrame(() => resize(chart)));
  chart.observer.observe(node);
  chart.writing = new MutationObserver(() => typeset(node));
  chart.writing.observe(node, { childList: true, subtree: true });
  followPointer(chart);
  // For a replay: draws another figure in place of the message's, until the next message.
  node.reglabShow = (figure, version) => {
    chart.instead = { figure, version };
    draw(chart);
  };
  return chart;
}

// Pixels, or a length of CSS that follows the window.
function heightOf({ height }) {
  return typeof height === "number" ? `${height}px` : height;
}

function leave(chart, place) {
  if (chart.place !== place) return; // it has moved on
  clearTimeout(chart.leaving);
  chart.leaving = setTimeout(() => chart.place.isConnected || free(chart), PATIENCE);
}

function free(chart) {
  if (charts.get(chart.key) === chart) charts.delete(chart.key);
  chart.observer.disconnect();
  chart.writing.disconnect();
  chart.listening.abort();
  chart.dialog?.close();
  if (chart.node._fullLayout) window.Plotly.purge(chart.node);
  chart.node.remove();
}

function loadPlotly(url) {
  window.reglabPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(url, document.baseURI);
    script.onload = resolve;
    script.onerror = () => {
      window.reglabPlotly = undefined; // the next update tries again
      script.remove();
      reject(new Error("The chart library did not load. Is the server still running?"));
    };
    document.head.appendChild(script);
  });
  return window.reglabPlotly;
}

// A redraw in the middle of a drag would cancel the drag, so an update waits until the pointer is released.
function followPointer(chart) {
  chart.listening = new AbortController();
  const { node } = chart;
  const { signal } = chart.listening;
  node.addEventListener("pointerdown", () => (chart.held = true), { signal });
  node.addEventListener("pointermove", (event) => (chart.pointer = [event.clientX, event.clientY]), { signal });
  node.addEventListener("pointerleave", () => (chart.pointer = null), { signal });
  for (const name of ["mouseup", "touchend", "pointercancel"])
    window.addEventListener(name, () => chart.held && setTimeout(() => release(chart), 0), { signal });
}

function release(chart) {
  chart.held = false;
  draw(chart);
}

function draw(chart) {
  const { node, message } = chart;
  if (chart.held || !node.isConnected || !node.clientWidth) return; // drawn on release or by the resize observer
  const look = readTheme(node, message);
  const { figure, version: which } = { ...message, ...chart.instead };
  const version = `${which} ${JSON.stringify(look)}`;
  if (version === chart.drawn) return;
  chart.drawn = version;
  chart.enlargement = look.enlargement;
  node.style.height = printing ? `${PAPER.height}px` : heightOf(message);
  const data = enlarged(figure.data, look);
  const layout = keepZoom(chart, layoutOf(figure, message.key, look));
  window.Plotly.react(node, data, layout, (chart.config ??= configOf(chart))).then(
    () => {
      node.dataset.updates = Number(node.dataset.updates) + 1;
      nameTools(chart);
      followClicks(chart);
      hoverAgain(chart);
    },
    (error) => complain(chart, error),
  );
}

// Plotly forgets a person's zoom where the figure's own range changes, as it does while data come. An axis whose range
// is not the one last given has been zoomed: it is given that one again, until a double click returns to it.
function keepZoom(chart, layout) {
  chart.given ??= {};
  for (const name of Object.keys(layout).filter((name) => /^[xy]axis/.test(name) && layout[name].range)) {
    const given = chart.given[name];
    const shown = chart.node.layout?.[name]?.range;
    const zoomed = given && shown && layout[name].uirevision === given.uirevision && String(shown) !== String(given.range);
    const range = zoomed ? given.range : layout[name].range;
    chart.given[name] = { range: [...range], uirevision: layout[name].uirevision };
    layout[name] = { ...layout[name], range: [...range] };
  }
  return layout;
}

function resize(chart) {
  const { node } = chart;
  if (!window.Plotly || !chart.message || !node.clientWidth || printing) return;
  const drawn = node._fullLayout;
  if (!drawn || enlargement(chart.message) !== chart.enlargement) draw(chart);
  else if (drawn.width !== node.clientWidth || drawn.height !== node.clientHeight) window.Plotly.Plots.resize(node);
}

// A redraw removes the hover label although the pointer has not moved; moving it by nothing brings the label back.
function hoverAgain({ node, pointer }) {
  if (!pointer) return;
  const [clientX, clientY] = pointer;
  const target = document.elementFromPoint(clientX, clientY);
  if (node.contains(target)) target.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
}

// A point with customdata can be clicked, where Python listens; the pointer says so. Plotly gives a node its `on` when
// it first draws there.
function followClicks(chart) {
  if (chart.clicks) return;
  chart.clicks = true;
  const { node } = chart;
  const pointIn = ({ points }) => (chart.tell && points.find((point) => point.customdata)) || null;
  const show = (cursor) => node.querySelectorAll(".nsewdrag").forEach(({ style }) => (style.cursor = cursor));
  node.on("plotly_hover", (event) => show(pointIn(event) ? "pointer" : ""));
  node.on("plotly_unhover", () => show(""));
  node.on("plotly_click", (event) => {
    const point = pointIn(event);
    if (point) chart.tell(point.customdata);
  });
}

// Plotly's number formats know neither a true minus on hovering nor the thin space before %, which pages have.
function typeset(node) {
  for (const group of node.querySelectorAll(".hoverlayer, .xtick, .ytick")) {
    const texts = document.createTreeWalker(group, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      const set = text.data.replace(/(\d)%/g, "$1\u202f%").replace(/(^|[^\w.])-(?=[.\d])/g, "$1\u2212");
      if (set !== text.data) text.data = set;
    }
  }
}

function complain({ node }, error) {
  console.error(error);
  if (!node._fullLayout) node.textContent = error.message;
}

function layoutOf(figure, key, { paper, enlargement, presented, ...colours }) {
  const layout = { uirevision: key, ...figure.layout, template: { layout: templateOf(colours) } };
  return { ...enlarged(layout, { enlargement, presented }), ...(printing ? PAPER : {}), autosize: !printing };
}

// Of text: in a presentation 18 pixels, and up to 22 on a window 1,920 pixels wide.
function enlargement({ presented }) {
  if (presented && !printing) return Math.min(Math.max(18 + (window.innerWidth - 1280) / 160, 18), 22) / 12;
  return window.innerWidth < WIDE || printing ? 1 : 14 / 12;
}

const FONT = (name, inside) => inside === "margin" || inside === "pad" || (name === "size" && inside.endsWith("font"));
const SEEN_FROM_AFAR = (name, inside) =>
  FONT(name, inside) ||
  ["xshift", "yshift", "standoff", "ticklen"].includes(name) ||
  (name === "thickness" && inside === "colorbar");
const INK = (name, inside) => (name === "width" && inside === "line") || (name === "size" && inside === "marker");

// A copy with every font and margin enlarged; in a presentation also lines, markers and what depends on the fonts.
function enlarged(value, { enlargement: factor, presented }, inside = "") {
  if (factor === 1) return value;
  const grow = (item, name) => enlarged(item, { enlargement: factor, presented }, name);
  if (typeof value === "string") return value.replace(/font-size:([\d.]+)px/g, (_, size) => `font-size:${size * factor}px`);
  if (Array.isArray(value)) return value.map((item) => (typeof item === "object" ? grow(item, inside) : item));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  const grown = (name, item) => {
    if (typeof item !== "number") return grow(item, name);
    if (presented && INK(name, inside)) return item * INK_FACTOR;
    return (presented ? SEEN_FROM_AFAR : FONT)(name, inside) ? item * factor : item;
  };
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, grown(name, item)]));
}

function readTheme(node, message) {
  const style = getComputedStyle(node);
  const read = (name) => style.getPropertyValue(`--st-${name}`).trim();
  return {
    paper: read("background-color"),
    panel: read("secondary-background-color"),
    text: read("text-color"),
    heading: read("heading-color"),
    line: read("border-color"),
    font: read("font"),
    palette: read("chart-categorical-colors"),
    enlargement: enlargement(message),
    presented: Boolean(message.presented),
    ...(printing ? { ...LIGHT, printing } : {}),
  };
}

function templateOf({ panel, text, heading, line, font, palette }) {
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line, automargin: true };
  return {
    font: { family: font, color: text, size: 12 },
    title: { font: { color: heading, size: 14 }, subtitle: { font: { color: text, size: 12 } } },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    colorway: palette.split(","),
    xaxis: axis,
    yaxis: axis,
    hoverlabel: { bgcolor: panel, bordercolor: line, font: { family: font, color: text } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: text, activecolor: palette.split(",")[0] },
  };
}

// Made once a chart: a new configuration makes Plotly.react start over and forget the zoom.
function configOf(chart) {
  const modeBarButtons = [["resetScale2d"], toolbarOf(chart)];
  return { displaylogo: false, displayModeBar: chart.message.presented ? false : "hover", modeBarButtons };
}
