package loadcheck

import (
	"bytes"
	"os"
	"strconv"
)

// machineTime reads the first line of /proc/stat (proc_stat(5)):
//
//	cpu user nice system idle iowait irq softirq steal guest guest_nice
//
// user and nice have those of the guests in them.
func machineTime() ticks {
	file, err := os.Open("/proc/stat")
	if err != nil {
		return ticks{}
	}
	defer file.Close() //nolint:errcheck // only read
	var text [512]byte
	n, _ := file.Read(text[:])
	line, _, _ := bytes.Cut(text[:n], []byte("\n"))
	return parseTicks(line)
}

func parseTicks(line []byte) ticks {
	const steal, idle, iowait = 8, 4, 5
	fields := bytes.Fields(line)
	if len(fields) <= steal || string(fields[0]) != "cpu" {
		return ticks{}
	}
	var t ticks
	for i := 1; i <= steal; i++ {
		value, err := strconv.ParseUint(string(fields[i]), 10, 64)
		if err != nil {
			return ticks{}
		}
		t.total += value
		if i != idle && i != iowait {
			t.busy += value
		}
	}
	return t
}
