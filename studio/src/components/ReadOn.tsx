import { READINGS } from "../state/reading.ts";

/** A link to the page of the site that explains something. */
export function ReadOn({ about, root }: { readonly about: keyof typeof READINGS; readonly root: string }) {
  const [address, name] = READINGS[about];
  return (
    <a class="read-on" href={`${root}${address}`}>
      Read about {name}
    </a>
  );
}
