#include "meta/annotations_json.h"

#include "base/utf8.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::meta {

namespace {

/// Reads a JSON object of strings, and only whether it is one: lists of referrers are full of them.
class AnnotationsReader {
  public:
    explicit AnnotationsReader(std::string_view text) noexcept : rest_(text) {}

    bool read() noexcept {
        if (!take('{')) return false;
        if (!take('}')) {
            do {
                if (!string() || !take(':') || !string()) return false;
            } while (take(','));
            if (!take('}')) return false;
        }
        skip_space();
        return rest_.empty();
    }

  private:
    void skip_space() noexcept {
        auto const end = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(std::min(end, rest_.size()));
    }
    bool take(char wanted) noexcept {
        skip_space();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool string() noexcept {
        if (!take('"')) return false;
        while (!rest_.empty()) {
            auto const c = rest_.front();
            auto const length = c == '\\' ? escape_length() : utf8_sequence_length(rest_);
            if (length == 0 || static_cast<unsigned char>(c) < 0x20) return false;
            rest_.remove_prefix(length);
            if (c == '"') return true;
        }
        return false;
    }
    /// Of the escape that the rest starts with; 0 if it is none.
    [[nodiscard]] std::size_t escape_length() const noexcept {
        if (rest_.size() < 2) return 0;
        if (rest_[1] != 'u') return std::string_view(R"("\/bfnrt)").find(rest_[1]) < 8 ? 2 : 0;
        auto const digits = rest_.substr(2, 4);
        bool const whole = digits.size() == 4 &&
                           std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; });
        return whole ? 6 : 0;
    }

    std::string_view rest_;
};

}  // namespace

Result<std::string> annotations_to_json(oci::Annotations const& annotations) {
    auto object = nlohmann::json::object();
    for (auto const& [key, value] : annotations) object[key] = value;
    try {
        return object.dump();
    } catch (nlohmann::json::exception const& problem) {
        return Error{Errc::internal, std::string("annotations cannot be stored: ") + problem.what()};
    }
}

SomeAnnotations annotations_within(std::size_t most, oci::Annotations const& annotations, std::string json) {
    if (json.size() <= most) return {.json = std::move(json)};
    constexpr auto replacing = nlohmann::json::error_handler_t::replace;
    SomeAnnotations some{.json = "{"};
    for (auto const& [key, value] : annotations) {
        auto entry = nlohmann::json(key).dump(-1, ' ', false, replacing) + ":" +
                     nlohmann::json(value).dump(-1, ' ', false, replacing);
        if (some.json.size() > 1) entry.insert(0, 1, ',');
        if (some.json.size() + entry.size() + 1 > most) {
            ++some.left_out;
        } else {
            some.json += entry;
        }
    }
    some.json += '}';
    return some;
}

bool is_annotations_json(std::string_view text) noexcept {
    return AnnotationsReader(text).read();
}

}  // namespace ocilot::meta
