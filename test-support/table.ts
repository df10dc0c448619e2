/**
 * Rows of text in columns, two spaces apart: one line a row. The first `leftAligned` columns
 * (default 1) hold names, the others figures, which are right-aligned.
 */
export function alignColumns(rows: readonly (readonly string[])[], leftAligned = 1): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const pad = (cell: string, column: number) =>
    column < leftAligned ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}
