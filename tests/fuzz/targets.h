#pragma once

#include <string_view>

namespace ocilot::fuzz {

// One function a parser, each in the file of its name, with its corpus in corpus/<name>/. Each gives the
// input to the parser and aborts if a promise is broken.
void chunks(std::string_view input);
void conditions(std::string_view input);
void content_range(std::string_view input);
void digest(std::string_view input);
void hash_state(std::string_view input);
void head(std::string_view input);
void http_response(std::string_view input);
void http_url(std::string_view input);
void jwt(std::string_view input);
void manifest(std::string_view input);
void media_type(std::string_view input);
void name(std::string_view input);
void no_proxy(std::string_view input);
void page(std::string_view input);
void range(std::string_view input);
void reference(std::string_view input);
void resource(std::string_view input);
void route(std::string_view input);
void target(std::string_view input);
void upload_seal(std::string_view input);
void url(std::string_view input);
void uuid(std::string_view input);

}  // namespace ocilot::fuzz
