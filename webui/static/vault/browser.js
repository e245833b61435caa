/**
 * What kind of browser this is, by the wire's numbers, and its name for the
 * list of devices. Reads a user agent string; asks nothing else.
 */

/** In this order: most browsers also claim to be Chrome or Safari. @type {readonly [RegExp, number, string][]} */
const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, 12, 'Edge'],
  [/\b(OPR|OPT|OPiOS|Opera)\//, 11, 'Opera'],
  [/\bVivaldi\//, 18, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 10, 'Firefox'],
  [/\bSamsungBrowser\//, 9, 'Samsung Internet'],
  [/\bChromium\//, 9, 'Chromium'],
  [/\b(Chrome|HeadlessChrome|CriOS)\//, 9, 'Chrome'],
  [/\bSafari\//, 17, 'Safari'],
];
const UNKNOWN = 14;

/** @type {readonly [RegExp, string][]} */
const SYSTEMS = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

/** @param {string} userAgent @returns {{type:number, name:string}} */
export function describeBrowser(userAgent) {
  const [, type, browser] = BROWSERS.find(([mark]) => mark.test(userAgent)) ?? [null, UNKNOWN, 'Browser'];
  const system = SYSTEMS.find(([mark]) => mark.test(userAgent))?.[1];
  return { type, name: system ? `${browser} on ${system}` : browser };
}
