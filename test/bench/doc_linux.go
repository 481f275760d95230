// Command bench measures what this extension costs and how far its clock is off, against
// clients that bound it from below and from the side: a reader that parses nothing, and
// k6's own k6/http. `make bench` runs it; docs/performance.md is written from its output.
//
// The server is in this process, which is pinned to one CPU; the client is a process
// pinned to another. Clients take turns within a run, so that what disturbs the machine
// disturbs all; a figure is the median of the runs, a ratio the median of the ratios
// within a run.
//
// It runs on Linux only: it needs CPU affinity, epoll, and the kernel's stamps of what
// arrives.
package main
