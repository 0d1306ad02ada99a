// Scrolls to the top of the page when what is shown has changed since the last time, not when the page first opens.

let last = null;

export default function ({ data, parentElement }) {
  const changed = last !== null && last !== data;
  last = data;
  if (changed) parentElement.closest('[data-testid="stMain"]')?.scrollTo({ top: 0, behavior: "instant" });
}
