import { useRef } from "preact/hooks";
import { fitted } from "../state/pictures.ts";
import { ownImage } from "../state/studio.ts";
import type { ImageView } from "../workers/chip.ts";

const SIZE = 280;

/** A drawing board: white on black, like the images that the network was trained on. */
export function DrawingBoard({ image }: { image: ImageView }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | null>(null);
  const at = ({ offsetX, offsetY, currentTarget }: PointerEvent & { currentTarget: HTMLElement }) => {
    const scale = SIZE / currentTarget.clientWidth;
    return [offsetX * scale, offsetY * scale] as const;
  };
  const draw = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    if (last.current === null) return;
    const context = canvas.current!.getContext("2d", { willReadFrequently: true })!;
    const [x, y] = at(event);
    context.strokeStyle = "white";
    context.lineWidth = 22;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(...last.current);
    context.lineTo(x, y);
    context.stroke();
    last.current = [x, y];
    ownImage.value = fitted(canvas.current!, image);
  };
  const clear = () => {
    canvas.current!.getContext("2d")!.clearRect(0, 0, SIZE, SIZE);
    ownImage.value = null;
  };
  return (
    <div class="panel">
      <p class="panel-name">draw here</p>
      <canvas
        ref={canvas}
        class="board"
        width={SIZE}
        height={SIZE}
        role="img"
        aria-label="Drawing board: draw with the pointer"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = at(event);
          draw(event);
        }}
        onPointerMove={draw}
        onPointerUp={() => {
          last.current = null;
        }}
        onPointerCancel={() => {
          last.current = null;
        }}
      />
      <button type="button" onClick={clear}>
        Clear
      </button>
    </div>
  );
}
