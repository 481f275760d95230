package ollama

// SetMostInMemory sets how large a file may be to be handed to k6.
func SetMostInMemory(size int) { mostInMemory = size }
