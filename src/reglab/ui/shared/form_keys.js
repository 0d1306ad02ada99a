// Keys of a form. Streamlit's own handler of a key runs first, so that the field's text has been sent when Start is
// pressed; the server reads both in one run. A Start that is disabled stays so: the reason stands at its field.

const SOON = 200; // milliseconds from the last arrow key until the number is sent
const LEAST = 1e-5; // below it there is 0
const MOST = 1000;

let form = null; // what Python says of the form on screen
let sending = null;

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!form || !event.isTrusted || !(field instanceof HTMLInputElement)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
  if (event.key === "Enter" && isTyped(field)) start();
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") step(event, field);
});

export default function ({ data, parentElement }) {
  form = data;
  return () => {
    if (!parentElement.isConnected && form === data) form = null;
  };
}

// A list of choices opens and closes with Enter; only fields that are typed into start.
function isTyped(field) {
  return ["text", "number"].includes(field.type) && field.role !== "combobox" && field.closest(`.st-key-${form.form}`);
}

function start() {
  const button = document.querySelector(`.st-key-${form.start} button`);
  if (button && !button.disabled) button.click();
}

function step(event, field) {
  if (!form.lambdas.some((key) => field.closest(`.st-key-${key}`))) return;
  const value = Number(field.value.trim().replace(",", ".") || NaN);
  if (!(value >= 0)) return;
  event.preventDefault();
  type(field, text(event.key === "ArrowUp" ? above(value) : below(value)));
  clearTimeout(sending);
  sending = setTimeout(() => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })), SOON);
}

// 1 and 3 times a power of ten, as [digit, exponent].
function above(value) {
  if (value < LEAST) return [1, Math.log10(LEAST)];
  const exponent = Math.floor(Math.log10(value * (1 + 1e-9)));
  const digits = value / 10 ** exponent;
  if (value * (1 + 1e-9) >= MOST) return [1, Math.log10(MOST)];
  return digits < 3 - 1e-6 ? [3, exponent] : [1, exponent + 1];
}

function below(value) {
  if (value <= LEAST * (1 + 1e-9)) return [0, 0];
  const exponent = Math.floor(Math.log10(value * (1 + 1e-9)));
  const digits = value / 10 ** exponent;
  return digits > 3 + 1e-6 ? [3, exponent] : digits > 1 + 1e-6 ? [1, exponent] : [3, exponent - 1];
}

// As number_format.exact writes it: 3e-4, 0.003, 30.
function text([digit, exponent]) {
  const power = Math.round(exponent);
  if (digit === 0) return "0";
  if (power < -3) return `${digit}e${power}`;
  return power < 0 ? (digit * 10 ** power).toFixed(-power) : String(digit * 10 ** power);
}

// React notices a change of a field only by the browser's own setter.
function type(field, value) {
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, value);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
