/** Comma-separated values as RFC 4180 has them: written only, never read. */

/** @param {readonly (readonly string[])[]} rows */
export function toCsv(rows) {
  return rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
}

/** @param {string} text */
function cell(text) {
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}
