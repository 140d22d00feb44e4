/** `npm run test:zones`: every minute of ten years in twelve zones. Takes a few minutes; exits 1 on a difference. */
import { FIRST_YEAR, LAST_YEAR, scanMinutes, ZONES } from './minute-scan.ts'

const from = Date.UTC(FIRST_YEAR, 0, 1) / 60_000
const to = Date.UTC(LAST_YEAR + 1, 0, 1) / 60_000
for (const zone of ZONES) {
  const { minutes, fires, differences } = scanMinutes(zone, from, to)
  process.stdout.write(`${zone}: ${minutes} minutes, ${fires} fires, ${differences.length} differences\n`)
  for (const difference of differences) process.stdout.write(`  ${difference}\n`)
  if (differences.length > 0) process.exitCode = 1
}
