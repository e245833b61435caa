// Package story drives the real binary and the real page in headless Chromium through the whole story of a
// household, and then looks for anything readable in what is left on the disk and on the wire. The page's
// side is story.mjs (playwright-core); this side starts, kills and restarts the house when it asks.
package story
