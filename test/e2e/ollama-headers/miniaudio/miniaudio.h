/*
 * Stands in for miniaudio (https://miniaud.io), the one header that Ollama's llama.cpp (tools/mtmd/mtmd-helper.cpp)
 * includes and its Go module leaves out. Nothing here reads audio, so every call fails.
 */
#pragma once
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

typedef int ma_result;
typedef std::uint64_t ma_uint64;
enum { MA_SUCCESS = 0, MA_ERROR = -1, ma_format_f32 = 5 };
struct ma_decoder_config {};
struct ma_decoder {};

static inline ma_decoder_config ma_decoder_config_init(int, int, int) { return {}; }
static inline ma_result ma_decoder_init_memory(const void *, size_t, const ma_decoder_config *, ma_decoder *) { return MA_ERROR; }
static inline ma_result ma_decoder_get_length_in_pcm_frames(ma_decoder *, ma_uint64 *) { return MA_ERROR; }
static inline ma_result ma_decoder_read_pcm_frames(ma_decoder *, void *, ma_uint64, ma_uint64 *) { return MA_ERROR; }
static inline ma_result ma_decoder_uninit(ma_decoder *) { return MA_SUCCESS; }
