/** A named row of bits. */
export function Bits({ name, bits, accent = false }: { name: string; bits: Uint8Array; accent?: boolean }) {
  const ones = bits.reduce((sum, bit) => sum + bit, 0);
  return (
    <div class="bits">
      <span>{name}</span>
      <svg viewBox={`0 0 ${bits.length} 1`} role="img" aria-label={`${name}: ${ones} of ${bits.length} bits are 1`}>
        {Array.from(bits, (bit, i) => (
          <rect
            key={i}
            class={bit ? (accent ? "one accent" : "one") : "zero"}
            x={i + 0.06}
            y={0.06}
            width={0.88}
            height={0.88}
          />
        ))}
      </svg>
    </div>
  );
}
