/**
 * A document without a browser: the few methods of the DOM with which Observable Plot builds our charts, and their text as SVG. Nothing
 * is parsed, measured or listened to.
 *
 * Names and behaviour are those of the DOM standard (https://dom.spec.whatwg.org), except that attributes are written latest first.
 */

/** A document in which Plot draws. It has less than the type says: what is missing fails as "not a function". */
export function svgDocument(): Document {
  const document = { createElementNS: (_namespace: string, name: string) => new SvgElement(document, name) };
  return Object.assign(document, { documentElement: new SvgElement(document, "svg") }) as unknown as Document;
}

const SVG = "http://www.w3.org/2000/svg";

class SvgText {
  parentNode: SvgElement | null = null;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get outerHTML(): string {
    return this.#text.replace(/[&<>\u00a0]/g, (character) => ENTITIES[character]);
  }
}

class SvgElement {
  parentNode: SvgElement | null = null;
  readonly ownerDocument: object;
  readonly namespaceURI = SVG;
  readonly nodeName: string;
  readonly childNodes: (SvgElement | SvgText)[] = [];
  readonly #attributes = new Map<string, string>();

  constructor(ownerDocument: object, nodeName: string) {
    this.ownerDocument = ownerDocument;
    this.nodeName = nodeName;
  }

  get outerHTML(): string {
    const attributes = Array.from(
      this.#attributes,
      ([name, value]) => ` ${name}="${value.replace(/[&<"]/g, (character) => ENTITIES[character])}"`,
    );
    const start = `<${this.nodeName}${attributes.reverse().join("")}`;
    const inside = this.childNodes.map(({ outerHTML }) => outerHTML).join("");
    return this.childNodes.length === 0 ? `${start} />` : `${start}>${inside}</${this.nodeName}>`;
  }

  set textContent(text: string) {
    this.childNodes.length = 0;
    if (text !== "") this.appendChild(new SvgText(String(text)));
  }

  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }

  /** Links are the only attributes of another namespace; SVG 2 takes them without a prefix. */
  setAttributeNS(_namespace: string, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  append(...children: (SvgElement | SvgText)[]): void {
    for (const child of children) this.appendChild(child);
  }

  appendChild<Child extends SvgElement | SvgText>(child: Child): Child {
    return this.insertBefore(child, null);
  }

  insertBefore<Child extends SvgElement | SvgText>(child: Child, next: SvgElement | SvgText | null): Child {
    child.parentNode?.removeChild(child);
    this.childNodes.splice(next === null ? this.childNodes.length : this.childNodes.indexOf(next), 0, child);
    child.parentNode = this;
    return child;
  }

  removeChild(child: SvgElement | SvgText): void {
    this.childNodes.splice(this.childNodes.indexOf(child), 1);
    child.parentNode = null;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\u00a0": "&#160;",
};
