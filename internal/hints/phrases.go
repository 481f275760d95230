package hints

import "github.com/xk6-ollama/xk6-ollama/internal/api"

var english = phrases{
	situations: map[situation]string{
		situation(api.InvalidRequest): "The server refused the request: check the options and the body " +
			"that the script sends.",
		plainToSecure:                "This port speaks HTTPS: write https:// in the address.",
		situation(api.ModelNotFound): "Download the model: `{env}ollama pull {model}`.",
		situation(api.Unauthorized): "The server asks who you are: put its key into OLLAMA_API_KEY, " +
			"or a name and password into the address; in a script set apiKey or headers on the client.",
		forbidden: "The server forbids this client: allow its origin with OLLAMA_ORIGINS on the server, " +
			"and reach the server under a host name that it or its proxy accepts.",
		situation(api.Overloaded): "The server has no room for more requests: use fewer VUs or a lower rate, " +
			"or raise OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE on the server.",
		situation(api.HTTP4xx): "The server or a proxy before it refused the request: check the address " +
			"{address} and the headers.",
		notThere: "No Ollama API at {address}: check host, port and path; " +
			"`curl {address}/api/version` answers where there is one.",
		situation(api.HTTP5xx): "The server failed: its log says why (`journalctl -u ollama`); " +
			"a model that does not fit into memory is a common cause.",
		badGateway: "The proxy at {address} can't reach its Ollama: check that `ollama serve` runs behind it, " +
			"and the proxy's timeouts.",
		situation(api.DNS): "The name {host} does not resolve: check its spelling, DNS and VPN (`nslookup {host}`).",
		connectLocal: "Is Ollama running on this machine? Check with `ps aux | grep ollama`; " +
			"start it with `{env}ollama serve`.",
		situation(api.Connect): "Check host and port, the network and the firewall: `nc -zv {host} {port}`. " +
			"On the server, Ollama must listen on the network: `OLLAMA_HOST=0.0.0.0 ollama serve`.",
		situation(api.TLS): "TLS with {host}:{port} failed: Ollama itself speaks plain http://, so use " +
			"https:// only with a proxy that does TLS; to take a certificate that can't be verified, such as a " +
			"self-signed one, give k6 --insecure-skip-tls-verify (bench: after --; a script: insecureSkipTLSVerify).",
		situation(api.Reset): "The connection to {host}:{port} broke: look whether the server restarted " +
			"or ran out of memory " +
			"(`journalctl -u ollama`), and whether a proxy between cuts long connections.",
		situation(api.TimeoutConnect): "No connection to {host}:{port} in time: check host, port and firewall " +
			"(`nc -zv {host} {port}`), or raise timeout.connect.",
		situation(api.TimeoutFirstToken): "The first token took too long: warm the model up first " +
			"(WARMUP), shorten the prompt " +
			"or lower the load, or raise timeout.firstToken.",
		situation(api.TimeoutIdle): "The stream paused for too long: the server may be overloaded; lower " +
			"the load, or raise timeout.idle.",
		situation(api.TimeoutTotal): "The answer took too long: ask for fewer tokens (NUM_PREDICT), or " +
			"allow more time (TIMEOUT; in a script timeout.total).",
		situation(api.ServerError): "Ollama gave up on the answer: its log says why (`journalctl -u ollama`, " +
			"or the terminal of `ollama serve`).",
		situation(api.Truncated): "The stream ended before the answer did: look whether the server " +
			"crashed (`journalctl -u ollama`), " +
			"and whether a proxy between has a timeout.",
		situation(api.Decode): "What answers at {address} is not Ollama, perhaps a proxy's or login page: " +
			"check the address " +
			"with `curl {address}/api/version`.",
		situation(api.Canceled): "The test stopped before the answer came: allow more time (maxDuration, gracefulStop).",
	},
	noModels:   " The server has no models yet.",
	someModels: " The server has: %s.",
	moreModels: " and %d more",
}

var korean = phrases{
	situations: map[situation]string{
		situation(api.InvalidRequest): "서버가 요청을 거부했습니다: 스크립트가 보내는 옵션과 본문을 확인하세요.",
		plainToSecure:                 "이 포트는 HTTPS를 사용합니다: 주소를 https://로 쓰세요.",
		situation(api.ModelNotFound):  "모델을 다운로드하세요: `{env}ollama pull {model}`.",
		situation(api.Unauthorized): "서버가 인증을 요구합니다: 키를 OLLAMA_API_KEY에 넣거나 주소에 이름과 암호를 쓰세요; " +
			"스크립트에서는 클라이언트에 apiKey 또는 headers를 설정하세요.",
		forbidden: "서버가 이 클라이언트를 허용하지 않습니다: 서버의 OLLAMA_ORIGINS에 출처를 추가하고, " +
			"서버나 프록시가 허용하는 호스트 이름으로 접속하세요.",
		situation(api.Overloaded): "서버가 더 이상 요청을 받지 못합니다: VU 수나 요청 속도를 줄이거나, " +
			"서버의 OLLAMA_NUM_PARALLEL과 OLLAMA_MAX_QUEUE를 늘리세요.",
		situation(api.HTTP4xx): "서버 또는 앞단의 프록시가 요청을 거부했습니다: 주소 {address} 및 헤더를 확인하세요.",
		notThere: "{address}에 Ollama API가 없습니다: 호스트, 포트, 경로를 확인하세요. " +
			"Ollama라면 `curl {address}/api/version`에 응답합니다.",
		situation(api.HTTP5xx): "서버 오류입니다: 서버 로그에서 원인을 확인하세요(`journalctl -u ollama`). " +
			"모델이 메모리에 들어가지 않는 경우가 많습니다.",
		badGateway: "{address}의 프록시가 Ollama에 연결하지 못합니다: 그 뒤에서 `ollama serve`가 실행 중인지, " +
			"프록시의 타임아웃이 충분한지 확인하세요.",
		situation(api.DNS): "호스트 이름 {host}의 주소를 찾을 수 없습니다: 철자, DNS, VPN을 확인하세요(`nslookup {host}`).",
		connectLocal: "이 컴퓨터에서 Ollama가 실행 중인지 확인하세요: `ps aux | grep ollama`. " +
			"시작: `{env}ollama serve`.",
		situation(api.Connect): "호스트와 포트, 네트워크 연결, 방화벽 설정을 확인하세요: `nc -zv {host} {port}`. " +
			"서버의 Ollama는 외부 접속을 받아야 합니다: `OLLAMA_HOST=0.0.0.0 ollama serve`.",
		situation(api.TLS): "{host}:{port}에서 TLS 연결에 실패했습니다: Ollama 자체는 http://만 지원하므로 https://는 TLS 프록시가 " +
			"있을 때만 사용하세요. 자체 서명 인증서처럼 검증할 수 없는 인증서를 허용하려면 k6에 " +
			"--insecure-skip-tls-verify를 주세요(bench에서는 -- 뒤에, 스크립트에서는 insecureSkipTLSVerify).",
		situation(api.Reset): "{host}:{port} 연결이 끊어졌습니다: 서버가 재시작되었거나 메모리가 부족한지(`journalctl -u ollama`), " +
			"중간의 프록시가 긴 연결을 끊는지 확인하세요.",
		situation(api.TimeoutConnect): "제한 시간 안에 {host}:{port}에 연결하지 못했습니다: 호스트, 포트, 방화벽을 확인하거나" +
			"(`nc -zv {host} {port}`) timeout.connect를 늘리세요.",
		situation(api.TimeoutFirstToken): "첫 토큰이 너무 늦습니다: 먼저 모델을 예열하고(WARMUP) 프롬프트나 부하를 줄이거나, " +
			"timeout.firstToken을 늘리세요.",
		situation(api.TimeoutIdle): "스트림이 너무 오래 멈췄습니다: 서버가 과부하일 수 있으니 부하를 줄이거나 timeout.idle을 늘리세요.",
		situation(api.TimeoutTotal): "응답이 너무 오래 걸립니다: 생성할 토큰 수(NUM_PREDICT)를 줄이거나 제한 시간을 늘리세요" +
			"(TIMEOUT, 스크립트에서는 timeout.total).",
		situation(api.ServerError): "Ollama가 응답을 중단했습니다: 서버 로그에서 원인을 확인하세요(`journalctl -u ollama` 또는 " +
			"`ollama serve`를 실행한 터미널).",
		situation(api.Truncated): "응답이 끝나기 전에 스트림이 끊겼습니다: 서버가 중단되었는지(`journalctl -u ollama`), " +
			"중간 프록시의 타임아웃이 짧은지 확인하세요.",
		situation(api.Decode): "{address}에서 응답하는 것은 Ollama가 아닙니다(프록시나 로그인 페이지일 수 있음): " +
			"`curl {address}/api/version`으로 주소를 확인하세요.",
		situation(api.Canceled): "응답이 오기 전에 테스트가 중단되었습니다: 시간을 더 주세요(maxDuration, gracefulStop).",
	},
	noModels:   " 서버에 아직 모델이 없습니다.",
	someModels: " 사용 가능한 모델: %s.",
	moreModels: " 외 %d개",
}
