// The stage of a presentation: steps with arrow keys, dots and buttons, titles that are edited in place, and replays.
// Step and titles live in the address, so a reload stays; nothing here asks the server, but for leaving.

const LONG = 8_000; // milliseconds of a whole replay
const SLOWEST = 400; // milliseconds of a frame in one with few epochs
const SCALES = [1, 0.9, 0.8, 0.7]; // of the text above a chart, which has to leave it half of the height
const CHART = 0.52;
const ICONS = {
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  full: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  leave: "M6 6l12 12M18 6L6 18",
};

export default function ({ data, parentElement: place, setTriggerValue }) {
  const stage = (place.reglabStage ??= create(place));
  stage.leave = () => setTriggerValue("leave", true);
  update(stage, JSON.parse(new TextDecoder().decode(data)));
  return () => place.isConnected || close(stage);
}

function create(place) {
  const head = element("header", "reglab-head"), foot = element("footer", "reglab-foot");
  const stage = { place, head, foot, at: -1, frame: 0, timer: null, listening: new AbortController() };
  place.append(head, foot);
  stage.observer = new ResizeObserver(() => fit(stage));
  const { signal } = stage.listening;
  document.addEventListener("keydown", (event) => press(stage, event), { signal });
  window.addEventListener("popstate", () => setTimeout(() => place.isConnected || close(stage), 0), { signal });
  return stage;
}

function close(stage) {
  stage.listening.abort();
  stage.observer.disconnect();
  pause(stage);
  delete document.documentElement.dataset.reglabStep;
}

function update(stage, message) {
  if (stage.message) return; // what is presented stands still: an edited title must not be taken back
  stage.message = message;
  stage.replays = Object.fromEntries(message.replays.map((replay) => [replay.step, replay]));
  drawHead(stage);
  drawFoot(stage);
  const wanted = message.steps.findIndex(({ step }) => step === parameter("step"));
  go(stage, Math.max(wanted, 0));
  watch(stage);
}

// Titles

function drawHead(stage) {
  const { message, head } = stage;
  const title = element("h1"), ramp = element("div", "reglab-ramp");
  title.append(editable(stage, "title", "Title"));
  const subtitle = element("p");
  subtitle.append(editable(stage, "subtitle", "Subtitle"));
  head.replaceChildren(title, ramp, subtitle);
}

// Text that a person can change; what is in the address is never read as markup.
function editable(stage, name, label) {
  const { defaults, longest } = stage.message;
  const text = element("span", "reglab-editable");
  text.textContent = stage.message[name];
  Object.assign(text, { contentEditable: "plaintext-only", spellcheck: false, title: `Click to edit the ${name}.` });
  for (const [key, value] of Object.entries({ role: "textbox", "aria-label": label })) text.setAttribute(key, value);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") (event.preventDefault(), text.blur());
    event.stopPropagation();
  });
  text.addEventListener("input", () => {
    const now = text.textContent.replace(/\s+/g, " ").trim().slice(0, longest);
    keep(name, now === defaults[name] ? "" : now);
    fit(stage);
  });
  text.addEventListener("blur", () => {
    text.textContent = text.textContent.replace(/\s+/g, " ").trim().slice(0, longest) || defaults[name];
    fit(stage);
  });
  return text;
}

// Steps

function drawFoot(stage) {
  const { steps } = stage.message;
  const player = element("div", "reglab-player");
  stage.toggle = button("play", "Play", () => (stage.timer ? pause(stage) : play(stage)));
  stage.slider = Object.assign(document.createElement("input"), { type: "range", min: 0, step: 1 });
  stage.slider.setAttribute("aria-label", "Epoch");
  stage.slider.addEventListener("input", () => (pause(stage), show(stage, Number(stage.slider.value))));
  stage.epoch = element("output");
  player.append(stage.toggle, stage.slider, stage.epoch);
  const way = element("nav");
  way.setAttribute("aria-label", "Steps");
  stage.dots = steps.map(({ label }, number) => dot(`Step ${number + 1} of ${steps.length}: ${label}`, () => go(stage, number)));
  stage.back = button("back", "Previous step", () => go(stage, stage.at - 1));
  stage.forward = button("forward", "Next step", () => go(stage, stage.at + 1));
  way.append(stage.back, ...stage.dots, stage.forward);
  const rest = element("div", "reglab-rest");
  rest.append(button("full", "Full screen", fullScreen), button("leave", "Leave the presentation", () => leave(stage)));
  stage.news = element("div", "reglab-news");
  stage.news.setAttribute("aria-live", "polite");
  stage.foot.replaceChildren(player, way, rest, stage.news);
}

function go(stage, to) {
  const { steps } = stage.message;
  if (to < 0 || to >= steps.length || to === stage.at) return;
  pause(stage);
  stage.at = to;
  const { step, label } = steps[to];
  document.documentElement.dataset.reglabStep = stage.place.dataset.step = step;
  keep("step", to ? step : "");
  stage.dots.forEach((one, number) => one.toggleAttribute("aria-current", number === to) && one.setAttribute("aria-current", "step"));
  stage.back.disabled = to === 0;
  stage.forward.disabled = to === steps.length - 1;
  stage.news.textContent = label;
  fit(stage);
  const replay = stage.replays[step];
  stage.foot.classList.toggle("reglab-plays", Boolean(replay));
  if (replay) rehearse(stage, replay);
}

const MOVES = { ArrowRight: 1, PageDown: 1, ArrowDown: 1, ArrowLeft: -1, PageUp: -1, ArrowUp: -1 };

function press(stage, event) {
  if (!stage.place.isConnected) return close(stage);
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return leave(stage);
  const { target } = event;
  if (target instanceof HTMLInputElement) return; // the arrows move the slider
  const last = stage.message.steps.length - 1;
  const to = { Home: 0, End: last }[event.key] ?? (event.key in MOVES ? stage.at + MOVES[event.key] : null);
  if (to !== null) go(stage, Math.min(Math.max(to, 0), last));
  else if (event.key === " " && replayOf(stage) && !(target instanceof HTMLButtonElement)) stage.toggle.click();
  else return;
  event.preventDefault();
}

function leave(stage) {
  if (document.fullscreenElement) document.exitFullscreen();
  pause(stage);
  stage.leave();
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

// Replays: each frame is the figure that the page drew after an epoch; a steady one is on the axes of the last frame.

function replayOf(stage) {
  return stage.replays[stage.message.steps[stage.at].step];
}

function rehearse(stage, replay) {
  stage.slider.max = replay.frames.length - 1;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const begin = () => {
    if (replayOf(stage) !== replay || !stage.place.isConnected) return;
    const node = nodeOf(replay);
    if (!node?.reglabShow || !node._fullLayout) return requestAnimationFrame(begin);
    replay.ranges ??= replay.steady ? rangesOf(node) : {};
    if (calm) show(stage, replay.frames.length - 1);
    else (show(stage, 0), play(stage));
  };
  begin();
}

function nodeOf({ chart }) {
  return document.querySelector(`[data-reglab-chart="${CSS.escape(chart)}"]`);
}

function rangesOf({ _fullLayout }) {
  const axes = Object.keys(_fullLayout).filter((name) => /^[xy]axis\d*$/.test(name));
  return Object.fromEntries(axes.map((name) => [name, [..._fullLayout[name].range]]));
}

function show(stage, number) {
  const replay = replayOf(stage);
  const { data, layout } = replay.frames[number];
  const fixed = Object.entries(replay.ranges).map(([name, range]) => [name, { ...layout[name], range: [...range] }]);
  stage.frame = number;
  stage.slider.value = number;
  const epoch = `epoch ${replay.epochs[number].toLocaleString("en")}`;
  stage.epoch.textContent = epoch;
  stage.slider.setAttribute("aria-valuetext", epoch);
  nodeOf(replay)?.reglabShow({ data, layout: { ...layout, ...Object.fromEntries(fixed) } }, `epoch ${number}`);
}

function play(stage) {
  const replay = replayOf(stage), last = replay.frames.length - 1;
  const pace = Math.min(LONG / replay.frames.length, SLOWEST);
  if (stage.frame >= last) show(stage, 0);
  const next = () => {
    show(stage, stage.frame + 1);
    if (stage.frame >= last) pause(stage);
    else stage.timer = setTimeout(next, pace);
  };
  stage.timer = setTimeout(next, pace);
  look(stage.toggle, "pause", "Pause");
}

function pause(stage) {
  clearTimeout(stage.timer);
  stage.timer = null;
  if (stage.toggle) look(stage.toggle, "play", "Play");
}

// Sizes: the head and the text of a slide take what they need, the chart has the rest.

function watch(stage) {
  const [, ...steps] = stage.message.steps; // the question is the title alone
  const places = steps.map(({ step }) => document.querySelector(`.st-key-present_${step}`));
  if (!stage.place.isConnected) return;
  if (places.some((slide) => !slide)) return requestAnimationFrame(() => watch(stage));
  stage.observer.observe(document.documentElement);
  stage.observer.observe(stage.head);
  for (const slide of places) for (const part of [slide, ...slide.children]) stage.observer.observe(part);
  fit(stage);
}

function fit(stage) {
  const root = document.documentElement;
  const { reglabStep: now } = root.dataset;
  root.dataset.reglabStep = "measured"; // the head is as low as above a chart: charts fit before they are seen
  root.style.setProperty("--reglab-head", `${stage.head.offsetHeight}px`);
  root.dataset.reglabStep = now;
  for (const { step } of stage.message.steps) {
    const slide = document.querySelector(`.st-key-present_${step}`);
    const chart = slide?.querySelector("[data-reglab-chart]");
    if (!chart) continue;
    for (const scale of SCALES) {
      root.style.setProperty(`--reglab-text-${step}`, scale);
      const box = slide.getBoundingClientRect();
      const room = Math.floor(box.bottom - chart.getBoundingClientRect().top);
      root.style.setProperty(`--reglab-chart-${step}`, `${Math.max(room, 120)}px`);
      if (room >= CHART * box.height) break;
    }
  }
}

// Pieces

function keep(name, value) {
  const url = new URL(window.location.href);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  window.history.replaceState(window.history.state, "", url);
}

function parameter(name) {
  return new URLSearchParams(window.location.search).get(name);
}

function element(tag, name = "") {
  return Object.assign(document.createElement(tag), { className: name });
}

function button(icon, label, press) {
  const made = element("button");
  made.type = "button";
  made.addEventListener("click", press);
  look(made, icon, label);
  return made;
}

function dot(label, press) {
  const made = element("button", "reglab-dot");
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.title = label;
  made.addEventListener("click", press);
  return made;
}

function look(made, icon, label) {
  if (made.dataset.icon === icon) return;
  Object.assign(made.dataset, { icon });
  Object.assign(made, { title: label });
  made.setAttribute("aria-label", label);
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  line.setAttribute("d", ICONS[icon]);
  drawing.append(line);
  made.replaceChildren(drawing);
}
