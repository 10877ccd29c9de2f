/** Quantities with their unit. Inside, SI; at a boundary, one of these types. Reports format; nothing else does. */
export type Joules = number & { readonly unit: "J" };
export type Seconds = number & { readonly unit: "s" };
export type Siemens = number & { readonly unit: "S" };
export type SquareMetres = number & { readonly unit: "m2" };

export const picojoules = (x: number): Joules => (x * 1e-12) as Joules;
export const seconds = (x: number): Seconds => x as Seconds;
export const microsiemens = (x: number): Siemens => (x * 1e-6) as Siemens;
export const squareMicrometres = (x: number): SquareMetres => (x * 1e-12) as SquareMetres;
