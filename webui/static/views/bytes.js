/** Sizes as people say them. */

/** "1.9 MB": decimal, as disks are sold; two digits are enough. @param {number} bytes */
export function bytesText(bytes) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let step = 0;
  while (bytes >= 999.5 && step < units.length - 1) [bytes, step] = [bytes / 1000, step + 1];
  const digits = bytes < 9.95 && step > 0 ? 1 : 0;
  return `${bytes.toLocaleString('en', { maximumFractionDigits: digits })} ${units[step]}`;
}
