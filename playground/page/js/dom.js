/** Builds nodes. Text from outside only ever becomes a text node: nothing here parses markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Element} node
 * @param {string} name
 * @param {any} value
 */
function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on") && typeof value === "function") {
    node.addEventListener(name.slice(2), value);
  } else if (name === "dataset") {
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined && entry !== null) /** @type {HTMLElement} */ (node).dataset[key] = String(entry);
    }
  } else if (name === "value" || name === "checked" || name === "disabled" || name === "tabIndex") {
    /** @type {any} */ (node)[name] = value;
  } else {
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * An HTML element with its properties and children; `null` and `false` children are left out.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) setProperty(node, name, value);
  append(node, children);
  return node;
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children
 * @returns {SVGElement}
 */
export function svg(tag, properties = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) setProperty(node, name, value);
  append(node, children);
  return node;
}

/**
 * @param {Node} node
 * @param {any[]} children
 */
export function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * @param {Element} node
 * @param {...any} children
 */
export function replace(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (!node) throw new Error(`The page has no element #${id}.`);
  return /** @type {T} */ (node);
}

let counter = 0;

/** An id that no other element of the page has. @param {string} prefix */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Whether an address may become a link: nothing but the web and mail, so never a script. @param {string} url */
export function isSafeLink(url) {
  return /^(https?:\/\/|mailto:|tel:|slack:\/\/)/i.test(url);
}

/**
 * A link out of the page, or its plain text when the address may not become one.
 * @param {string} url
 * @param {any} children
 */
export function outsideLink(url, children) {
  if (!isSafeLink(url)) return h("span", {}, children);
  return h("a", { class: "link", href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}
