#include "retention/members.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::retention {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_size = std::uint64_t{1} << 60;  // Bytes.
constexpr std::int64_t longest_seconds = std::int64_t{100} * 365 * 24 * 3600;

std::optional<std::int64_t> seconds_of_unit(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 24 * 3600;
        case 'w':
            return 7 * 24 * 3600;
        default:
            return std::nullopt;
    }
}

std::optional<std::string> text_of(Json const& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    return std::nullopt;
}

Path below(Path path, std::string_view step) {
    path.emplace_back(step);
    return path;
}

}  // namespace

Error expected_at(Path at, std::string_view what) {
    return {Errc::config, std::string(what), std::move(at)};
}

Error refused_at(Path at, std::string_view why) {
    return {Errc::unsupported, std::string(why), std::move(at)};
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::int64_t number = 0;
        auto const* const end = text.data() + text.size();
        auto const [stopped, problem] = std::from_chars(text.data(), end, number);
        if (problem != std::errc() || stopped == end || number < 0) return std::nullopt;
        auto const unit = seconds_of_unit(*stopped);
        if (!unit || number > longest_seconds / *unit) return std::nullopt;
        total += number * *unit;
        if (total > longest_seconds) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(stopped - text.data()) + 1);
    }
    return std::chrono::seconds(total);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    static constexpr std::pair<std::string_view, unsigned> units[] = {
        {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    std::uint32_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, number);
    std::string_view const unit(stopped, static_cast<std::size_t>(end - stopped));
    auto const found = std::ranges::find(units, unit, [](auto const& row) { return row.first; });
    if (problem != std::errc() || found == std::end(units) || number > largest_size >> found->second) {
        return std::nullopt;
    }
    return std::uint64_t{number} << found->second;
}

Result<Members> Members::of(Json const& value, Path at, std::string_view what) {
    if (!value.is_object()) return expected_at(std::move(at), what);
    return Members(value, std::move(at));
}

Result<> Members::only(std::initializer_list<std::string_view> names) const {
    for (auto const& [key, value] : object_->items()) {
        if (std::ranges::find(names, key) == names.end()) {
            return expected_at(at(key), fmt::format("one of the keys {}", fmt::join(names, ", ")));
        }
    }
    return {};
}

Json const* Members::find(std::string_view name) const {
    auto const found = object_->find(name);
    return found == object_->end() || found->is_null() ? nullptr : &*found;
}

bool Members::has(std::string_view name) const {
    return find(name) != nullptr;
}

Path Members::at(std::string_view name) const {
    return below(path_, name);
}

Result<std::optional<std::string>> Members::text(std::string_view name) const {
    auto const* const value = find(name);
    if (value == nullptr) return std::optional<std::string>();
    auto text = text_of(*value);
    if (!text || text->empty()) return expected_at(at(name), "a text");
    return text;
}

Result<std::optional<std::size_t>> Members::number(std::string_view name, std::size_t least) const {
    auto const* const value = find(name);
    if (value == nullptr) return std::optional<std::size_t>();
    auto const text = text_of(*value).value_or("");
    std::uint32_t number = 0;
    auto const* const end = text.data() + text.size();
    auto const [stopped, problem] = std::from_chars(text.data(), end, number);
    if (text.empty() || problem != std::errc() || stopped != end || number < least) {
        return expected_at(at(name), fmt::format("a whole number, at least {}", least));
    }
    return std::optional<std::size_t>(number);
}

Result<std::optional<std::chrono::seconds>> Members::duration(std::string_view name) const {
    auto const* const value = find(name);
    if (value == nullptr) return std::optional<std::chrono::seconds>();
    auto const time = parse_duration(text_of(*value).value_or(""));
    if (!time) return expected_at(at(name), "a number and a unit (m, h, d or w), such as 36h, 14d or 2w");
    return time;
}

Result<std::optional<std::uint64_t>> Members::size(std::string_view name) const {
    auto const* const value = find(name);
    if (value == nullptr) return std::optional<std::uint64_t>();
    auto const bytes = parse_size(text_of(*value).value_or(""));
    if (!bytes || *bytes == 0) return expected_at(at(name), "a number of bytes above zero, such as 50GiB");
    return bytes;
}

Result<bool> Members::flag(std::string_view name) const {
    auto const* const value = find(name);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    return expected_at(at(name), "true or false");
}

Result<std::vector<std::string>> Members::texts(std::string_view name) const {
    auto const* const value = find(name);
    if (value == nullptr) return std::vector<std::string>();
    if (!value->is_array()) {
        TRY(auto const one, text(name));
        return std::vector<std::string>(1, one.value_or(""));
    }
    std::vector<std::string> all;
    for (auto const& item : *value) {
        auto text = text_of(item);
        if (!text || text->empty()) {
            return expected_at(below(at(name), std::to_string(all.size())), "a text");
        }
        all.push_back(std::move(*text));
    }
    return all;
}

Result<std::vector<Glob>> Members::globs(std::string_view name, ParsePattern parse) const {
    TRY(auto const all, texts(name));
    bool const listed = has(name) && find(name)->is_array();
    std::vector<Glob> patterns;
    for (auto const& text : all) {
        auto pattern = parse(text);
        if (pattern.has_error()) {
            auto place = listed ? below(at(name), std::to_string(patterns.size())) : at(name);
            return expected_at(std::move(place), pattern.error().message);
        }
        patterns.push_back(std::move(*pattern));
    }
    return patterns;
}

Result<std::vector<Glob>> Members::tag_patterns(std::string_view name) const {
    return globs(name, &Glob::parse_for_tags);
}

Result<std::vector<Glob>> Members::patterns(std::string_view name) const {
    return globs(name, &Glob::parse);
}

}  // namespace ocilot::retention
