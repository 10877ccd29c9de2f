import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { fail } from "../state/studio.ts";

/** A component that is loaded when it is first shown, so that the page opens without it. */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile: ComponentChildren = <p class="waiting">Loading this panel …</p>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded !== null) return;
      load().then((Component) => {
        loaded = Component;
        redraw(1);
      }, fail);
    }, []);
    const Loaded = loaded;
    return Loaded ? <Loaded {...props} /> : meanwhile;
  };
}
