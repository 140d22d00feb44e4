/** `team=a x=1`: labels, for people. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return texts.length === 0 ? 'any labels' : texts.join(' ')
}
