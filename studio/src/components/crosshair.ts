/** A crosshair on an image of cells: the pointer and the arrow keys move it, a click or Enter picks its cell. */

export interface Spot {
  readonly row: number;
  readonly column: number;
}

interface Cells {
  readonly rows: number;
  readonly columns: number;
  /** Where the crosshair is; null: nowhere yet. */
  readonly spot: Spot | null;
  readonly label: string;
  /** Whether a tap moves the crosshair, because something beside the image shows what is there. */
  readonly tapMoves: boolean;
  readonly onMove: (spot: Spot | null) => void;
  readonly onPick: (spot: Spot) => void;
}

/** What the canvas of such an image takes. */
export function crosshairProps({ rows, columns, spot, label, tapMoves, onMove, onPick }: Cells) {
  const within = (at: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(at)));
  const spotAt = ({ offsetX, offsetY, currentTarget }: MouseEvent & { currentTarget: HTMLElement }): Spot => ({
    row: within((rows * offsetY) / currentTarget.clientHeight, rows),
    column: within((columns * offsetX) / currentTarget.clientWidth, columns),
  });
  const onKeyDown = (event: KeyboardEvent) => {
    const now = spot ?? { row: 0, column: 0 };
    if (event.key === "Enter" || event.key === " ") onPick(now);
    else {
      const move = KEYS[event.key];
      if (move === undefined) return;
      const [down, right] = move;
      const far = event.shiftKey ? 10 : 1;
      onMove({ row: within(now.row + far * down, rows), column: within(now.column + far * right, columns) });
    }
    event.preventDefault();
  };
  return {
    role: "application",
    "aria-label": `${label}. Arrow keys move, Enter opens.`,
    tabIndex: 0,
    onPointerMove: (event: PointerEvent & { currentTarget: HTMLElement }) => onMove(spotAt(event)),
    onClick: (event: MouseEvent & { currentTarget: HTMLElement }) => {
      const isTap = (event as Partial<PointerEvent>).pointerType === "touch";
      (isTap && tapMoves ? onMove : onPick)(spotAt(event));
    },
    onFocus: () => spot ?? onMove({ row: 0, column: 0 }),
    onKeyDown,
  } as const;
}

/** By key; Home and End reach the first and the last column. */
const KEYS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, Number.NEGATIVE_INFINITY],
  End: [0, Number.POSITIVE_INFINITY],
};
