#pragma once

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace ocilot::test {

/// The texts in C++ source: neighbouring literals as one, without escapes; comments are passed over.
inline std::set<std::string> literals_of(std::string_view source) {
    std::set<std::string> found;
    std::string text;
    for (std::size_t at = 0; at < source.size(); ++at) {
        if (source.substr(at, 2) == "//") {
            at = source.find('\n', at);
        } else if (source[at] == '"') {
            for (++at; source[at] != '"'; ++at) {
                if (source[at] == '\\') ++at;
                text += source[at];
            }
        } else if (std::isspace(static_cast<unsigned char>(source[at])) == 0 && !text.empty()) {
            found.insert(std::exchange(text, {}));
        }
    }
    return found;
}

/// Statements about rows, or beginnings of ones.
inline bool is_sql(std::string_view text) {
    for (std::string_view const verb : {"SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "}) {
        if (text.starts_with(verb)) return true;
    }
    return false;
}

/// All SQL in the sources of a directory, but for schemas.
inline std::set<std::string> sql_of(std::filesystem::path const& directory) {
    std::set<std::string> found;
    for (auto const& file : std::filesystem::directory_iterator(directory)) {
        if (file.path().extension() != ".cpp" || file.path().stem() == "schema") continue;
        std::ifstream in(file.path());
        std::string const source{std::istreambuf_iterator<char>(in), {}};
        for (auto const& text : literals_of(source)) {
            if (is_sql(text) && text.find("sqlite_schema") == std::string::npos) found.insert(text);
        }
    }
    return found;
}

}  // namespace ocilot::test
