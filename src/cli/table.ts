/** Tables without borders: columns are as wide as their widest cell, the last one as it comes. */
import { stripVTControlCharacters } from 'node:util'
import { styled } from './output.ts'

const GAP = '  '

/** Lines without line ends. `head` names the columns as they are shown; cells may be styled. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => width(row[column] ?? ''))))
  return [styled('dim', line(head, widths)), ...rows.map((row) => line(row, widths))]
}

/** `name  value` lines. */
export function memberLines(members: readonly (readonly [name: string, value: string])[]): string[] {
  const widest = Math.max(0, ...members.map(([name]) => name.length))
  return members.map(([name, value]) => `${styled('dim', name.padEnd(widest))}${GAP}${value}`)
}

export function pad(cell: string, columns: number): string {
  return cell + ' '.repeat(Math.max(0, columns - width(cell)))
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const last = cells.length - 1
  return cells.map((cell, column) => (column === last ? cell : pad(cell, widths[column] ?? 0))).join(GAP)
}

function width(cell: string): number {
  return stripVTControlCharacters(cell).length
}

/** As much of a styled line as fits into so many columns. */
export function cut(line: string, columns: number): string {
  if (width(line) <= columns) return line
  let kept = ''
  let room = columns
  // oxlint-disable-next-line eslint/no-control-regex -- the escape character begins a style
  for (const piece of line.split(/(\u001B\[[0-9;]*m)/)) {
    const isStyle = piece.startsWith('\u001B[')
    kept += isStyle ? piece : piece.slice(0, room)
    if (!isStyle) room = Math.max(0, room - piece.length)
  }
  return kept
}
