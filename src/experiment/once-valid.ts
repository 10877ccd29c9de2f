/**
 * Option for a check across fields: it runs only when every field is right by itself, so that one mistake is told once.
 *
 *   schema.refine((model) => model.width % model.heads === 0, { ...onceValid, path: ["heads"], error: ... })
 */
export const onceValid = {
  when: (payload: { readonly issues: readonly unknown[] }): boolean => payload.issues.length === 0,
};
