import { describe, expect, test } from 'vitest'
import { cut, tableLines } from '../../src/cli/table.ts'
import { localText, relativeText, spanText } from '../../src/client/time-text.ts'

describe('texts for people', () => {
  test('columns are as wide as what is seen of their widest cell', () => {
    const green = '\u001B[32mok\u001B[39m'
    const lines = tableLines(
      ['ID', 'STATE', 'WHEN'],
      [
        ['a', green, 'now'],
        ['longer', 'scheduled', ''],
      ],
    )
    expect(lines.slice(1)).toEqual([`a       ${green}         now`, 'longer  scheduled  '])
  })

  test('a styled line is cut by what is seen of it, and its styles end', () => {
    expect(cut('\u001B[32mgreen\u001B[39m and plain', 7)).toBe('\u001B[32mgreen\u001B[39m a')
    expect(cut('\u001B[32mgreen\u001B[39m', 2)).toBe('\u001B[32mgr\u001B[39m')
    expect(cut('short', 10)).toBe('short')
  })

  test('spans have one unit, instants their offset', () => {
    expect([0, 999, 9_940, 60_000, 7_100_000, 86_400_000, 864_000_000].map(spanText)).toEqual([
      '0ms',
      '999ms',
      '9.9s',
      '60s',
      '118m',
      '24h',
      '10d',
    ])
    expect([relativeText(5_000, 0), relativeText(0, 5_000)]).toEqual(['in 5.0s', '5.0s ago'])
    const at = Date.UTC(2027, 0, 1, 9)
    expect(localText(at, 0)).toBe('2027-01-01T09:00:00Z')
    expect(localText(at + 5, 5.5 * 3_600_000)).toBe('2027-01-01T14:30:00.005+05:30')
    expect(localText(at, -3.5 * 3_600_000)).toBe('2027-01-01T05:30:00-03:30')
  })
})
