#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::http {

// Answers are written straight into one text: a document in memory would cost a hot route more than all else.

/// Appends `"name":"value"`; `name` needs no escapes.
void append_member(std::string& out, std::string_view name, std::string_view value);
/// Appends `"name":value`.
void append_member(std::string& out, std::string_view name, std::uint64_t value);
/// Appends `["one","two"]`.
void append_list(std::string& out, std::vector<std::string> const& texts);

}  // namespace ocilot::http
