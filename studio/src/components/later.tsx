import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Failure, failureOf } from "../workers/calls.ts";
import { Failed } from "./Notice.tsx";

/** A component that is loaded when it is first shown, so that the page opens without it. An error stands in its place. */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  meanwhile: ComponentChildren = <p class="waiting">Loading this panel …</p>,
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Later(props: Props) {
    const [failure, fail] = useState<Failure | null>(null);
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (Component) => {
          loaded = Component;
          redraw(1);
        },
        (error) => fail(failureOf(error)),
      );
    }, []);
    const Loaded = loaded;
    if (failure) return <Failed failure={failure} />;
    return Loaded ? <Loaded {...props} /> : meanwhile;
  };
}
