// A small text that this browser keeps for its next visit. Python gives a newer one with a number above 0.

const written = {}; // name -> number of the text that was written last
const sent = {}; // name -> whether Python has what was kept

export default function ({ data: { name, number, text }, setStateValue }) {
  const storage = storageOf();
  if (number > 0) {
    if (written[name] !== number) storage?.setItem(name, text);
    written[name] = number;
  } else if (!sent[name]) {
    sent[name] = true;
    const kept = storage?.getItem(name);
    if (kept) setStateValue("kept", kept);
  }
}

// Some browsers keep nothing, and say so by an error.
function storageOf() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
