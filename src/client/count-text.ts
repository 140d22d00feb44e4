/** Numbers of things, for people: `1 job`, `3 retries`. */
export function countText(count: number, noun: string, nouns: string = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`
}
