import { siteRoot } from "../state/reading.ts";

/** A link to the page of the site that explains something; nothing where there is no site. */
export function ReadOn({ reading: [address, name] }: { readonly reading: readonly [address: string, name: string] }) {
  const root = siteRoot();
  if (root === null) return null;
  return (
    <>
      {" "}
      <a class="read-on" href={`${root}${address}`}>
        Read about {name}
      </a>
    </>
  );
}
