/** Mean steps of the episodes that succeeded; null where none did. Of all episodes it would be a mean of what fails, and when. */
export function stepsToSuccess(
  episodes: readonly { readonly success: boolean; readonly steps: number }[],
): number | null {
  const steps = episodes.flatMap((e) => (e.success ? [e.steps] : []));
  return steps.length === 0 ? null : steps.reduce((sum, n) => sum + n, 0) / steps.length;
}
