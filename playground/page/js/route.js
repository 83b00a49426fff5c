/** Who acts and what is open stands in the address, so that a reload, a bookmark or a second tab finds it. */

/** @typedef {{me?: string, place?: string, thread?: string}} Route */

/** @returns {Route} */
export function readRoute() {
  const query = new URLSearchParams(location.hash.slice(1));
  const get = (/** @type {string} */ name) => query.get(name) ?? undefined;
  return { me: get("as"), place: get("in"), thread: get("thread") };
}

/** @param {Route} route @param {boolean} [step] whether "back" leads to where one was */
export function writeRoute({ me, place, thread }, step = true) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ as: me, in: place, thread })) if (value) query.set(name, value);
  const address = `#${query}`;
  if (address === location.hash) return;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
