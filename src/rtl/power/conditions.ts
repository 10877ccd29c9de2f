/**
 * Conditions in liberty files: names, `!` or `'` for not, `*`, `&` or a space for and, `^`, `+` or `|` for or; from the tightest
 * to the loosest.
 */

/** Values of names; a name without one is 0. */
export type Values = Readonly<Record<string, boolean>>;
export type Condition = (values: Values) => boolean;

const TOKEN = /[A-Za-z_][\w[\]]*|[01()!'*&^+|]/g;

/** Throws Error for text that is no condition. */
export function parseCondition(text: string): Condition {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const take = (...wanted: readonly string[]) => {
    if (!wanted.includes(tokens[at])) return false;
    at++;
    return true;
  };
  const primary = (): Condition => {
    if (take("!")) {
      const of = primary();
      return (values) => !of(values);
    }
    let own: Condition;
    if (take("(")) {
      own = either();
      if (!take(")")) throw new Error(`${text} is no condition.`);
    } else {
      const name = tokens[at++];
      if (name === undefined || /^[)*&^+|']$/.test(name)) throw new Error(`${text} is no condition.`);
      own = name === "0" || name === "1" ? () => name === "1" : (values) => values[name] ?? false;
    }
    while (take("'")) {
      const of = own;
      own = (values) => !of(values);
    }
    return own;
  };
  const both = (): Condition => {
    let own = primary();
    while (take("*", "&") || /^[\w(!]/.test(tokens[at] ?? "")) {
      const [left, right] = [own, primary()];
      own = (values) => left(values) && right(values);
    }
    return own;
  };
  const unequal = (): Condition => {
    let own = both();
    while (take("^")) {
      const [left, right] = [own, both()];
      own = (values) => left(values) !== right(values);
    }
    return own;
  };
  const either = (): Condition => {
    let own = unequal();
    while (take("+", "|")) {
      const [left, right] = [own, unequal()];
      own = (values) => left(values) || right(values);
    }
    return own;
  };
  const whole = either();
  if (at < tokens.length) throw new Error(`${text} is no condition.`);
  return whole;
}
