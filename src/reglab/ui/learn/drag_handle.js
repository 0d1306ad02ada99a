// A handle on top of a chart of the live component: it follows the pointer by itself, and tells Python where it is, a
// few times a second while it is dragged and once more on release. The chart below is redrawn by Python as usual.

const handles = new Map(); // chart's key -> handle
const PAUSE = 90; // milliseconds between two messages
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

export default function ({ data, parentElement, setStateValue }) {
  const handle = handles.get(data.chart) ?? create(data);
  Object.assign(handle, { data, send: (x, y, n) => setStateValue("at", { x, y, n }) });
  const untold = handle.held || handle.timer; // a place that Python has yet to hear of is newer than every answer
  if (!untold && data.n >= handle.sent) Object.assign(handle, { x: data.x, y: data.y });
  handle.waiting ??= setInterval(() => attach(handle), 50);
  attach(handle);
  return () => parentElement.isConnected || remove(handle);
}

function create(data) {
  const node = document.createElement("div");
  Object.assign(node, { className: "reglab-handle", tabIndex: 0 });
  node.setAttribute("role", "slider");
  node.setAttribute("aria-label", data.label);
  node.setAttribute("aria-valuemin", -data.reach);
  node.setAttribute("aria-valuemax", data.reach);
  const handle = { key: data.chart, node, data, chart: null, held: false, sent: 0, x: data.x, y: data.y };
  handles.set(data.chart, handle);
  node.addEventListener("pointerdown", (event) => grab(handle, event));
  node.addEventListener("pointermove", (event) => handle.held && drag(handle, event));
  for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, () => release(handle));
  node.addEventListener("keydown", (event) => nudge(handle, event));
  return handle;
}

// The chart is drawn by another component, perhaps later, and perhaps on a new node one day.
function attach(handle) {
  const chart = document.querySelector(`[data-reglab-chart="${handle.key}"]`);
  if (!chart?._fullLayout?.xaxis?._length || !chart.on) return;
  clearInterval(handle.waiting);
  handle.waiting = null;
  if (handle.chart !== chart || !chart.contains(handle.node)) {
    handle.chart = chart;
    chart.appendChild(handle.node);
    chart.on("plotly_afterplot", () => place(handle));
  }
  place(handle);
}

function remove(handle) {
  clearInterval(handle.waiting);
  handle.node.remove();
  if (handles.get(handle.key) === handle) handles.delete(handle.key);
}

function place({ chart, node, x, y }) {
  const { xaxis, yaxis } = chart._fullLayout;
  const [left, top] = [xaxis.d2p(x), yaxis.d2p(y)];
  const visible = left >= 0 && left <= xaxis._length && top >= 0 && top <= yaxis._length;
  node.style.display = visible ? "" : "none";
  node.style.transform = `translate(${xaxis._offset + left}px, ${yaxis._offset + top}px) translate(-50%, -50%)`;
  node.setAttribute("aria-valuenow", x);
  node.setAttribute("aria-valuetext", `w₁ = ${x}, w₂ = ${y}`);
}

function grab(handle, event) {
  event.preventDefault();
  event.stopPropagation(); // neither a zoom nor the chart's own "held"
  handle.node.focus({ preventScroll: true });
  handle.node.setPointerCapture(event.pointerId);
  const box = handle.node.getBoundingClientRect();
  handle.grip = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  handle.held = true;
}

function drag(handle, { clientX, clientY }) {
  const { xaxis, yaxis } = handle.chart._fullLayout;
  const box = handle.chart.getBoundingClientRect();
  const [dx, dy] = handle.grip;
  const x = xaxis.p2d(clientX - dx - box.left - xaxis._offset);
  const y = yaxis.p2d(clientY - dy - box.top - yaxis._offset);
  move(handle, x, y);
}

function nudge(handle, event) {
  const [right, up] = KEYS[event.key] ?? [0, 0];
  if (!right && !up) return;
  event.preventDefault();
  const step = event.shiftKey ? 0.5 : 0.1;
  move(handle, handle.x + right * step, handle.y + up * step);
}

function move(handle, x, y) {
  const { reach } = handle.data;
  const inside = (value) => Math.round(100 * Math.min(reach, Math.max(-reach, value))) / 100;
  Object.assign(handle, { x: inside(x), y: inside(y) });
  place(handle);
  handle.timer ??= setTimeout(() => tell(handle), PAUSE);
}

function release(handle) {
  if (!handle.held) return;
  handle.held = false;
  if (handle.timer) tell(handle);
}

// n grows with every message, so that an answer to an older one cannot move the handle back.
function tell(handle) {
  clearTimeout(handle.timer);
  handle.timer = null;
  handle.sent = Math.max(Date.now(), handle.sent + 1);
  handle.send(handle.x, handle.y, handle.sent);
}
