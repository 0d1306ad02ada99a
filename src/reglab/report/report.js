// Draws the charts of the page from the figures in it, with the chart library in it: nothing is loaded from elsewhere.
// Colours follow the reader's theme; on paper they are light, and charts are as wide as the paper.

const PAPER = 680; // pixels between the margins of A4, as in the style
const dark = matchMedia("(prefers-color-scheme: dark)");
const paper = matchMedia("print");
const charts = [];
const waiting = [...document.querySelectorAll("script.figure")]; // figures that are yet to be drawn

async function start() {
  try {
    const script = document.createElement("script");
    script.textContent = await unpacked(document.getElementById("library").textContent);
    document.head.append(script); // the policy knows its hash
    while (waiting.length) await show(waiting.shift());
  } catch (error) {
    complain(error);
  }
  document.documentElement.dataset.drawn = charts.length;
}

async function unpacked(text) {
  if (!window.DecompressionStream) throw new Error("this browser is too old; use one from 2023 or later");
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

async function show(source) {
  const node = document.getElementById(source.dataset.chart);
  const chart = { node, height: Number(node.dataset.height), ...JSON.parse(source.textContent) };
  node.style.height = `${chart.height}px`;
  charts.push(chart);
  new MutationObserver(() => typeset(node)).observe(node, { childList: true, subtree: true });
  await draw(chart, false);
  await new Promise(requestAnimationFrame); // the page answers between two charts
}

function draw({ node, data, layout, height }, printed) {
  const size = printed ? { width: PAPER, height, autosize: false } : { height, autosize: true, width: undefined };
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover", modeBarButtons: [["toImage", "resetScale2d"]] };
  return Plotly.react(node, data, { ...layout, ...size, template: { layout: look() } }, config);
}

function look() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const [text, line, panel] = ["text", "line", "panel"].map(read);
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, tickcolor: line, automargin: true };
  const font = { family: "system-ui, Helvetica, Arial, sans-serif", color: text };
  return {
    font: { ...font, size: 14 },
    title: { font: { color: text, size: 16 } },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    xaxis: axis,
    yaxis: axis,
    hoverlabel: { bgcolor: panel, bordercolor: line, font },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: line, activecolor: text },
  };
}

// Plotly's number formats know neither a true minus nor the thin space before %.
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

function complain(error) {
  const place = document.getElementById("trouble");
  place.hidden = false;
  place.textContent = `The charts could not be drawn: ${error.message}.`;
  console.error(error);
}

function redraw(printed) {
  document.documentElement.classList.toggle("printed", printed);
  while (printed && window.Plotly && waiting.length) show(waiting.shift()); // a page is printed whole, however early
  for (const chart of charts) draw(chart, printed);
}

addEventListener("beforeprint", () => redraw(true));
addEventListener("afterprint", () => redraw(false));
paper.addEventListener("change", ({ matches }) => redraw(matches));
dark.addEventListener("change", () => redraw(paper.matches));
start();
