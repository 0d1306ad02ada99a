// Ends the sign-in of this browser, then goes where the server says: to the provider, which sends people back, or home.

export default function ({ data, parentElement: place }) {
  fetch(data.address, { method: "POST" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(({ next }) => window.location.assign(next))
    .catch(() => (place.textContent = "You are still signed in: the server did not answer. Try again."));
}
