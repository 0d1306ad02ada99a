// A black square to draw on with white ink, by mouse, pen or finger. Python gets the grey values of SIDE × SIDE pixels
// when the pointer is lifted, and gives the last drawing back when the pad is made anew.

const SIDE = 112;
const INK = 0.085; // width of the pen, as a share of the side
const pads = new WeakMap(); // place -> pad

export default function ({ data, parentElement, setStateValue }) {
  const pad = pads.get(parentElement) ?? create(parentElement, data);
  pad.send = (pixels) => setStateValue("drawing", { pixels });
}

function create(place, { label, pixels }) {
  const node = document.createElement("div");
  const canvas = document.createElement("canvas");
  const clear = document.createElement("button");
  node.className = "reglab-pad";
  Object.assign(canvas, { width: SIDE, height: SIDE });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  Object.assign(clear, { type: "button", textContent: "Clear" });
  node.append(canvas, clear);
  place.append(node); // beside the style sheet
  const pad = { ink: canvas.getContext("2d", { willReadFrequently: true }), canvas, send: () => {}, last: null };
  pads.set(place, pad);
  wipe(pad);
  if (pixels) restore(pad, pixels);
  canvas.addEventListener("pointerdown", (event) => begin(pad, event));
  canvas.addEventListener("pointermove", (event) => pad.last && draw(pad, event));
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => end(pad));
  clear.addEventListener("click", () => {
    wipe(pad);
    pad.send("");
  });
  return pad;
}

function wipe({ ink }) {
  ink.fillStyle = "#000";
  ink.fillRect(0, 0, SIDE, SIDE);
}

function begin(pad, event) {
  event.preventDefault();
  pad.canvas.setPointerCapture(event.pointerId);
  pad.last = at(pad, event);
  draw(pad, event); // a dot
}

function draw(pad, event) {
  const { ink, last } = pad;
  const next = at(pad, event);
  Object.assign(ink, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round", lineWidth: INK * SIDE });
  ink.beginPath();
  ink.moveTo(...last);
  ink.lineTo(...next);
  ink.stroke();
  pad.last = next;
}

function end(pad) {
  if (!pad.last) return;
  pad.last = null;
  const { data } = pad.ink.getImageData(0, 0, SIDE, SIDE);
  let grey = "";
  for (let i = 0; i < data.length; i += 4) grey += String.fromCharCode(data[i]);
  pad.send(btoa(grey));
}

function restore({ ink }, pixels) {
  const grey = atob(pixels);
  const image = ink.createImageData(SIDE, SIDE);
  for (let i = 0; i < grey.length; i++) image.data.set([grey.charCodeAt(i), grey.charCodeAt(i), grey.charCodeAt(i), 255], 4 * i);
  ink.putImageData(image, 0, 0);
}

function at({ canvas }, { clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
}
