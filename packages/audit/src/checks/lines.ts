/**
 * SQL: whether a column holds order lines, as the database itself asks of what is written (`…_lines_check`). Asked again
 * here, since rows may be older than that, or were written past it. Beside it, a quantity that is written `1.0` is a
 * whole number, and still not one that statements can read as such.
 */
export const areLines = (column: string): string => `
  CASE WHEN jsonb_typeof(${column}) = 'array' THEN
    jsonb_array_length(${column}) BETWEEN 1 AND 100
    AND (${column} @? '$[*] ? (!(@.itemId.type() == "string" && @.quantity.type() == "number"
      && @.quantity >= 1 && @.quantity <= 100000000 && @.quantity.floor() == @.quantity))') IS FALSE
    AND (${column} @? '$[*].type() ? (@ != "object")') IS FALSE
    AND (${column}::text NOT LIKE '%.%' OR ${column}::text !~ '"quantity": \\d+[.]')
  ELSE false END`;

/** SQL: lines that can be computed with: those of a column, or none where it does not hold lines. */
export const linesOrNone = (column: string): string =>
  `CASE WHEN ${areLines(column)} THEN ${column} ELSE '[]'::jsonb END`;
