package simulator

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/api"
	"github.com/xk6-ollama/xk6-ollama/internal/simulator/wire/openai"
)

// embeddingLength is the number of dimensions of an embedding.
const embeddingLength = 64

func embed(x *exchange) {
	var request api.EmbedRequest
	if !x.decode(&request) {
		return
	}
	if response, ok := x.embed(request); ok {
		x.finishEmbed(response)
	}
}

func v1Embeddings(x *exchange) {
	var request openai.EmbedRequest
	if !x.decode(&request) {
		return
	}
	inputs, isList := request.Input.([]any)
	switch format := request.EncodingFormat; {
	case format != "" && !strings.EqualFold(format, "float") && !strings.EqualFold(format, "base64"):
		x.refuse(fmt.Sprintf("Invalid value for 'encoding_format' = %s. Supported values: ['float', 'base64'].", format))
		return
	case request.Input == nil || isList && len(inputs) == 0:
		x.refuse("invalid input")
		return
	case request.Input == "":
		request.Input = []any{""}
	}
	response, ok := x.embed(api.EmbedRequest{Model: request.Model, Input: request.Input, Dimensions: request.Dimensions})
	if !ok {
		return
	}
	list := openai.EmbeddingList{Object: "list", Model: request.Model}
	for i, vector := range response.Embeddings {
		entry := openai.Embedding{Object: "embedding", Embedding: vector, Index: i}
		if strings.EqualFold(request.EncodingFormat, "base64") {
			entry.Embedding = openai.Base64(vector)
		}
		list.Data = append(list.Data, entry)
	}
	list.Usage.PromptTokens, list.Usage.TotalTokens = response.PromptEvalCount, response.PromptEvalCount
	x.finishEmbed(list)
}

func embeddings(x *exchange) {
	var request api.EmbeddingRequest
	if !x.decode(&request) {
		return
	}
	x.truth.Model = request.Model
	if !parseName(request.Model).valid() {
		x.fail(http.StatusBadRequest, "model is required")
		return
	}
	response, ok := x.embed(api.EmbedRequest{
		Model: request.Model, Input: request.Prompt, KeepAlive: request.KeepAlive, Options: request.Options,
	})
	if !ok {
		return
	}
	vector := []float64{}
	if len(response.Embeddings) > 0 {
		for _, value := range embedding(request.Prompt) {
			vector = append(vector, float64(value))
		}
	}
	x.finishEmbed(api.EmbeddingResponse{Embedding: vector})
}

// finishEmbed sends an answer, with the fault if there is one.
func (x *exchange) finishEmbed(response any) {
	contentType := typeJSON
	if x.v1 {
		contentType = typeV1JSON
	}
	body := appendJSON(nil, response)
	if x.v1 {
		body = append(body, '\n')
	}
	at := time.Now().Add(x.back)
	switch x.fault.Kind {
	case Reset, Stall:
		if x.fault.breaksOff() {
			x.outcome("fault")
		}
		x.sendHalf(at, contentType, body)
	case BrokenJSON:
		x.outcome("fault")
		x.send(at, http.StatusOK, contentType, body[:len(body)/2])
	case ErrorLine:
		x.outcome("fault")
		x.fail(http.StatusInternalServerError, runnerDied)
	default:
		x.send(at, http.StatusOK, contentType, body)
	}
}

// embed computes embeddings, in a slot and with the time that their prefill takes; false if
// that failed and has been answered.
func (x *exchange) embed(request api.EmbedRequest) (api.EmbedResponse, bool) {
	x.truth.Model = request.Model
	inputs, ok := inputsOf(request.Input)
	if !ok {
		x.fail(http.StatusBadRequest, "invalid input type")
		return api.EmbedResponse{}, false
	}
	model, ok := x.findForEmbed(request.Model)
	if !ok || x.failed(request.Model) {
		return api.EmbedResponse{}, false
	}
	if _, ok := x.options(request.Options); !ok {
		return api.EmbedResponse{}, false
	}
	runner, ok := x.load(model.Model, request.KeepAlive)
	if !ok {
		return api.EmbedResponse{}, false
	}
	defer x.server.scheduler.release(runner)
	response := api.EmbedResponse{Model: request.Model, Embeddings: [][]float32{}}
	if len(inputs) == 0 {
		return response, true
	}
	response.LoadDuration = time.Since(x.arrived)
	for _, input := range inputs {
		response.PromptEvalCount += len(tokenize(input))
		vector := embedding(input)
		if request.Dimensions > 0 && request.Dimensions < len(vector) {
			vector = vector[:request.Dimensions]
		}
		response.Embeddings = append(response.Embeddings, unitLength(vector))
	}
	if !x.prefillEmbed(runner, response) {
		return api.EmbedResponse{}, false
	}
	response.TotalDuration = time.Since(x.arrived)
	x.truth.DoneMS, x.truth.TotalMS = inMS(response.TotalDuration), inMS(response.TotalDuration)
	return response, true
}

// prefillEmbed takes the time of a prefill; false if the client left.
func (x *exchange) prefillEmbed(r *runner, response api.EmbedResponse) bool {
	loaded := x.arrived.Add(response.LoadDuration)
	slot, _, err := r.slots.take(x.r.Context(), nil)
	if err != nil {
		x.outcome("client_gone")
		return false
	}
	defer r.slots.put(slot, nil)
	granted := time.Now()
	prefill := x.server.config.TTFT.draw(x.random)
	if rate := x.server.config.PrefillRate; rate > 0 {
		prefill += time.Duration(float64(response.PromptEvalCount) / rate * float64(time.Second))
	}
	if sleepUntil(x.r.Context(), granted.Add(prefill)) != nil {
		x.outcome("client_gone")
		return false
	}
	x.truth.PromptTokens, x.truth.PlannedPromptEvalMS = response.PromptEvalCount, inMS(prefill)
	x.truth.LoadMS, x.truth.QueueMS = inMS(response.LoadDuration), inMS(granted.Sub(loaded))
	x.truth.PromptEvalMS = inMS(time.Since(granted))
	return true
}

// findForEmbed finds a model with the answers of /api/embed if there is none.
func (x *exchange) findForEmbed(name string) (shelved, bool) {
	if parsed := parseName(name); !parsed.valid() {
		if parsed.model == "" {
			parsed.model = missingPart
		}
		x.fail(http.StatusInternalServerError, unqualified(parsed))
		return shelved{}, false
	}
	model, ok := x.server.shelf.find(name)
	if !ok {
		x.fail(http.StatusNotFound, fmt.Sprintf("model %q not found, try pulling it first", name))
	}
	return model, ok
}

// inputsOf returns the texts of `input`: a text, a list of texts, or nothing.
func inputsOf(input any) ([]string, bool) {
	switch input := input.(type) {
	case nil:
		return nil, true
	case string:
		if input == "" {
			return nil, true
		}
		return []string{input}, true
	case []any:
		texts := make([]string, 0, len(input))
		for _, item := range input {
			text, ok := item.(string)
			if !ok {
				return nil, false
			}
			texts = append(texts, text)
		}
		return texts, true
	}
	return nil, false
}

// embedding returns a vector that the text alone decides.
func embedding(text string) []float32 {
	random := rand.New(rand.NewPCG(promptHash(tokenize(text)), 0)) // #nosec G404 -- no secrets, but repeatable
	vector := make([]float32, embeddingLength)
	for i := range vector {
		vector[i] = float32(random.NormFloat64())
	}
	return vector
}

func unitLength(vector []float32) []float32 {
	var sum float64
	for _, value := range vector {
		sum += float64(value) * float64(value)
	}
	unit := make([]float32, len(vector))
	for i, value := range vector {
		unit[i] = float32(float64(value) / max(math.Sqrt(sum), 1e-12))
	}
	return unit
}
