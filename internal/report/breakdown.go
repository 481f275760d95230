package report

// Breakdown is where the time of a mean request went, in ms: parts that add up to Duration. It
// is of the successful requests of which all parts are known and make up the whole; Requests
// says how many those are.
type Breakdown struct {
	Requests int     `json:"requests"`
	Duration float64 `json:"duration"`
	Network  float64 `json:"network"`     // what the client waited longer than the server says it took
	Queue    float64 `json:"queue"`       // for a slot of the server, and overhead
	Load     float64 `json:"load"`        // of the model
	Prefill  float64 `json:"prompt_eval"` // reading the prompt
	Decode   float64 `json:"eval"`        // writing the answer
}

// breakdownOf is nil if there is no request of which all parts are known.
func breakdownOf(requests []Request) *Breakdown {
	var b Breakdown
	parts := [...]struct {
		metric Metric
		mean   *float64
	}{
		{Duration, &b.Duration},
		{Network, &b.Network},
		{Queue, &b.Queue},
		{Load, &b.Load},
		{PromptEval, &b.Prefill},
		{Eval, &b.Decode},
	}
	for i := range requests {
		r := &requests[i]
		var values [len(parts)]float64
		whole := r.measured()
		for n := range parts {
			value, known := r.Value(parts[n].metric)
			values[n], whole = value, whole && known
		}
		if !whole || !addUp(&values[0], &values[1], &values[2], &values[3], &values[4], &values[5]) {
			continue
		}
		b.Requests++
		for n := range parts {
			*parts[n].mean += (values[n] - *parts[n].mean) / float64(b.Requests)
		}
	}
	if b.Requests == 0 {
		return nil
	}
	return &b
}
