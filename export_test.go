package ollama

// SetMostInMemory sets how large a file may be to be handed to k6.
func SetMostInMemory(size int) { mostInMemory = size }

// The readers of JSON, of which the second is the script's own.
var ParseJSON, CallJSONParse = parseJSON, callJSONParse
