// Package crash does to the real binary what a household's machine may suffer,
// and looks at what is left: kills at random moments of all that it does, disks
// that are full, fail or can't be written any more, bits that flip. What a power
// cut leaves of what was not yet synced is package power's.
package crash
