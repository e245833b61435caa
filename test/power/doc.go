// Package power cuts the power in every way that a disk allows, and looks what
// is left. The real program runs under strace, which tells every write, every
// change of a name and every sync with all their bytes. From that, the states in
// which the disk may be are built: for each sync the moment just before it is
// over, since all that came before it is then as open as it will ever be. Each
// state is opened by the real store in a process of its own, read, written to
// and checked to the last page, and compared with what had been acknowledged
// before that moment, which the trace shows, too: an answer is a write to a
// socket or to the standard output.
//
// # What a power cut may leave
//
// A change is the bytes of one write, a length, or the names that one call has
// altered. Those that a sync has made sure are there: of bytes and length a
// sync of the file (fsync, or fdatasync, which writes the length as well where
// reading needs it), of names a sync of the folder that they are in, or that
// they were moved to; either must have begun after the change had ended. All
// others may be there or not, in any mixture:
//
//   - each change is kept or lost for itself, whatever came before it; changes
//     of one place keep their order;
//   - a write may be torn: some of its sectors of 512 bytes are kept;
//   - names that one call alters (a rename, an exchange) are all kept or all lost;
//   - a file that grew may show zeros, or what lay on the disk before, where its
//     bytes were lost;
//   - a file's own sync does not keep its name, a folder's does not keep the
//     folder's, and sync_file_range and close keep nothing.
//
// That is weaker than ext4 with data=ordered, where names reach the disk in the
// order of the calls, and a sync of one folder brings those of all others: its
// states are among these (all beginnings of the changes are built first). It is
// what ALICE ("All File Systems Are Not Created Equal", OSDI 2014) calls a file
// system that orders nothing. Not among them are disks that lie about a sync,
// and bytes that change while nobody writes them: damage has tests of its own.
//
// Where there are more states than time, they are drawn by a seed that is
// printed: LATCHKEY_POWER_SEED repeats a run over the same history, and
// LATCHKEY_POWER_STATES says how many of each history are judged.
package power
