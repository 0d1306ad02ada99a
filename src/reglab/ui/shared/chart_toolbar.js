// The toolbar of a chart: PNG, SVG, copy, CSV. Pictures are light, as wide as a slide, and say what was trained; they
// show the chart as it is on screen: zoomed, with hidden lines hidden. This file, live_chart.js and chart_table.js
// are one module.

const PICTURE = { width: 1200, height: 675, scale: 2 }; // at least this high
const PICTURED = { // on LIGHT
  font: "Arial, Helvetica, sans-serif", // a picture has no fonts of the page, and texts must be as wide as measured
  palette: "#1f78b4,#c2601a,#15826a,#8a56b5,#8f6d00,#c2467f,#8c5a3c,#5f6b7a",
};
const TITLE = { at: 28, line: 22, size: 17, small: 13, below: 14 }; // pixels of the heading: where it begins, its lines
const ROOM = 54; // pixels of a chart's usual heading; what a chart has more, it needs above the plot
const DRAWINGS = { // of Google's Material icons
  svg:
    "M23 8a2 2 0 0 1-2.5 1.9l-3.6 3.6a2 2 0 1 1-3.8 0l-2.6-2.6a2 2 0 0 1-1 0l-4.6 4.6a2 2 0 1 1-1.4-1.4l4.6-4.6a2 2 0 1 1 " +
    "3.8 0l2.6 2.6a2 2 0 0 1 1 0l3.6-3.6A2 2 0 1 1 23 8z",
  copy:
    "M16 1H4a2 2 0 0 0-2 2v14h2V3h12V1zm3 4H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2zm0 16H8V7h11v14z",
  csv: "M10 10h5v11h-5zM17 21h3a2 2 0 0 0 2-2v-9h-5v11zm3-18H5a2 2 0 0 0-2 2v3h19V5a2 2 0 0 0-2-2zM3 19a2 2 0 0 0 2 2h3V10H3v9z",
};

function toolbarOf(chart) {
  const icon = (name) => ({ width: 24, height: 24, path: DRAWINGS[name] });
  const tools = [
    { name: "Download PNG", icon: window.Plotly.Icons.camera, click: () => save(chart, "png") },
    { name: "Download SVG", icon: icon("svg"), click: () => save(chart, "svg") },
    { name: "Download the data as CSV", icon: icon("csv"), click: () => askForCsv(chart) },
  ];
  // Browsers have a clipboard only under https or on this machine.
  if (navigator.clipboard?.write) tools.push({ name: "Copy as image", icon: icon("copy"), click: () => copy(chart) });
  return tools;
}

// Tools are named after their chart, so that no two on a page are called alike.
function nameTools(chart) {
  const { title } = headingOf(chart);
  for (const tool of chart.node.querySelectorAll(".modebar-btn"))
    tool.setAttribute("aria-label", title ? `${tool.dataset.title}: ${title}` : tool.dataset.title);
}

async function save(chart, format) {
  const address = await picture(chart, format);
  saveAs(address, `${fileOf(chart)}.${format}`);
}

async function copy(chart) {
  const tool = chart.node.querySelector('.modebar-btn[data-title^="Cop"]');
  const image = picture(chart, "png").then(blobOf);
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": image })]);
    tell(tool, "Copied");
  } catch (error) {
    console.warn(error);
    tell(tool, "Not copied: the browser refused");
  }
}

// Says so in place of the tool's name, until the person leaves it.
function tell(tool, text) {
  const { title } = tool.dataset;
  const name = tool.getAttribute("aria-label");
  tool.dataset.title = text;
  tool.setAttribute("aria-label", text);
  const back = () => (tool.dataset.title = title, tool.setAttribute("aria-label", name));
  for (const end of ["mouseleave", "blur"]) tool.addEventListener(end, back, { once: true });
}

// The table is made by the server, which has the figures of a chart at full precision; see chart_table.js.
function askForCsv(chart) {
  chart.wantsCsv = true;
  chart.askTable();
}

function saveCsv(chart, { csv }) {
  chart.wantsCsv = false;
  const address = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
  saveAs(address, `${fileOf(chart)}.csv`);
  URL.revokeObjectURL(address);
}

function saveAs(address, name) {
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
}

// "sweep-s1a2b-loss-against-lambda2": what is shown, and the chart.
function fileOf(chart) {
  const plain = (text) => text.normalize("NFKC").replace(/λ/g, "lambda").toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const name = [chart.message.file, headingOf(chart).title || chart.key].filter(Boolean).map(plain).join("-");
  return name.replace(/-+/g, "-").replace(/^-|-$/g, "").slice(0, 120);
}

function figureOf(chart) {
  return (chart.instead ?? chart.message).figure;
}

// Title and subtitle of the figure as it was made, before a page took them away; or the title that the page gives it.
function headingOf(chart) {
  const { layout } = figureOf(chart);
  const [title = "", subtitle = ""] = (layout.title?.text ?? "").split("<br>");
  const heading = { title, subtitle, ...layout.meta?.heading };
  return chart.message.name ? { ...heading, title: chart.message.name } : heading;
}

function picture(chart, format) {
  const { node, message } = chart;
  const figure = figureOf(chart);
  const height = Math.max(PICTURE.height, node.clientHeight);
  const layout = { ...pictured(chart, figure), width: PICTURE.width, height, autosize: false };
  const data = figure.layout.meta?.legend ? named(node.data) : node.data;
  return window.Plotly.toImage({ data, layout }, { ...PICTURE, format, height });
}

// The layout on screen, with the light theme, the whole heading, and what a small place on the page leaves out.
function pictured(chart, figure) {
  const { node, message } = chart;
  const { whole, legend } = figure.layout.meta ?? {};
  const lines = [headingOf(chart).subtitle, message.facts].filter(Boolean);
  const small = `font-size:${TITLE.small}px`;
  const text = [headingOf(chart).title, ...lines.map((line) => `<span style="${small}">${line}</span>`)].join("<br>");
  const layout = {
    ...node.layout,
    template: { layout: templateOf({ ...LIGHT, ...PICTURED }) },
    paper_bgcolor: LIGHT.paper,
    title: { ...figure.layout.title, text, x: 0.015, y: 1, yanchor: "top", xref: "container", pad: { t: TITLE.at }, font: { size: TITLE.size } },
  };
  const top = whole?.top ?? figure.layout.margin?.t ?? ROOM;
  const head = TITLE.at + TITLE.line * lines.length + TITLE.below;
  layout.margin = { ...layout.margin, ...whole?.margin, t: head + Math.max(top - ROOM, 0) };
  if (whole?.x) layout.xaxis = { ...layout.xaxis, title: whole.x };
  if (legend) layout.showlegend = true;
  if (legend) layout.margin.b = Math.max(layout.margin.b ?? 0, 62 + 20 * legendRows(node.data));
  return layout;
}

function legendRows(data) {
  const names = new Set(data.map(({ name }) => name).filter(Boolean));
  return Math.ceil([...names].reduce((wide, name) => wide + 60 + 7.5 * name.length, 0) / PICTURE.width);
}

// The page names these runs beside the chart; a picture has to do it itself, each name once.
function named(data) {
  const seen = new Set();
  return data.map((trace) => {
    const showlegend = Boolean(trace.name) && trace.name !== "best epoch" && !seen.has(trace.name);
    seen.add(trace.name);
    return { ...trace, showlegend };
  });
}

// The content security policy lets no script fetch a data address.
function blobOf(address) {
  const [head, body] = address.split(",");
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length).split(";")[0] });
}
