// A live region of ARIA that stays in the document: assistive technology announces only what changes inside one that it knows.

const region = document.createElement("div");
region.setAttribute("role", "status");
region.className = "reglab-status";

export default function ({ data, parentElement }) {
  if (!region.isConnected) document.body.append(region);
  if (region.textContent !== data.sentence) region.textContent = data.sentence;
  return () => parentElement.isConnected || (region.textContent = "");
}
