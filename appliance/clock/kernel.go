package clock

import (
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// timesyncMark is there once systemd-timesyncd has set the clock since the
// machine started (systemd-timesyncd.service(8)).
const timesyncMark = "/run/systemd/timesync/synchronized"

// kernelSynchronised asks adjtimex(2), which time daemons keep informed. A
// sandbox may refuse the question, since the same call sets the clock; then
// the mark that the usual one of these daemons leaves has to do.
func kernelSynchronised() bool {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		_, err := os.Stat(timesyncMark)
		return err == nil
	}
	return err == nil && state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
}

// askKernelEvery spares a system call, or in a sandbox a look at the disk, for
// each of the many times that the time is asked for.
const askKernelEvery = time.Second

// lately gives ask's answer, which is at most askKernelEvery old.
func lately(ask func() bool) func() bool {
	var mu sync.Mutex
	var asked time.Time
	var answer bool
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		if asked.IsZero() || time.Since(asked) >= askKernelEvery {
			asked, answer = time.Now(), ask()
		}
		return answer
	}
}

// sinceBoot measures what has passed with the time that the machine slept
// (clock_gettime(2), CLOCK_BOOTTIME), for which Go's monotonic time stands
// still; where the kernel does not tell, by that.
func sinceBoot() func() time.Duration {
	started := time.Now()
	return func() time.Duration {
		var t unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
			return time.Since(started)
		}
		return time.Duration(t.Nano())
	}
}
