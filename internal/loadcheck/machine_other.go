//go:build !linux

package loadcheck

func machineTime() ticks { return ticks{} }
