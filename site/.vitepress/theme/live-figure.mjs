/**
 * A figure of the studio in a page: a picture, until the studio in a frame has the same figure of a chip at work. The frame loads when the
 * reader comes near. Without scripts, or where it fails, the picture stays.
 *
 * Pages write it as a comment above the picture, `<!-- live: stop=a-code -->`, with the parts of the studio's address
 * (docs/studio.md); site/markdown.mjs turns both into this component.
 */
import { useData, withBase } from "vitepress";
import { defineComponent, h, onBeforeUnmount, onMounted, ref, watch } from "vue";

/** How near: a part of the window's height. */
const NEAR = "40%";

export const LiveFigure = defineComponent({
  props: { at: { type: String, required: true }, title: { type: String, required: true } },
  setup(props, { slots }) {
    const figure = ref(null);
    const frame = ref(null);
    const isNear = ref(false);
    /** Height that the studio asked for; null until its figure is there. */
    const height = ref(null);
    const hear = ({ source, origin, data }) => {
      if (origin !== location.origin || !frame.value || source !== frame.value.contentWindow) return;
      if (data?.kind === "xpikeformer-studio") height.value = Math.ceil(data.height);
    };
    // The studio follows the system's theme by itself, but not the switch of the site.
    const { isDark } = useData();
    watch([isDark, height], () => {
      const root = frame.value?.contentDocument?.documentElement;
      if (root) root.dataset.theme = isDark.value ? "dark" : "light";
    });
    let observer;
    onMounted(() => {
      addEventListener("message", hear);
      observer = new IntersectionObserver(
        ([entry]) => {
          if (!entry.isIntersecting) return;
          isNear.value = true;
          observer.disconnect();
        },
        { rootMargin: `${NEAR} 0px` },
      );
      observer.observe(figure.value);
    });
    onBeforeUnmount(() => {
      removeEventListener("message", hear);
      observer?.disconnect();
    });
    return () =>
      h("figure", { ref: figure, class: ["live", height.value !== null && "shown"] }, [
        h("div", { class: "still" }, slots.default?.() ?? h("p", props.title)),
        isNear.value &&
          h("iframe", {
            ref: frame,
            title: props.title,
            src: withBase(`/studio/index.html#embed&${props.at}`),
            height: height.value ?? 1,
          }),
        height.value === null &&
          h(
            "figcaption",
            h("a", { href: withBase(`/studio/index.html#${props.at}`), target: "_self" }, "Open in the studio"),
          ),
      ]);
  },
});
